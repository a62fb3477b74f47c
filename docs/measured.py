"""What `make bench` measured, as a table of the README. Every figure is told, reached or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks import frame
from benchmarks.frame import shown

WORDS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "durable": {
        "accepted to durable, p99 beyond the commit's": (
            "accepted until on disk, p99, beyond one bare SQLite commit",
            "受付からディスクに書かれるまで（p99、SQLite の単純な書き込み一回を超える分）",
        ),
    },
    "fanout": {
        "all four have it, median, for one of Apprise's": (
            "accepted until four providers have it, median; ours durable, Apprise's not",
            "受付から四つの提供者に届くまで（中央値。当方はディスクに記録、Apprise は記録なし）",
        ),
        "all four have it, p99, for one of Apprise's": ("the same, p99", "同（p99）"),
    },
    "publishing": {
        "page and feeds published, median": (
            "accepted until page and feeds are public, median",
            "受付からページとフィードの公開まで（中央値）",
        ),
    },
    "hanging": {
        "the others' median, for one of it when all is well": (
            "one channel hangs with 10,000 waiting: the others, beside a day when all is well",
            "一つの配信手段が 1 万件を抱えて停止: ほかの配信手段の所要時間（平常時との比）",
        ),
    },
    "queueing": {
        "claim and record, for one of huey's at its best": (
            "taking a delivery and recording its result, with its audit entry",
            "配信の取り出しと結果の記録（監査記録を含む）",
        ),
    },
    "growth": {
        "status answers, with 1,000,000 deliveries": (
            "the board with 1,000,000 deliveries in the store",
            "配信 100 万件での一覧の応答",
        ),
        "memory of the service, with 1,000,000 deliveries": (
            "memory of the service with 1,000,000 deliveries",
            "配信 100 万件での本体のメモリー",
        ),
    },
    "status": {
        "broadcaster status cold, median": (
            "`broadcaster status`, a new process, median",
            "`broadcaster status`（新しいプロセス、中央値）",
        ),
    },
    "desk": {
        "first paint of the desk, median": (
            "`broadcaster tui`, a new process, until its first picture, median",
            "`broadcaster tui`（新しいプロセス）の最初の画面まで（中央値）",
        ),
        "a key on the screen, median": (
            "a key pressed until it is on the screen, 1,000 deliveries on the board, median",
            "キーを押してから画面に出るまで（状況表に配信 1,000 件、中央値）",
        ),
    },
    "mail": {
        "mails, ledger included": (
            "personalised mails on 8 connections, each recipient's result on disk",
            "宛先ごとのメール（8 接続、宛先ごとの結果をディスクに記録）",
        ),
        "asked of a sender of our own": (
            "the same, beside what was set for a sender of our own",
            "同（自前の送信部に課した目標との比較）",
        ),
        "for one of the fastest aiosmtplib loop's": (
            "the same, beside the fastest loop over aiosmtplib, which records nothing",
            "同（何も記録しない aiosmtplib の最速の繰り返しとの比）",
        ),
    },
    "pages": {
        f"{what}, {crowd} connections, for one of nginx's": (
            f"requests for the {what} over {crowd} connections, for each second of one core",
            f"{name}への要求（{crowd} 接続、1 コア 1 秒あたり）",
        )
        for what, name in (("page", "ページ"), ("feed", "フィード"))
        for crowd in ("64", "2,000")
    },
    "flood": {
        "dispatch while 3,000 clients flood the page, p99": (
            "accepted until four providers have it while 3,000 clients flood the page, p99",
            "3,000 台がページに殺到する間の、受付から四つの提供者に届くまで（p99）",
        ),
    },
}
"""By benchmark and figure: what it is, in English and in Japanese. A test holds that none is missing."""
CHARTS: Mapping[str, tuple[str, str, str]] = {
    "fanout": ("bench-fanout.svg", "To four providers, beside Apprise", "四つの提供者まで（Apprise との比較）"),
    "growth": ("bench-growth.svg", "From 10 to 1,000,000", "10 から 100 万まで"),
    "pages": ("bench-pages.svg", "Page and feed requests, beside nginx", "ページとフィードへの要求（nginx との比較）"),
    "mail": ("bench-mail.svg", "10,000 mails, beside aiosmtplib", "1 万通のメール（aiosmtplib との比較）"),
    "queueing": ("bench-queueing.svg", "Queue, beside huey", "キュー（huey との比較）"),
    "flood": ("bench-flood.svg", "Dispatch under a flood of the page", "ページに殺到がある間の配信"),
}
"""By benchmark: its chart in docs/images, and what it shows."""
SHOWN = 2
_HEADS = {
    "en": ("| measured | Broadcaster | beside it | figure | to reach | again with |", "not reached"),
    "ja": ("| 測ったもの | Broadcaster | 比較相手 | 値 | 目標 | 測り直すには |", "未達"),
}
_WHERE = {
    "en": "Each row is of one run, ours and the peer in turns, on {cores} cores under load {load}"
    " (Python {python}, SQLite {sqlite}, {when}).",
    "ja": "各行は比較相手と交互に一回で測ったもの。{cores} コア、負荷 {load}"
    "（Python {python}、SQLite {sqlite}、{when}）。",
}


def table(summary: Mapping[str, Any], language: str) -> str:
    """Return the table of every figure in the summary, with where it was measured."""
    if not summary:
        return {"en": "Not measured yet: `make bench`.", "ja": "未測定: `make bench`"}[language]
    head, _ = _HEADS[language]
    rows = [row for name in WORDS if name in summary for row in _rows(summary[name], language)]
    lines = [head, "|---|--:|--:|--:|--:|---|", *rows, "", _where(summary, language), "", *_charts(summary, language)]
    return "\n".join(lines)


def _charts(summary: Mapping[str, Any], language: str) -> Iterator[str]:
    """The charts that `make bench` drew of what is told: some shown, the others linked."""
    drawn = [(words[language == "ja"], file) for name, (file, *words) in CHARTS.items() if name in summary]
    there = [(words, f"docs/images/{file}") for words, file in drawn if (frame.IMAGES / file).exists()]
    yield from (f"![{words}]({path})\n" for words, path in there[:SHOWN])
    if there[SHOWN:]:
        yield " · ".join(f"[{words}]({path})" for words, path in there[SHOWN:])


def _rows(report: Mapping[str, Any], language: str) -> Iterator[str]:
    series = {each["name"]: each for each in report["series"]}
    again = f"`make bench ONLY={report['name']}`"
    for figure in report["figures"]:
        words = WORDS[report["name"]][figure["name"]][language == "ja"]
        ours, peer = (_told(series.get(figure[of]), figure["at"]) for of in ("ours", "peer"))
        beside = f"{figure['beside']} {peer}".strip() if peer else "–"
        yield f"| {words} | {ours or '–'} | {beside} | {_value(figure, language)} | {_limit(figure)} | {again} |"


def _told(series: Mapping[str, Any] | None, at: str) -> str:
    return "" if series is None else shown(series[at], series["unit"])


def _value(figure: Mapping[str, Any], language: str) -> str:
    value = shown(figure["value"], figure["unit"] or "×")
    return f"**{value}**" if figure["reached"] else f"{value}, {_HEADS[language][1]}"


def _limit(figure: Mapping[str, Any]) -> str:
    return f"{'≥' if figure['at_least'] else '≤'} {shown(figure['limit'], figure['unit'] or '×')}"


def _where(summary: Mapping[str, Any], language: str) -> str:
    machines = [report["machine"] for report in summary.values()]
    loads = sorted(machine["load"][0] for machine in machines)
    newest = max(machines, key=lambda machine: str(machine["when"]))
    load = f"{loads[0]}–{loads[-1]}"
    return _WHERE[language].format(**{**newest, "load": load, "when": newest["when"][:10]})
