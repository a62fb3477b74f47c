"""A drill beside a live instance: what it takes over, what it never gets, and that neither can pass for the other."""

import re
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from broadcaster.clock import SystemEntropy
from broadcaster.config import Config, load_config
from broadcaster.errors import ConfigError, Refused, WrongMode
from broadcaster.model import Actor, Mode
from broadcaster.scaffold import Maker, Start, create, home_beside
from broadcaster.scaffold import create_beside as beside
from broadcaster.store import FILE, check_stamp, prepare

CITY = """\
areas_en = { "芋窪" = "Imokubo" }
geocodes = { "芋窪" = { "TOWN" = "132209-001" } }
"""


@pytest.fixture
def live(tmp_path: Path) -> Path:
    """A live instance, filled in as a city does: everything of its own, and every channel in use."""
    home = tmp_path / "live"
    create(home, Start(mode=Mode.LIVE, name="見本市", name_en="Sample City", port=8080))
    config = home / "config.toml"
    text = config.read_text().replace("enabled = false", "enabled = true")
    text = (
        text.replace("areas_en = {}\ngeocodes = {}\n", CITY)
        .replace("areas_en = {}\n", "")
        .replace("geocodes = {}\n", CITY)
    )
    text = text.replace("max_validity_hours = 72", "max_validity_hours = 48")
    text = text.replace('public_url = "http://127.0.0.1:8080/"', 'public_url = "https://bosai.city.example.lg.jp/"')
    text = text.replace("endpoints = []", 'endpoints = ["x-test.example"]')
    text = re.sub(r'^# directory = "/srv/broadcaster/page"', f'directory = "{home}/www"', text, flags=re.MULTILINE)
    config.write_text(text)
    for secret in (each for each in (home / "secrets").iterdir() if each.name != "mode"):
        secret.write_text(f"not-to-be-seen-{secret.name}\n")
    return home


def create_beside(folder: Path, live: Path, port: int | None = None) -> None:
    maker = Maker(by=Actor(name="admin"), now=datetime(2026, 7, 1, 3, tzinfo=UTC), entropy=SystemEntropy())
    beside(folder, live, maker, port)


def codes(caught: "pytest.ExceptionInfo[Refused]") -> list[str]:
    return [problem.code for problem in caught.value.problems]


def drill_of(live: Path, folder: Path) -> Config:
    create_beside(folder, live)
    return load_config(folder / "config.toml")


def test_it_speaks_as_the_live_one_does(live: Path, tmp_path: Path) -> None:
    ours, theirs = drill_of(live, tmp_path / "drill"), load_config(live / "config.toml")
    assert (ours.mode, theirs.mode) == (Mode.DRILL, Mode.LIVE)
    assert ours.policy == replace(theirs.policy, rehearsed=True)
    for name in ("name", "name_en", "sender", "zone", "domains", "contact", "hashtag", "areas", "areas_en", "geocodes"):
        assert getattr(ours.city, name) == getattr(theirs.city, name), name


def test_it_has_everything_else_of_its_own(live: Path, tmp_path: Path) -> None:
    ours, theirs = drill_of(live, tmp_path / "drill"), load_config(live / "config.toml")
    assert not ours.socket.is_relative_to(live)
    assert not ours.data_dir.is_relative_to(live)
    assert ours.page_server.port != theirs.page_server.port
    assert ours.page_server.host == "127.0.0.1"
    assert ours.city.public_url == "http://127.0.0.1:8081/"
    assert set(ours.channels) == {"twitter", "mail", "page", "feeds"}
    assert ours.stand_ins
    assert ours.drill_endpoints == ()


def test_no_secret_and_no_endpoint_comes_along(live: Path, tmp_path: Path) -> None:
    create_beside(tmp_path / "drill", live)
    held = b"".join(path.read_bytes() for path in (tmp_path / "drill").rglob("*") if path.is_file())
    assert b"not-to-be-seen" not in held
    assert str(live).encode() not in held
    assert b"x-test.example" not in held
    assert b'"https://bosai.city.example.lg.jp/"' not in held
    active = [
        line for line in (tmp_path / "drill" / "config.toml").read_text().splitlines() if not line.startswith("#")
    ]
    assert [line for line in active if "api.x.com" in line or "smtp.city" in line] == []


def test_its_usual_place_is_beside_the_live_one(live: Path, tmp_path: Path) -> None:
    assert home_beside(live) == home_beside(live / "config.toml") == tmp_path / "live-drill"


