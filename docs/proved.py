"""What `make faults` counted, as tables of the README. Every number is told, ours and the peers'."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_AGAIN = "`make faults`"
_NOT_YET = {"en": "Not counted yet: `make faults`.", "ja": "未実施: `make faults`"}
_LIVES = {
    "en": "| killed with -9, started again | tried | fired | acknowledged | lost | copies | hidden | disorder |",
    "ja": "| kill -9 のたびに再起動 | 試行 | 的中 | 受付 | 失われた | 重複 | うち隠れた重複 | 順序の誤り |",
}
_CUTS = {
    "en": "| the power goes at any write of the store | cuts | acknowledged, looked for | of them lost |",
    "ja": "| 書き込みの途中で停電 | 回数 | 照合した受付済みの記録 | うち失われた |",
}
_PEERS = {
    "en": "| killed once for each message, at a random moment | handed over | lost | copies | of them hidden |",
    "ja": "| 一件ごとに一度、任意の瞬間に kill -9 | 渡した数 | 失われた | 重複 | うち隠れた重複 |",
}
_TABLES: Mapping[str, tuple[Mapping[str, str], Sequence[str]]] = {
    "kills": (_LIVES, ("tried", "fired", "told", "lost", "copies", "unflagged", "disorder")),
    "cuts": (_CUTS, ("cuts", "looked_for", "lost")),
    "peers": (_PEERS, ("handed", "lost", "copies", "unflagged")),
}
"""Each table: its head by language, and which of the counted numbers it tells."""
_NAMES: Mapping[str, str] = {
    "named moments": "名前のついた瞬間",
    "random system calls": "任意のシステムコール",
    "random moments": "任意の瞬間",
    "together": "合計",
    "as it runs": "通常の運転",
    "with a checkpoint every 30 pages": "30 ページごとにチェックポイント",
    "control: a store that does not sync each commit": "対照: 書き込みごとに同期しない場合",
}
"""What the loop calls its rows -> in Japanese. A peer's name is its own."""
_WHERE = {
    "en": "{again} does it again and prints the same tables. Seeds {seeds}; {when}.",
    "ja": "{again} で同じ表をもう一度作れます（乱数の種 {seeds}、{when}）。",
}


def tables(counted: Mapping[str, Any], language: str) -> str:
    """Return every table that was counted, and how to count again."""
    made = [
        line
        for name, (heads, keys) in _TABLES.items()
        if name in counted
        for line in _table(counted[name]["rows"], heads[language], keys, language)
    ]
    return "\n".join([*made, _where(counted, language)]) if made else _NOT_YET[language]


def _table(rows: Sequence[Any], head: str, keys: Sequence[str], language: str) -> Iterator[str]:
    yield head
    yield "|---|" + "--:|" * len(keys)
    for row in rows:
        what = _NAMES.get(row["what"], row["what"]) if language == "ja" else row["what"]
        yield "| " + " | ".join([what, *(_shown(key, row[key]) for key in keys)]) + " |"
    yield ""


def _shown(key: str, value: int) -> str:
    return f"**{value}**" if key in ("lost", "unflagged", "disorder") else f"{value:,}"


def _where(counted: Mapping[str, Any], language: str) -> str:
    runs = list(counted.values())
    seeds = ", ".join(dict.fromkeys(str(run["seed"]) for run in runs))
    newest = max(str(run["machine"]["when"]) for run in runs)[:10]
    return _WHERE[language].format(again=_AGAIN, seeds=seeds, when=newest)
