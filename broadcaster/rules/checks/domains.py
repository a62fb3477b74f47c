"""Ends of host names that make a link of words without a scheme, and hosts that hide where they lead."""

from __future__ import annotations

_COUNTRY = """
    ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca cc cd cf
    cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr ga gb gd ge gf
    gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki km
    kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz
    na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg
    sh si sj sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va
    vc ve vg vi vn vu wf ws ye yt za zm zw
"""
COUNTRY = frozenset(_COUNTRY.split())
"""ISO 3166-1 codes in use as top-level domains."""

_GENERIC = """
    com net org info biz name pro mobi edu gov mil int aero coop museum jobs tel travel arpa app dev page site online
    shop store blog cloud club xyz top icu live news link click work tokyo osaka kyoto nagoya yokohama okinawa ryukyu
    moe how goog google web world email zone today space fun vip win bid loan men party review trade date stream
    download racing science accountant faith cricket help support services agency network digital tech systems
"""
GENERIC = frozenset(_GENERIC.split())
"""The generic ones that residents meet, and those that senders of unwanted mail like."""

CYRILLIC_OR_GREEK = frozenset(
    ("рф", "рус", "бел", "укр", "срб", "мкд", "мон", "бг", "ею", "қаз", "ελ", "ευ", "онлайн", "сайт")
)
"""Those that are written in these letters and are the ends of real addresses."""

_SHORTENERS = """
    bit.ly bitly.com j.mp t.co tinyurl.com goo.gl ow.ly is.gd v.gd buff.ly rebrand.ly cutt.ly t.ly rb.gy shorturl.at
    x.gd lin.ee onl.tw onl.la onl.sc urx.nu ux.nu p.tl dlvr.it amzn.to tiny.cc s.id qr.ae kutt.it 00m.in
"""
SHORTENERS = frozenset(_SHORTENERS.split())
