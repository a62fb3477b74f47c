"""The configuration: what it may hold, every problem with place and line, secrets, and the complete example."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr

from broadcaster import catalog, registry
from broadcaster.config import CanarySettings, LaneTable, load_config
from broadcaster.config.lines import lines_of
from broadcaster.config.secrets import read_secret, values_of
from broadcaster.config.settings import Core
from broadcaster.errors import ConfigError
from broadcaster.model import Geocode, Mode, Problem

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "config.example.toml"

SMALL = """\
mode = "drill"

[city]
name = "東大和市"
name_en = "Higashiyamato City"
sender = "city.example.lg.jp"
public_url = "http://127.0.0.1:8080/"
domains = ["city.example.lg.jp"]
"""
KEYS = """
[channels.twitter]
consumer_key = "ck-hidden"
consumer_secret_file = "secret"
access_token = "at-hidden"
access_token_secret = "as-hidden"
base_url = "http://127.0.0.1:9"
"""


def write(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def secret(folder: Path, text: str = "cs-hidden\n", mode: int = 0o600, name: str = "secret") -> None:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)


def problems(path: Path) -> list[tuple[str, str]]:
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    for problem in caught.value.problems:
        for language in catalog.LANGUAGES:
            assert catalog.say(problem.code, language, **problem.params)
    return [(problem.place, problem.code) for problem in caught.value.problems]


def test_a_small_configuration_is_filled_up(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, SMALL))
    assert config.mode is Mode.DRILL
    assert config.city.zone == ZoneInfo("Asia/Tokyo")
    assert config.data_dir == tmp_path / "data"
    assert config.socket == tmp_path / "data" / "desk.sock"
    assert config.page_server.port == 8080
    assert dict(config.channels) == {}
    assert config.secrets == ()


def test_channels_bring_their_own_settings(tmp_path: Path) -> None:
    secret(tmp_path)
    config = load_config(
        write(tmp_path, SMALL + KEYS + "[channels.twitter.lane]\nburst = 3\n[channels.page]\nenabled = false\n")
    )
    twitter = config.channels["twitter"]
    assert twitter.lane.burst == 3
    assert type(twitter.settings) is registry.settings_model("twitter")
    assert config.disabled == ("page",)
    assert set(config.secrets) == {"ck-hidden", "cs-hidden", "at-hidden", "as-hidden"}


def test_no_secret_is_in_the_repr(tmp_path: Path) -> None:
    secret(tmp_path)
    assert "hidden" not in repr(load_config(write(tmp_path, SMALL + KEYS)))


@pytest.mark.fault(110)
def test_every_problem_is_told_with_its_line(tmp_path: Path) -> None:
    text = SMALL.replace('"drill"', '"practice"').replace("8080/", "8080") + (
        'timezone = "Asia/Tokio"\ncolour = 1\n'
        "[rules]\nmax_validity_hours = 73\n"
        '[page_server]\nport = "8080"\n'
        "[channels.telex]\n"
        "[channels.twitter.lane]\nburst = 0\n"
        "[channels.page]\nenabled = 1\n"
        "[channels.feeds]\nenabled = false\nwrong = 1\n"
    )
    assert set(problems(write(tmp_path, text))) == {
        ("config.toml:1: mode", "choice_unknown"),
        ("config.toml:7: city.public_url", "url_wrong"),
        ("config.toml:9: city.timezone", "zone_unknown"),
        ("config.toml:10: city.colour", "field_unknown"),
        ("config.toml:12: rules.max_validity_hours", "too_large"),
        ("config.toml:14: page_server.port", "type_wrong"),
        ("config.toml:15: channels.telex", "channel_unknown"),
        ("config.toml:17: channels.twitter.lane.burst", "too_small"),
        *{(f"config.toml:16: channels.twitter.{name}", "field_missing") for name in (
            "consumer_key", "consumer_secret", "access_token", "access_token_secret",
        )},
        ("config.toml:19: channels.page.enabled", "type_wrong"),
        ("config.toml:22: channels.feeds.wrong", "field_unknown"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("mode = ", "toml_wrong"),
        (SMALL + SMALL, "toml_wrong"),
        (SMALL + "[channels.page]\n[channels.page]\n", "toml_wrong"),
    ],
)
@pytest.mark.fault(110)
def test_what_is_no_toml_or_says_a_thing_twice(tmp_path: Path, text: str, code: str) -> None:
    assert problems(write(tmp_path, text)) == [("config.toml", code)]


def test_a_file_that_is_not_there_or_not_utf_8(tmp_path: Path) -> None:
    assert problems(tmp_path / "none.toml") == [("none.toml", "config_unreadable")]
    path = write(tmp_path, "")
    path.write_bytes('name = "東"'.encode("cp932"))
    assert problems(path) == [("config.toml", "not_utf8")]


@pytest.mark.fault(110)
def test_tables_that_are_none(tmp_path: Path) -> None:
    path = write(tmp_path, "channels = 5\n" + SMALL)
    assert problems(path) == [("config.toml:1: channels", "type_wrong")]
    path = write(tmp_path, SMALL + "[channels]\npage = 5\n")
    assert problems(path) == [("config.toml:10: channels.page", "type_wrong")]
    path = write(tmp_path, SMALL + "[channels.page]\nlane = 5\n")
    assert problems(path) == [("config.toml:10: channels.page.lane", "type_wrong")]


@pytest.mark.parametrize(
    ("setting", "wrong", "code"),
    [
        ('name = "東大和市"', 'name = ""', "too_short"),
        ('sender = "city.example.lg.jp"', 'sender = "a b"', "pattern_mismatch"),
        ('"http://127.0.0.1:8080/"', '"http://127.0.0.1:99999/"', "url_wrong"),
        ('"http://127.0.0.1:8080/"', '"ftp://127.0.0.1/"', "url_wrong"),
        ('"http://127.0.0.1:8080/"', '"http://[/"', "url_wrong"),
        ('["city.example.lg.jp"]', '["City.example"]', "pattern_mismatch"),
        ('["city.example.lg.jp"]', '"city.example.lg.jp"', "type_wrong"),
    ],
)
@pytest.mark.fault(110)
def test_values_that_cannot_be_used(tmp_path: Path, setting: str, wrong: str, code: str) -> None:
    assert [found for _, found in problems(write(tmp_path, SMALL.replace(setting, wrong)))] == [code]


def test_what_a_channel_refuses_is_told_in_its_words(tmp_path: Path) -> None:
    secret(tmp_path)
    path = write(tmp_path, SMALL + KEYS.replace("http://127.0.0.1:9", "http://api.x.com"))
    assert problems(path) == [("config.toml:15: channels.twitter.base_url", "value_refused")]


def test_a_channel_that_cannot_be_loaded_matters_only_if_it_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(name: str) -> type[BaseModel]:
        raise ConfigError([Problem(code="channel_broken", params={"channel": name, "why": "x"})])

    monkeypatch.setattr(registry, "settings_model", broken)
    path = write(tmp_path, SMALL + "[channels.page]\n[channels.feeds]\nenabled = false\n")
    assert problems(path) == [("config.toml:9: channels.page", "channel_broken")]


def test_codes_belong_to_known_areas(tmp_path: Path) -> None:
    known = SMALL + 'areas = ["芋窪"]\ngeocodes = { "芋窪" = { TOWN = "1" } }\n'
    assert load_config(write(tmp_path, known)).city.geocodes == {"芋窪": (Geocode(value_name="TOWN", value="1"),)}
    assert [
        code for _, code in problems(write(tmp_path, known.replace("{ TOWN", "{ TOWN").replace('["芋窪"]', "[]")))
    ] == ["geocode_area_unknown"]


def test_the_socket_s_group_exists(tmp_path: Path) -> None:
    assert problems(write(tmp_path, 'socket_group = "no-such-group"\n' + SMALL)) == [
        ("config.toml:1: socket_group", "group_unknown")
    ]


def test_relative_paths_count_from_the_file(tmp_path: Path) -> None:
    text = 'data_dir = "var"\nsocket = "run/desk.sock"\n' + SMALL + '[channels.page]\ndirectory = "public"\n'
    config = load_config(write(tmp_path, text))
    assert config.data_dir == tmp_path / "var"
    assert config.socket == tmp_path / "run" / "desk.sock"
    assert getattr(config.channels["page"].settings, "directory") == tmp_path / "public"  # noqa: B009 (of its own model)


# ------------------------------------------------------------------ secrets


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o666])
@pytest.mark.fault(110)
def test_a_secret_file_is_its_owner_s_alone(tmp_path: Path, mode: int) -> None:
    secret(tmp_path, mode=mode)
    path = write(tmp_path, SMALL + KEYS)
    assert problems(path) == [("config.toml:12: channels.twitter.consumer_secret_file", "secret_readable")]


def test_a_secret_in_the_configuration_makes_the_file_secret(tmp_path: Path) -> None:
    secret(tmp_path)
    path = write(tmp_path, SMALL + KEYS, mode=0o644)
    assert {code for _, code in problems(path)} == {"secret_inline"}


@pytest.mark.fault(110)
def test_secret_files_that_hold_none(tmp_path: Path) -> None:
    path = write(tmp_path, SMALL + KEYS)
    assert [code for _, code in problems(path)] == ["secret_unreadable"]
    secret(tmp_path, "\n")
    assert [code for _, code in problems(path)] == ["secret_empty"]
    secret(tmp_path, "x" * 70_000)
    assert [code for _, code in problems(path)] == ["secret_empty"]
    (tmp_path / "secret").write_bytes(b"\xff\xfe")
    assert [code for _, code in problems(path)] == ["secret_unreadable"]
    (tmp_path / "secret").unlink()
    (tmp_path / "secret").mkdir(mode=0o700)
    assert [code for _, code in problems(path)] == ["secret_empty"]


@pytest.mark.fault(110)
def test_a_secret_is_given_once(tmp_path: Path) -> None:
    secret(tmp_path)
    path = write(tmp_path, SMALL + KEYS.replace("consumer_secret_file", 'consumer_secret = "x"\nconsumer_secret_file'))
    assert [code for _, code in problems(path)] == ["secret_twice"]


def test_the_end_of_a_secret_s_line_is_not_part_of_it(tmp_path: Path) -> None:
    secret(tmp_path, " a b \r\n")
    assert read_secret(tmp_path / "secret") == " a b "


class Inner(BaseModel):
    password: SecretStr


class Outer(BaseModel):
    inner: Inner
    many: list[Inner] = []
    named: dict[str, Inner] = {}
    plain: str = "plain"


def test_secrets_are_found_however_deep() -> None:
    made = Outer(
        inner=Inner(password=SecretStr("a")),
        many=[Inner(password=SecretStr("b"))],
        named={"x": Inner(password=SecretStr("c"))},
    )
    assert list(values_of(made)) == ["a", "b", "c"]


# ------------------------------------------------------------------ lines


def test_lines_are_found_for_headers_keys_and_dotted_keys() -> None:
    text = '# x\na = 1\nb.c = 2\n[d."e.f"] # x\n"g h" = 3\n[[i]]\nj = 4\n[[i]]\nj = 5\n[i.k]\nl = 6\n'
    found = lines_of(text)
    assert found.of(("a",)) == 2
    assert found.of(("b", "c")) == 3
    assert found.of(("d", "e.f", "g h")) == 5
    assert found.of(("i", 0, "j")) == 7
    assert found.of(("i", 1, "j")) == 9
    assert found.of(("d", "e.f", "missing")) == 4
    assert found.of(("d",)) == 4
    assert found.of(("nowhere",)) is None


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="[].=\"'#ab \n", max_size=60))
@pytest.mark.fault(110)
def test_no_text_makes_the_lines_fail(text: str) -> None:
    assert all(line >= 1 for line in lines_of(text).own.values())


# ------------------------------------------------------------------ the example


def uncommented(text: str) -> str:
    """Return the example with every optional setting in force: lines like `# key = value` and `# [table]`."""
    return re.sub(r"^# (?=[a-z_]+ = |\[)", "", text, flags=re.MULTILINE)


def full(text: str) -> str:
    """Return it with each optional setting once, and every channel enabled."""
    whole = uncommented(text).replace("geocodes = {}\n", "").replace("area_groups = []\n", "")
    return whole.replace("enabled = false", "enabled = true").replace('mode = "drill"', 'mode = "live"')


def installed(folder: Path, text: str) -> Path:
    """Write the text with all the secrets it names, and return its path."""
    for name in re.findall(r'_file = "(secrets/[^"]+)"', text):
        secret(folder, name=name)
    return write(folder, text)


def models(model: type[BaseModel]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield each setting of a model, by its path, with the name that stands in a file."""
    for name, field in model.model_fields.items():
        inner = next((part for part in (field.annotation, *get_args(field.annotation)) if _is_model(part)), None)
        if inner is None:
            yield (name,), "secret" if field.annotation is SecretStr else "plain"
        else:
            yield from (((name, *path), sort) for path, sort in models(inner))