def test_nonsense_is_refused_all_at_once(live: Path, tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        create_beside(live / "drill", live, port=8078)
    assert codes(caught) == ["init_beside_inside", "init_beside_port"]
    with pytest.raises(Refused) as caught:
        create_beside(tmp_path, live)
    assert codes(caught) == ["init_beside_inside"]
    create_beside(tmp_path / "drill", live)
    with pytest.raises(Refused) as caught:
        create_beside(tmp_path / "other", tmp_path / "drill")
    assert codes(caught) == ["init_beside_drill"]
    with pytest.raises(Refused) as caught:
        create_beside(tmp_path / "drill", live)
    assert set(codes(caught)) == {"init_exists"}
    with pytest.raises(ConfigError):
        create_beside(tmp_path / "third", tmp_path / "nowhere")
    assert not (tmp_path / "other").exists()
    assert not (tmp_path / "third").exists()


def test_an_instance_is_stamped_when_it_is_made(live: Path, tmp_path: Path) -> None:
    create_beside(tmp_path / "drill", live)
    for home, other in ((live, Mode.DRILL), (tmp_path / "drill", Mode.LIVE)):
        with pytest.raises(WrongMode):
            prepare(home / "data" / FILE, other, read_only=True)


# ------------------------------------------------------------ live credentials in a drill


@pytest.mark.fault(108)
@pytest.mark.fault(112)
def test_a_live_configuration_that_calls_itself_a_drill_opens_no_secret(live: Path) -> None:
    config = live / "config.toml"
    config.write_text(config.read_text().replace('mode = "live"', 'mode = "drill"'))
    with pytest.raises(ConfigError) as caught:
        load_config(config)
    found = {(problem.place.partition(": ")[2], problem.code) for problem in caught.value.problems}
    assert found == {("channels.twitter.base_url", "egress_drill"), ("channels.mail.host", "egress_drill")}


@pytest.mark.fault(108)
def test_an_endpoint_is_judged_before_a_secret_is_opened(live: Path, tmp_path: Path) -> None:
    """The secret files are gone: whoever looked for those of X would say so."""
    create_beside(tmp_path / "drill", live)
    config = tmp_path / "drill" / "config.toml"
    for secret in (each for each in (tmp_path / "drill" / "secrets").iterdir() if each.name != "mode"):
        secret.unlink()
    config.write_text(re.sub(r'base_url = ".*"', 'base_url = "https://api.x.com"', config.read_text()))
    with pytest.raises(ConfigError) as caught:
        load_config(config)
    assert tuple(codes(caught)[:2]) == ("egress_drill", "secret_unreadable")
    assert not [each for each in caught.value.problems if "twitter" in each.place and each.code != "egress_drill"]


@pytest.mark.fault(108)
@pytest.mark.parametrize("how", ["named", "linked", "linked folder"])
def test_secrets_marked_live_are_not_opened_by_a_drill(live: Path, tmp_path: Path, how: str) -> None:
    drill = tmp_path / "drill"
    create_beside(drill, live)
    config, key = drill / "config.toml", "secrets/x-consumer-key"
    if how == "named":
        config.write_text(config.read_text().replace(f'"{key}"', f'"{live / key}"'))
    elif how == "linked":
        (drill / key).unlink()
        (drill / key).symlink_to(live / key)
    else:
        (drill / "secrets").rename(drill / "old")
        (drill / "secrets").symlink_to(live / "secrets")
    with pytest.raises(ConfigError) as caught:
        load_config(config)
    assert "secret_other_mode" in codes(caught)
    assert "not-to-be-seen" not in str(caught.value)


def test_secrets_marked_drill_are_not_opened_by_a_live_instance(live: Path, tmp_path: Path) -> None:
    create_beside(tmp_path / "drill", live)
    config, key = live / "config.toml", "secrets/x-consumer-key"
    config.write_text(config.read_text().replace(f'"{key}"', f'"{tmp_path / "drill" / key}"'))
    with pytest.raises(ConfigError) as caught:
        load_config(config)
    assert codes(caught) == ["secret_other_mode"]


def test_a_live_instance_has_no_stand_ins(live: Path) -> None:
    config = live / "config.toml"
    config.write_text(config.read_text().replace("stand_ins = false", "stand_ins = true"))
    with pytest.raises(ConfigError) as caught:
        load_config(config)
    assert codes(caught) == ["stand_ins_live"]


def test_a_stamp_is_read_whatever_the_schema_of_the_store(live: Path, tmp_path: Path) -> None:
    store = live / "data" / FILE
    with sqlite3.connect(store) as connection:
        connection.execute("PRAGMA user_version = 1")
    check_stamp(store, Mode.LIVE)
    with pytest.raises(WrongMode):
        check_stamp(store, Mode.DRILL)
    check_stamp(tmp_path / "none.db", Mode.DRILL)
    (tmp_path / "torn.db").write_bytes(b"no store at all")
    check_stamp(tmp_path / "torn.db", Mode.DRILL)
