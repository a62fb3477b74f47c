"""Which code points make one emoji (Unicode Technical Standard 51, Emoji 12.1), as one linear pattern.

A base with its variation selector or skin tone, a flag, a keycap, a subdivision flag, and the joined sequences: people
with a profession, a gender or hair, couples, families, and four single ones. Younger sequences are counted piece by
piece as twitter-text v3 does, which is never too little.
"""

from __future__ import annotations

import re

from channels._tlds import COUNTRY


def _ranges(text: str) -> str:
    """Return a character class of hexadecimal code points and ranges."""
    parts = (part.partition("-") for part in text.split())
    return "[" + "".join(rf"\U{low:0>8}" + (rf"-\U{high:0>8}" if high else "") for low, _, high in parts) + "]"


FLAGS = sorted(
    {code for code in COUNTRY if len(code) == len("jp") and code.isascii()} - {"an", "su", "tp", "uk"}
    | {"cp", "dg", "ea", "ic", "ta", "un", "xk"}
)
"""Codes with a flag: those of countries in use, some islands, the United Nations and Kosovo."""

_SINGLE = _ranges(
    """
    A9 AE 203C 2049 2122 2139 2194-2199 21A9-21AA 231A-231B 2328 23CF 23E9-23F3 23F8-23FA 24C2 25AA-25AB 25B6 25C0
    25FB-25FE 2600-2604 260E 2611 2614-2615 2618 261D 2620 2622-2623 2626 262A 262E-262F 2638-263A 2640 2642 2648-2653
    265F-2660 2663 2665-2666 2668 267B 267E-267F 2692-2697 2699 269B-269C 26A0-26A1 26A7 26AA-26AB 26B0-26B1 26BD-26BE
    26C4-26C5 26C8 26CE-26CF 26D1 26D3-26D4 26E9-26EA 26F0-26F5 26F7-26FA 26FD 2702 2705 2708-270D 270F 2712 2714 2716
    271D 2721 2728 2733-2734 2744 2747 274C 274E 2753-2755 2757 2763-2764 2795-2797 27A1 27B0 27BF 2934-2935 2B05-2B07
    2B1B-2B1C 2B50 2B55 3030 303D 3297 3299 1F004 1F0CF 1F170-1F171 1F17E-1F17F 1F18E 1F191-1F19A 1F201-1F202 1F21A
    1F22F 1F232-1F23A 1F250-1F251 1F300-1F321 1F324-1F393 1F396-1F397 1F399-1F39B 1F39E-1F3F0 1F3F3-1F3F5 1F3F7-1F4FD
    1F4FF-1F53D 1F549-1F54E 1F550-1F567 1F56F-1F570 1F573-1F57A 1F587 1F58A-1F58D 1F590 1F595-1F596 1F5A4-1F5A5 1F5A8
    1F5B1-1F5B2 1F5BC 1F5C2-1F5C4 1F5D1-1F5D3 1F5DC-1F5DE 1F5E1 1F5E3 1F5E8 1F5EF 1F5F3 1F5FA-1F64F 1F680-1F6C5
    1F6CB-1F6D2 1F6D5-1F6D7 1F6DC-1F6E5 1F6E9 1F6EB-1F6EC 1F6F0 1F6F3-1F6FC 1F7E0-1F7EB 1F7F0 1F90C-1F93A 1F93C-1F945
    1F947-1F9FF 1FA70-1FA7C 1FA80-1FA89 1FA8F-1FAC6 1FACE-1FADC 1FADF-1FAE9 1FAF0-1FAF8
    """
)
_TAKES_TONE = _ranges(
    """
    261D 26F9 270A-270D 1F385 1F3C2-1F3C4 1F3C7 1F3CA-1F3CC 1F442-1F443 1F446-1F450 1F466-1F478 1F47C 1F481-1F483
    1F485-1F487 1F4AA 1F574-1F575 1F57A 1F590 1F595-1F596 1F645-1F647 1F64B-1F64F 1F6A3 1F6B4-1F6B6 1F6C0 1F6CC 1F90F
    1F918-1F91C 1F91E-1F91F 1F926 1F930-1F939 1F93D-1F93E 1F9B5-1F9B6 1F9B8-1F9B9 1F9BB 1F9CD-1F9CF 1F9D1-1F9DD
    """
)
_GENDERED = _ranges(
    """
    26F9 1F3C3-1F3C4 1F3CA-1F3CC 1F46E-1F46F 1F471 1F473 1F477 1F481-1F482 1F486-1F487 1F575 1F645-1F647 1F64B
    1F64D-1F64E 1F6A3 1F6B4-1F6B6 1F926 1F937-1F939 1F93C-1F93E 1F9B8-1F9B9 1F9CD-1F9CF 1F9D6-1F9DF
    """
)
_CARRIED = _ranges(
    """
    2695-2696 2708 1F33E 1F373 1F393 1F3A4 1F3A8 1F3EB 1F3ED 1F4BB-1F4BC 1F527 1F52C 1F680 1F692 1F9AF-1F9B3 1F9BC-1F9BD
    """
)
_V, _J = "\ufe0f?", "\u200d"
_TONE = "[\U0001f3fb-\U0001f3ff]"
_ADULT, _CHILD = "[\U0001f468\U0001f469]", "[\U0001f466\U0001f467]"
_JOINED = (
    f"{_ADULT}{_TONE}?{_J}{_CARRIED}{_V}",
    f"{_ADULT}{_J}\u2764{_V}{_J}(?:\U0001f48b{_J})?{_ADULT}",
    f"[\U0001f468\U0001f469\U0001f9d1]{_TONE}?{_J}\U0001f91d{_J}[\U0001f468\U0001f469\U0001f9d1]{_TONE}?",
    f"{_ADULT}(?:{_J}{_ADULT})?{_J}{_CHILD}(?:{_J}{_CHILD})?",
    f"{_GENDERED}(?:(?<![\U0001f46f\U0001f93c]){_TONE}|{_V}){_J}[\u2640\u2642]{_V}",
    f"\U0001f3f4{_J}\u2620{_V}",
    f"\U0001f3f3{_V}{_J}\U0001f308",
    f"\U0001f415{_J}\U0001f9ba",
    f"\U0001f441{_V}{_J}\U0001f5e8{_V}",
)
_SUBDIVISIONS = ("gbeng", "gbsct", "gbwls")

EMOJI = re.compile(
    "|".join(
        (
            *_JOINED,
            *("\U0001f3f4" + "".join(chr(0xE0000 + ord(c)) for c in code) + "\U000e007f" for code in _SUBDIVISIONS),
            "|".join("".join(chr(0x1F1A5 + ord(c)) for c in code.upper()) for code in FLAGS),
            f"[#*0-9]{_V}\u20e3",
            f"{_TAKES_TONE}{_TONE}",
            f"(?![\u00a9\u00ae]){_SINGLE}{_V}",
            "[\u00a9\u00ae]\ufe0f",
        )
    )
)
"""Finds each emoji as a whole."""