def _is_model(part: object) -> bool:
    return isinstance(part, type) and issubclass(part, BaseModel)


def paths(table: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for name, value in table.items():
        if isinstance(value, dict) and name not in ("geocodes", "areas_en", "quiet_of", "values"):
            yield from ((name, *path) for path in paths(value))
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            yield from ((name, *path) for path in paths(value[0]))
        else:
            yield (name,)


def settings_there_are() -> set[tuple[str, ...]]:
    """Every setting of the house and of each of our channels, under the name a city would write."""
    found = {path for path, _ in models(Core)}
    rules = ("canary", "when")  # written as in a plan: their other keys stand in the samples of templates/routine
    watch = ((("canary", *path), sort) for path, sort in models(CanarySettings))
    found |= {_named(path, sort) for path, sort in watch if path[:2] != rules} | {(*rules, "at")}
    for name in ("page", "feeds", "twitter", "mail"):
        found.add(("channels", name, "enabled"))
        found |= {("channels", name, "lane", *path) for path, _ in models(LaneTable)}
        for path, sort in models(registry.settings_model(name)):
            found.add(_named(("channels", name, *path), sort))
    return found


def _named(path: tuple[str, ...], sort: str) -> tuple[str, ...]:
    """Return the path as a city would write it: a secret by its twin."""
    return (*path[:-1], f"{path[-1]}_file" if sort == "secret" else path[-1])


def test_the_example_loads_as_it_stands(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, EXAMPLE.read_text(encoding="utf-8"), mode=0o644))
    assert config.mode is Mode.DRILL
    assert set(config.channels) == {"page", "feeds"}
    assert set(config.disabled) == {"twitter", "mail"}


