"""The profiles file: written and read back whole; what is wrong with it is told."""

import json
from pathlib import Path

import pytest

from pgproxy.config.load import load
from pgproxy.config.profiles import read_profiles, write_profiles
from pgproxy.errors import ConfigError
from pgproxy.treatment.profiles import Family, Profile
from tests.config.told import POLICY, SMALLEST

PROFILE = Profile("pay", Family.NUMBER, (1.0, 2.5, 3.0, 4.0, 77.25), 0.5, ("s.t.c",))
LIKE = POLICY + "    treat: {email: {synthetic: {like: distribution}}}\n"


def told(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        read_profiles(path)
    return str(caught.value).replace(f"{path}: ", "")


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "profiles.json"
    write_profiles(path, [PROFILE])
    assert read_profiles(path) == {("pay", Family.NUMBER): PROFILE}
    assert path.stat().st_mode & 0o777 == 0o600
    write_profiles(path, [])
    assert read_profiles(path) == {}
    assert [file.name for file in tmp_path.iterdir()] == ["profiles.json"]


def test_no_file_is_no_mistake(tmp_path: Path) -> None:
    assert read_profiles(tmp_path / "profiles.json") == {}


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"version": 1}', "[" * 100_000, '{"version": 1, "profiles": 5}']
)
def test_another_file_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "profiles.json"
    path.write_text(text)
    assert told(path) == (
        "no file that `pgproxy learn` has written; remove it and run `pgproxy learn` again"
    )


def test_an_edited_file_and_a_newer_one_are_told(tmp_path: Path) -> None:
    path = tmp_path / "profiles.json"
    write_profiles(path, [PROFILE])
    document = json.loads(path.read_text())
    document["profiles"][0]["points"][4] = 90.0
    path.write_text(json.dumps(document))
    assert told(path).startswith("changed since `pgproxy learn` wrote it; ")
    path.write_text(json.dumps({**document, "version": 2}))
    assert told(path).startswith("not of version 1, the only one this pgproxy knows; ")


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        write_profiles(tmp_path / "nowhere" / "profiles.json", [PROFILE])


def test_a_class_without_a_profile_is_warned_of(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text(LIKE)
    (tmp_path / "pgproxy.yaml").write_text(SMALLEST + "profiles: profiles.json\n")
    (warning,) = load(tmp_path / "pgproxy.yaml", {}).warnings
    assert str(warning) == (
        f"{tmp_path}/policy.yaml:5: class `email` has no learned distribution: "
        "NULL until `pgproxy learn`"
    )
    learned = Profile("email", Family.NUMBER, PROFILE.points)
    write_profiles(tmp_path / "profiles.json", [learned])
    config = load(tmp_path / "pgproxy.yaml", {})
    assert config.warnings == ()
    assert config.profiles == {("email", Family.NUMBER): learned}
    assert "77.25" not in repr(config)
