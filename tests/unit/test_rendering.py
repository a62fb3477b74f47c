"""Templates: what they may say, what stops them, and times in the city's zone."""

import contextlib
import time
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadcaster import catalog
from broadcaster.errors import RenderingError
from broadcaster.rendering import Bounds, Templates, templates_dir
from tests.unit.drafts import INFO

ZONE = ZoneInfo("Asia/Tokyo")
NOW = datetime(2026, 11, 23, 5, 5, tzinfo=UTC)
TEMPLATES = Templates(ZONE)


def said(source: str, **values: object) -> str:
    return TEMPLATES.render_text(source, {"now": NOW, **values})


def code(source: str, **values: object) -> str:
    with pytest.raises(RenderingError) as caught:
        said(source, **values)
    for language in catalog.LANGUAGES:
        assert catalog.say(caught.value.code, language, **caught.value.params)
    return caught.value.code


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ now|hm }}", "14:05"),
        ("{{ now|moment }}", "11月23日14時05分"),
        ("{{ now|moment('ja-x-easy') }}", "11月23日 14時05分"),
        ("{{ now|moment('en') }}", "14:05 on 23 November"),
        ("{{ now|moment('zh-Hans') }}", "11月23日14时05分"),
        ("{{ now|moment('ko') }}", "11월 23일 14시 05분"),
        ("{{ now|moment('pt-BR') }}", "2026-11-23 14:05"),
        ("{{ now|day }}", "11月23日"),
        ("{{ now|day('en') }}", "23 November"),
        ("{{ now|iso }}", "2026-11-23T14:05:00+09:00"),
    ],
)
def test_times_are_told_in_the_city_s_zone(source: str, text: str) -> None:
    assert said(source) == text


def test_a_summer_time_zone_is_kept_to() -> None:
    templates = Templates(ZoneInfo("Europe/London"))
    july = datetime(2026, 7, 1, 13, 5, tzinfo=UTC)
    assert templates.render_text("{{ a|hm }} {{ b|hm }}", {"a": july, "b": NOW}) == "14:05 05:05"


def test_lists_are_joined_and_words_replaced() -> None:
    assert said("{{ x|join('、') }} {{ 'a-b'|replace('-', '+') }}", x=["芋窪", "蔵敷"]) == "芋窪、蔵敷 a+b"
    assert said("{{ infos|join(',', attribute='language') }}", infos=[INFO, INFO]) == "ja,ja"


def test_plain_text_is_not_escaped_and_values_are_reached() -> None:
    assert said("{{ info.headline }}<{{ info.areas[0].area_desc }}>", info=INFO) == f"{INFO.headline}<芋窪1丁目>"


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.html.j2", "&lt;b&gt;"), ("a.xml.j2", "&lt;b&gt;"), ("a.txt.j2", "<b>"), ("a.html", "&lt;b&gt;")],
)
@pytest.mark.fault(97)
def test_html_and_xml_escape_by_themselves(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text("{{ x }}", encoding="utf-8")
    assert Templates(ZONE, tmp_path).render(name, {"x": "<b>"}) == text


@pytest.mark.parametrize("name", ["none.txt", "../pyproject.toml", "/etc/passwd", ""])
def test_templates_that_are_not_there(name: str) -> None:
    with pytest.raises(RenderingError) as caught:
        TEMPLATES.render(name, {})
    assert caught.value.code == "template_missing"


@pytest.mark.parametrize(
    "source", ["{{ missing }}", "{{ now.missing }}", "{{ missing.x }}", "{% if missing %}{% endif %}"]
)
@pytest.mark.fault(90)
def test_what_is_not_there_is_never_an_empty_string(source: str) -> None:
    assert code(source) == "template_undefined"


@pytest.mark.parametrize("source", ["{% if", "{{ }}", "{% for %}", "{{ 'a'|nofilter }}"])
@pytest.mark.fault(91)
def test_what_is_no_template(source: str) -> None:
    assert code(source) == "template_syntax"


@pytest.mark.parametrize(
    "source",
    [
        "{{ none }}",
        "{{ now }}",
        "{{ ''.__class__ }}",
        "{{ ''|attr('__class__') }}",
        "{{ now.__init__.__globals__ }}",
        "{{ '{0.__class__}'.format(1) }}",
        "{{ '{:>999999999}'.format(1) }}",
        "{{ x.append(1) }}",
        "{{ y.update(a=1) }}",
        "{{ 1 / 0 }}",
        "{{ 'a'.center(999999999) }}",
        "{{ '%999999999d' % 1 }}",
        "{{ 9 ** 9 ** 9 ** 9 }}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
    ],
)
@pytest.mark.fault(91)
def test_what_a_template_may_not_do(source: str) -> None:
    assert code(source, x=[1], y={}) == "template_failed"


@pytest.mark.parametrize(
    "source",
    [
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}x{% endfor %}",
        "{% for a in range(99999) if range(99999)|sum < 0 %}{% endfor %}",
        "{% macro f(n) %}{% if n %}{{ f(n-1) }}{{ f(n-1) }}{% endif %}{% endmacro %}{{ f(40) }}",
        "{% for a in range(99999) %}{{ range(99999)|map('string')|map('upper')|list|length }}{% endfor %}",
        "{% set f = range(99999)|list %}{% for a in f %}{% set g = range(60000)|sort|sort|sort %}{% endfor %}",
    ],
)
@pytest.mark.fault(91)
def test_what_never_ends_is_stopped(source: str) -> None:
    begun = time.thread_time()
    assert code(source) in ("template_time", "template_size")
    assert time.thread_time() - begun < 1