def test_the_example_loads_with_everything_in_force(tmp_path: Path) -> None:
    config = load_config(installed(tmp_path, full(EXAMPLE.read_text(encoding="utf-8"))))
    assert set(config.channels) == {"page", "feeds", "twitter", "mail"}


def test_a_group_names_areas_of_the_city_once(tmp_path: Path) -> None:
    group = '[[city.area_groups]]\nname = "浸水想定区域"\nareas = ["芋窪1丁目", "蔵敷"]\n'
    known = SMALL + 'areas = ["芋窪", "蔵敷"]\n' + group
    assert load_config(write(tmp_path, known)).city.area_groups == {"浸水想定区域": ("芋窪1丁目", "蔵敷")}
    foreign = known.replace('"芋窪1丁目"', '"立川"')
    assert [code for _, code in problems(write(tmp_path, foreign))] == ["area_group_unknown"]
    twice = known + '[[city.area_groups]]\nname = "浸水想定区域"\nareas = ["蔵敷"]\n'
    assert [code for _, code in problems(write(tmp_path, twice))] == ["area_group_twice"]


def test_every_setting_is_in_the_example_and_nothing_else() -> None:
    written = set(paths(tomllib.loads(full(EXAMPLE.read_text(encoding="utf-8")))))
    assert settings_there_are() - written == set()
    assert written - settings_there_are() == set()


