"""`preview` and `measure`: what would go out. Neither needs the service, and neither changes anything."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from broadcaster.cli.drafts import draft_of, draft_options
from broadcaster.cli.people import headline
from broadcaster.cli.session import Session, command, say
from broadcaster.cli.tables import channel, mode, serial
from broadcaster.cli.words import problem, words
from broadcaster.errors import Conflict, NotFound, Refused
from broadcaster.model import Problem

_MICRO = 1_000_000


@command("preview")
@draft_options
@click.option("--channel", "only", default="", help=words("help_channel"))
@click.option("--files", "folder", type=click.Path(path_type=Path, file_okay=False), help=words("help_files"))
def preview(session: Session, only: str, folder: Path | None, **draft_from: Any) -> None:
    """Show exactly what would go out."""
    draft = draft_of(session, **draft_from)
    if only:
        draft["channels"] = [only]
    shown = asyncio.run(_preview(session, draft))
    session.exit_code = 2 if any(each["blocking"] for each in shown["problems"]) else 0
    session.show(shown, *lines(shown, whole=bool(only)))
    if folder is not None:
        _write(session, shown, folder)


def _write(session: Session, shown: Any, folder: Path) -> None:
    """Write the files of every channel, to be looked at in a browser; none that is there is replaced."""
    for each in shown["channels"]:
        for name, text in each["files"].items():
            path = folder / each["channel"] / name
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("x", encoding="utf-8", newline="") as file:
                    file.write(text)
            except FileExistsError:
                raise Conflict("backup_exists", file=str(path)) from None
            except OSError as error:
                raise click.FileError(str(path), hint=error.strerror or type(error).__name__) from None
            if name == "index.html" and not session.json:
                say(words("written", file=path))


async def _preview(session: Session, draft: Any) -> Any:
    from broadcaster.bootstrap import previewed  # noqa: PLC0415 - heavy, and only here
    from broadcaster.documents import dump, load  # noqa: PLC0415
    from broadcaster.model import Draft  # noqa: PLC0415

    return dump(await previewed(session.settings(), load(Draft, draft)))


def lines(shown: Any, *, whole: bool) -> Iterator[str]:
    """Yield the preview: problems first, then each channel's bytes. Of files their sizes, with `whole` also those that
    a person reads as they are; `--json` holds every file.
    """
    yield f"{mode(shown['mode'])} {serial(shown['alert'])} {headline(shown['alert'])}"
    if shown["needs_approval"]:
        yield words("needs_approval")
    for each in shown["problems"]:
        yield f"  {'!' if each['blocking'] else '-'} {problem(each)}"
    if shown["previous"]:
        yield words("differences_legend")
    for each in shown["channels"]:
        yield from channel_lines(each, whole=whole)


def channel_lines(each: Any, *, whole: bool) -> Iterator[str]:
    """Yield one channel's bytes, what changed since the version before marked in them; of files as `lines` says."""
    yield f"=== {channel(each['channel'])}{_count(each)}"
    yield from _body(each)
    yield from _files(each) if whole else ()


def _count(each: Any) -> str:
    parts = []
    if each["length"]:
        parts.append(f"{each['length']['length']}/{each['length']['limit']}")
    if each["cost"] and each["cost"]["microusd"]:
        parts.append(f"${each['cost']['microusd'] / _MICRO:.3f}")
    if each["reached"] is not None:
        parts.append(words("reached", count=each["reached"]))
    return f" ({', '.join(parts)})" if parts else ""


def _body(each: Any) -> Iterator[str]:
    before = {text["language"]: text["body"] for text in each["previous"]}
    for text in each["texts"]:
        yield f"--- [{text['language']}]"
        headers = each["headers"].get(text["language"], {"Subject": text["subject"]} if text["subject"] else {})
        yield from (f"{name}: {value}" for name, value in headers.items())
        yield from ("",) if headers else ()
        yield _beside(before.get(text["language"]), text["body"])
    for path, size in each["sizes"].items():
        yield f"  {path} ({words('bytes', count=size)})"


def _beside(before: str | None, now: str) -> str:
    """Return the text, marked where it differs from the one before it; as it is where there was none."""
    if before is None:
        return now
    from broadcaster.papers.marks import marked  # noqa: PLC0415 - only for what follows another

    return marked(before, now)


def _files(each: Any) -> Iterator[str]:
    for path, text in each["files"].items():
        if path.endswith(".txt") and path != "robots.txt":
            yield f"--- {path}"
            yield _beside(each["previous_files"].get(path), text)


def _whole(_context: click.Context, _parameter: click.Parameter, text: str) -> str:
    """Return the text. Raise `Refused` where a terminal of another encoding has made half characters of it."""
    broken = [f"U+{ord(char):04X} ({place})" for place, char in enumerate(text, 1) if "\ud800" <= char <= "\udfff"]
    if broken:
        listed = ", ".join(broken[:5])
        refusal = Problem(code="character_surrogate", place="TEXT", params={"codepoints": listed, "count": len(broken)})
        raise Refused([refusal])
    return text


@command("measure")
@click.argument("channel_name", metavar="CHANNEL")
@click.argument("text", callback=_whole)
def measure(session: Session, channel_name: str, text: str) -> None:
    """Count a text as the channel does."""
    length = asyncio.run(_measure(session, channel_name, text))
    fits = length.length <= length.limit
    document = {"length": length.length, "limit": length.limit, "fits": fits}
    session.exit_code = 0 if fits else 2
    verdict = words("fits" if fits else "fits_not")
    session.show(document, f"{length.length}/{length.limit} {verdict}")


async def _measure(session: Session, name: str, text: str) -> Any:
    from broadcaster import registry  # noqa: PLC0415 - as below
    from broadcaster.bootstrap import channels_of  # noqa: PLC0415 - heavy, and only here
    from broadcaster.ports.channel import Measurer  # noqa: PLC0415

    async with channels_of(session.settings()) as channels:
        found: object = channels.get(name)
        if not isinstance(found, Measurer):
            unconfigured = registry.measurer(name)
            if unconfigured is not None:
                return unconfigured(text)
            raise NotFound("channel_not_measured", channel=name, known=", ".join(channels))
        return found.measure(text)