@pytest.mark.parametrize(
    "source",
    [
        "{{ 'a' * 999999999 }}",
        "{{ 999999999 * 'a' }}",
        "{{ [1] * 999999999 }}",
        "{% for a in range(99999) %}aaaaaaaaaa{% endfor %}",
        "{% set ns = namespace(x='a' * 9) %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
        "{% set ns = namespace(x='a' * 9) %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
        "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
        "{% set ns = namespace(x=7) %}{% for i in range(60) %}{% set ns.x = ns.x * ns.x %}{% endfor %}",
        "{% set n = namespace(x='a') %}{% for i in range(60) %}{% set n.x %}{{ n.x }}{{ n.x }}{% endset %}{% endfor %}",
        "{{ ('a' * 60000)|replace('a', 'b' * 60000) }}",
        "{{ range(90000)|join('a' * 60000) }}",
    ],
)
@pytest.mark.fault(91)
def test_what_swells_is_stopped(source: str) -> None:
    begun = time.thread_time()
    assert code(source) in ("template_size", "template_time")
    assert time.thread_time() - begun < 1


def test_a_result_may_be_as_large_as_allowed() -> None:
    small = Templates(ZONE, text=Bounds(size=30, cpu_s=1))
    assert small.render_text("{{ x }}", {"x": "日" * 10}) == "日" * 10
    with pytest.raises(RenderingError):
        small.render_text("{{ x }}", {"x": "日" * 11})


def test_pages_have_bounds_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    for name in ("site/a.html", "a.html"):
        (tmp_path / name).write_text("{{ x }}", encoding="utf-8")
    templates = Templates(ZONE, tmp_path)
    assert len(templates.render("site/a.html", {"x": "a" * 100_000})) == 100_000
    with pytest.raises(RenderingError):
        templates.render("a.html", {"x": "a" * 100_000})


@pytest.mark.fault(91)
def test_a_source_has_a_size_too() -> None:
    assert code("a" * 300_000) == "template_size"


def test_a_template_is_read_and_compiled_once(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("one", encoding="utf-8")
    templates = Templates(ZONE, tmp_path)
    assert templates.render("a.txt", {}) == "one"
    path.write_text("two", encoding="utf-8")
    assert templates.render("a.txt", {}) == "one"


def test_a_wheel_s_templates_win_over_the_checkout_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "broadcaster"
    package.mkdir()
    monkeypatch.setattr("broadcaster.rendering.templates._PACKAGE", package)
    assert templates_dir() == tmp_path / "templates"
    (package / "templates").mkdir()
    assert templates_dir() == package / "templates"


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="{}%| abfor inrange()0123456789.'\"[]+*~_-\n", max_size=60))
@pytest.mark.fault(91)
def test_no_source_does_anything_but_render_or_be_refused(source: str) -> None:
    begun = time.thread_time()
    with contextlib.suppress(RenderingError):
        said(source)
    assert time.thread_time() - begun < 1
