"""What `broadcaster init` writes: it works at once, and nothing that exists is touched."""

import stat
from pathlib import Path

import pytest

from broadcaster.config import load_config
from broadcaster.errors import Refused
from broadcaster.model import Mode
from broadcaster.routine import Folder, read_folder
from broadcaster.scaffold import Start, configured, create, example, replaced


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_made_works_at_once_as_a_drill(tmp_path: Path) -> None:
    made = create(tmp_path / "city")
    config = load_config(tmp_path / "city" / "config.toml")
    assert config.mode is Mode.DRILL
    assert set(config.channels) == {"page", "feeds"}
    assert set(config.disabled) == {"twitter", "mail"}
    assert config.page_server.enabled
    assert all(path.exists() for path in made)


def test_the_sample_of_a_plan_says_nothing_until_it_is_renamed(tmp_path: Path) -> None:
    create(tmp_path / "city", Start(name="見本市"))
    folder = load_config(tmp_path / "city" / "config.toml").routine.folder
    assert read_folder(folder) == Folder(plans=())
    (sample,) = folder.iterdir()
    sample.rename(folder / "kaji-yobou.toml")
    (plan,) = read_folder(folder).plans
    assert "見本市全域" in str(plan.draft)
    assert "東大和市" not in str(plan.draft)


def test_nobody_else_may_look(tmp_path: Path) -> None:
    for path in create(tmp_path / "city"):
        assert mode(path) == (0o700 if path.is_dir() else 0o600), path


def test_a_city_says_its_name_mode_and_port(tmp_path: Path) -> None:
    create(tmp_path / "city", Start(mode=Mode.LIVE, name='見本"市\\', name_en="Mihon City", port=9999))
    config = load_config(tmp_path / "city" / "config.toml")
    assert (config.mode, config.city.name, config.city.name_en) == (Mode.LIVE, '見本"市\\', "Mihon City")
    assert config.page_server.port == 9999
    assert config.city.public_url == "http://127.0.0.1:9999/"


def test_credentials_need_only_to_be_filled_in(tmp_path: Path) -> None:
    create(tmp_path / "city", Start(mode=Mode.LIVE))
    path = tmp_path / "city" / "config.toml"
    for name in (each for each in (tmp_path / "city" / "secrets").iterdir() if each.name != "mode"):
        name.write_text("hidden\n", encoding="utf-8")
    path.write_text(path.read_text(encoding="utf-8").replace("enabled = false", "enabled = true"), encoding="utf-8")
    assert set(load_config(path).channels) == {"page", "feeds", "twitter", "mail"}


@pytest.mark.parametrize("taken", ["config.toml", "secrets", "data", "routine"])
def test_nothing_is_overwritten(tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).write_text("mine", encoding="utf-8")
    with pytest.raises(Refused) as caught:
        create(tmp_path)
    assert {problem.code for problem in caught.value.problems} == {"init_exists"}
    assert (tmp_path / taken).read_text(encoding="utf-8") == "mine"
    assert [path.name for path in tmp_path.iterdir()] == [taken]


def test_a_dangling_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "config.toml").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refused):
        create(tmp_path)
    assert not (tmp_path / "elsewhere").exists()


def test_where_nothing_can_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(Refused) as caught:
        create(tmp_path / "file" / "city")
    assert [problem.code for problem in caught.value.problems] == ["init_failed"]


def test_what_is_not_said_stays_as_in_the_example() -> None:
    assert configured(Start()) == example()


def test_a_key_that_is_not_there_cannot_be_set() -> None:
    with pytest.raises(KeyError):
        replaced(example(), {("city", "mayor"): "x"})
