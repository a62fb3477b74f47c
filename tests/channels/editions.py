"""Editions to publish: alerts as a city would write them, in three languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from broadcaster.model import (
    Alert,
    Area,
    Category,
    Certainty,
    Edition,
    Ended,
    Ending,
    Geocode,
    Info,
    Kind,
    Mode,
    Reference,
    Severity,
    Status,
    Urgency,
)
from broadcaster.ports.world import City
from tests.channels.kit import NOW, TOKYO

CITY = City(
    name="東大和市",
    name_en="Higashiyamato City",
    sender="bousai@city.example.lg.jp",
    zone=TOKYO,
    public_url="https://city.example.lg.jp/",
    domains=("city.example.lg.jp",),
    contact="防災安全課 042-563-2111",
    fallback="エフエム 80.0 MHz、東京都防災ホームページ https://bousai.example.jp/",
)

_WORDS: Mapping[str, Mapping[str, str]] = {
    "ja": {
        "event": "避難指示（洪水）",
        "headline": "【警戒レベル4 避難指示】芋窪1丁目、蔵敷2丁目 洪水のおそれ 全員避難",
        "instruction": "・対象の地区にいる人は、今すぐ、危険な場所から全員避難してください。\n"
        "・開いている避難所：第三小学校、第五中学校。浸水のおそれのない親戚や知人の家も避難先になります。\n"
        "・川や用水路には近づかないでください。車での避難は、道路の冠水に注意してください。\n"
        "・外への移動が危険なときは、近くの頑丈で高い建物か、自宅の2階以上の部屋へ移ってください。",
        "description": "東大和市です。14時05分、洪水のおそれが高まったため、次の地区に「警戒レベル4 避難指示」を"
        "発令しました。\n"
        "理由：空堀川の水位が氾濫危険水位に達し、いつあふれてもおかしくない状況です。",
        "area": "芋窪1丁目",
    },
    "ja-x-easy": {
        "event": "避難指示（ひなんしじ）",
        "headline": "【レベル4】芋窪（いもくぼ）1丁目 みんな すぐに 逃げて（にげて） ください",
        "instruction": "・ここに いる 人（ひと）は、みんな すぐに 逃げて（にげて） ください。\n"
        "・逃げる（にげる） ところ： 第三小学校（だいさん しょうがっこう）。\n"
        "・川（かわ）の 近く（ちかく）に 行かないで（いかないで） ください。",
        "description": "川（かわ）の 水（みず）が あふれる かもしれません。とても 危ない（あぶない）です。",
        "area": "芋窪（いもくぼ）1丁目",
    },
    "en": {
        "event": "Evacuation Order (flood)",
        "headline": "Level 4, Evacuation Order: flood danger in Imokubo 1-chome. Everyone leave now",
        "instruction": "- Everyone in these areas: leave dangerous places now.\n"
        "- Open shelters: Dai-san Elementary School, Dai-go Junior High School.\n"
        "- Stay away from rivers and canals. If you go by car, do not drive into flooded roads.",
        "description": "The Karabori River has reached the flood danger water level and may overflow at any time.",
        "area": "Imokubo 1-chome",
    },
}


def info(language: str = "ja", **changes: object) -> Info:
    words = _WORDS[language]
    made = Info(
        language=language,
        category=(Category.MET, Category.SAFETY),
        event=words["event"],
        headline=words["headline"],
        description=words["description"],
        instruction=words["instruction"],
        expires=NOW + timedelta(hours=12),
        urgency=Urgency.IMMEDIATE,
        severity=Severity.EXTREME,
        certainty=Certainty.LIKELY,
        web="https://city.example.lg.jp/bousai/",
        contact="防災安全課 042-563-2111",
        areas=(Area(area_desc=words["area"], geocodes=(Geocode(value_name="TOWN", value="13220001"),)),),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def alert(incident: int = 14, version: int = 1, **changes: object) -> Alert:
    """Return an evacuation order; earlier versions are referred to."""
    sent = NOW - timedelta(minutes=30) + timedelta(minutes=10 * version)

    def name(number: int) -> str:
        return f"{CITY.sender}-20261123-{incident}-{number}"

    earlier = tuple(
        Reference(sender=CITY.sender, identifier=name(number), sent=NOW - timedelta(minutes=30 - 10 * number))
        for number in range(1, version)
    )
    made = Alert(
        identifier=name(version),
        sender=CITY.sender,
        sent=sent,
        status=Status.ACTUAL,
        kind=Kind.ALERT if version == 1 else Kind.UPDATE,
        incident=incident,
        version=version,
        infos=(info("ja"), info("ja-x-easy"), info("en")),
        references=earlier,
        level=4,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def ended(one: Alert, why: Ending = Ending.SUPERSEDED, at: datetime | None = None) -> Ended:
    return Ended(alert=one, why=why, at=at or one.sent + timedelta(minutes=10))


def edition(*in_force: Alert, over: tuple[Ended, ...] = (), number: int = 42, mode: Mode = Mode.LIVE) -> Edition:
    return Edition(number=number, issued_at=NOW, mode=mode, in_force=in_force, ended=over)


def busy(mode: Mode = Mode.LIVE) -> Edition:
    """Return a bad night: five alerts of all looks in force, a lifting, an old version, one run out."""
    infos = {
        5: Severity.EXTREME,
        4: Severity.EXTREME,
        3: Severity.SEVERE,
        2: Severity.MODERATE,
        None: Severity.MINOR,
    }
    in_force = []
    for incident, (level, severity) in enumerate(infos.items(), start=14):
        texts = tuple(
            replace(
                info(language),
                severity=severity,
                event={5: "緊急安全確保（土砂災害）", 3: "洪水", 2: "大雨", None: "避難所の開設"}.get(level, one.event)
                if language == "ja"
                else one.event,
                description=f"{one.description} ({incident})",
            )
            for language in ("ja", "ja-x-easy", "en")
            for one in [info(language)]
        )
        in_force.append(alert(incident, 2 if level == 4 else 1, level=level, infos=texts))
    lifted = alert(9, 2, kind=Kind.ALL_CLEAR, infos=tuple(_lifting(one) for one in ("ja", "en")), level=None)
    over = (
        ended(lifted, Ending.CLEARED, lifted.sent),
        ended(alert(15, 1)),
        ended(alert(9, 1)),
        ended(alert(8, 1), Ending.EXPIRED, NOW - timedelta(hours=1)),
    )
    return edition(*in_force, over=over, mode=mode)


def _lifting(language: str) -> Info:
    japanese = language == "ja"
    return replace(
        info(language),
        event="避難指示の解除" if japanese else "Evacuation Order lifted",
        headline="芋窪1丁目の避難指示を解除しました" if japanese else "The Evacuation Order for Imokubo is lifted",
        instruction="帰るときは、周りの安全を確かめてください。" if japanese else "Take care on your way home.",
        description="空堀川の水位が下がりました。" if japanese else "The river has fallen.",
        severity=Severity.MINOR,
    )