def test_the_example_shows_the_defaults() -> None:
    """What a city leaves out is what the example says, so that reading it is enough."""
    written = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    assert written["rules"] == Core.model_fields["rules"].default.model_dump()
    assert written["page_server"] == Core.model_fields["page_server"].default.model_dump()
    assert written["routine"] == Core.model_fields["routine"].default.model_dump(mode="json")
    school = Core.model_fields["school"].default.model_dump(mode="json", exclude_none=True)
    assert written["school"] == school
    assert written["logging"] == Core.model_fields["logging"].default.model_dump()
    for name in ("page", "feeds", "twitter", "mail"):
        assert written["channels"][name]["lane"] == LaneTable().model_dump()
        fields = registry.settings_model(name).model_fields
        shown = {key: value for key, value in written["channels"][name].items() if key in fields}
        defaults = {key: fields[key].get_default() for key in shown if not fields[key].is_required()}
        assert {key: shown[key] for key in defaults if key != "username"} == {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in defaults.items()
            if key != "username"
        }


def test_every_setting_is_explained_in_both_languages() -> None:
    """Above each setting, or the first of a group, stand a Japanese and an English line."""
    for block in EXAMPLE.read_text(encoding="utf-8").split("\n\n"):
        lines = [line for line in block.strip().splitlines() if not line.startswith(("[", "# ["))]
        settings_here = [line for line in lines if re.match(r"(# )?[a-z_]+ = ", line)]
        words = [line for line in lines if line not in settings_here]
        if settings_here:
            assert any(re.search(r"[ぁ-んァ-ヶ一-龠]", line) for line in words), block
            assert any(re.search(r"[A-Za-z]{2,}", line) and not re.search(r"[ぁ-ん]", line) for line in words), block


AUTOMATIC = """
[[upstream.rules]]
name = "地震"
template = "earthquake-observed"
areas = ["1322000"]
types = ["VXSE53"]
codes = ["intensity:5-"]
places = ["東大和市全域"]
automatic = true
"""


def test_a_rule_that_speaks_by_itself_is_of_the_list_and_names_all_its_bounds(tmp_path: Path) -> None:
    (watch,) = load_config(write(tmp_path, SMALL + AUTOMATIC)).watches
    assert watch.automatic is not None
    assert (watch.automatic.max_age_minutes, watch.automatic.limits.per_hour) == (10, 1)
    off = AUTOMATIC.replace("automatic = true\n", "")
    assert load_config(write(tmp_path, SMALL + off)).watches[0].automatic is None
    for change, code in (
        (('["VXSE53"]', '["VXSE53", "VPWW55"]'), "automatic_types"),
        (('types = ["VXSE53"]\n', ""), "automatic_types"),
        (('codes = ["intensity:5-"]\n', ""), "automatic_bounds"),
        (('places = ["東大和市全域"]\n', ""), "automatic_bounds"),
        (('["1322000"]', '["1322000", "*"]'), "automatic_bounds"),
    ):
        wrong = AUTOMATIC.replace(*change)
        assert [found for _, found in problems(write(tmp_path, SMALL + wrong))] == [code], change
