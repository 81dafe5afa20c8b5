"""Both files together: every mistake of both at once, and the examples that we ship."""

from collections.abc import Mapping
from pathlib import Path
import re

import pytest

from pgproxy.config.load import load
from pgproxy.errors import ConfigError
from pgproxy.policy.globs import compile_glob
from pgproxy.policy.rules import PUBLIC, UNCLASSIFIED, Show
from tests.config.told import POLICY, SMALLEST

ROOT = Path(__file__).parents[2]


def told(folder: Path, environment: Mapping[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(folder / "pgproxy.yaml", environment or {})
    return str(caught.value).replace(f"{folder}/", "").split("\n")


def write(folder: Path, proxy: str = SMALLEST, policy: str = POLICY) -> Path:
    (folder / "pgproxy.yaml").write_text(proxy)
    (folder / "policy.yaml").write_text(policy)
    return folder


def test_two_good_files_are_read(tmp_path: Path) -> None:
    config = load(write(tmp_path) / "pgproxy.yaml", {})
    assert config.proxy.policy == tmp_path / "policy.yaml"
    assert config.proxy.vault.keys.location == str(tmp_path / "vault.key")
    assert config.policy.roles[0].names == ("analyst",)
    assert config.warnings == ()


def test_warnings_come_along(tmp_path: Path) -> None:
    write(tmp_path, policy=POLICY + "classes: {email: {}, ssn: {}}\n")
    (warning,) = load(tmp_path / "pgproxy.yaml", {}).warnings
    assert str(warning) == f"{tmp_path}/policy.yaml:6: classes.ssn: no column has this class"


def test_the_mistakes_of_both_files_are_told_at_once(tmp_path: Path) -> None:
    write(tmp_path, "listne: {}\n" + SMALLEST, "vers: 1\n" + POLICY.replace("email: email", "a: 5"))
    assert told(tmp_path) == [
        "pgproxy.yaml:1: listne: unknown key; did you mean `listen`?",
        "policy.yaml:1: vers: unknown key; did you mean `version`?",
        (
            'policy.yaml:4: columns."public.customers.a": found `5`; '
            "expected a class: one word of your choice, such as email"
        ),
    ]


def test_a_file_that_is_no_yaml_does_not_hide_the_other(tmp_path: Path) -> None:
    write(tmp_path, "listen: {port: x}\n" + SMALLEST, "*.*.ssn: ssn\n")
    assert [line.partition(": ")[0] for line in told(tmp_path)] == [
        "pgproxy.yaml:1",
        "policy.yaml:1",
    ]


def test_a_missing_policy_is_told_where_it_is_named(tmp_path: Path) -> None:
    write(tmp_path, SMALLEST.replace("policy.yaml", "polcy.yaml"))
    assert told(tmp_path) == [
        (
            "pgproxy.yaml:3: policy: `polcy.yaml` cannot be read: No such file or directory; "
            "did you mean `policy.yaml`?"
        )
    ]


def test_a_missing_file_is_told_with_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "pgproxy.yml").write_text(SMALLEST)
    assert told(tmp_path) == [
        "pgproxy.yaml: cannot be read: No such file or directory; did you mean `pgproxy.yml`?"
    ]


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "pgproxy.yaml").mkdir()
    assert told(tmp_path) == ["pgproxy.yaml: cannot be read: Is a directory"]


@pytest.mark.parametrize("name", ["~/policy.yaml", '"a\\0b"', "[a]", "''", "${NAME}", "."])
def test_a_policy_that_cannot_be_a_file_is_told(tmp_path: Path, name: str) -> None:
    write(tmp_path, SMALLEST.replace("policy.yaml", name))
    (line,) = told(tmp_path)
    assert line.startswith("pgproxy.yaml:3: policy: ")


def test_the_policy_is_relative_to_the_file_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "shop.yaml").write_text(POLICY)
    write(tmp_path, SMALLEST.replace("policy.yaml", "rules/${SHOP}.yaml"))
    config = load(tmp_path / "pgproxy.yaml", {"SHOP": "shop"})
    assert config.proxy.policy == tmp_path / "rules" / "shop.yaml"


def test_a_policy_named_by_the_environment_is_told_by_that_name(tmp_path: Path) -> None:
    write(tmp_path, SMALLEST.replace("policy.yaml", "${SHOP}"))
    assert told(tmp_path, {"SHOP": "hunter2"}) == [
        "pgproxy.yaml:3: policy: the value of ${SHOP} cannot be read: No such file or directory"
    ]


def test_the_environment_is_that_of_the_process_by_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPROXY_TEST_PORT", "7000")
    write(tmp_path, SMALLEST + "listen: {port: '${PGPROXY_TEST_PORT}'}\n")
    assert load(tmp_path / "pgproxy.yaml").proxy.listen.port == 7000


def shop_columns() -> set[str]:
    """Every column of the demo's tables, read off its SQL."""
    sql = (ROOT / "pgproxy" / "demo" / "shop.sql").read_text()
    tables = re.findall(r"CREATE TABLE (\S+) \((.*?)^\);", sql, re.DOTALL | re.MULTILINE)
    return {
        f"{table}.{column}"
        for table, body in tables
        for column in re.findall(r"^    ([a-z_]+) ", body, re.MULTILINE)
    }


class TestExamples:
    def test_they_have_no_mistakes_and_no_warnings(self) -> None:
        assert load(ROOT / "config" / "pgproxy.yaml", {}).warnings == ()

    def test_every_key_is_explained_in_the_example(self) -> None:
        text = (ROOT / "config" / "pgproxy.yaml").read_text()
        config = load(ROOT / "config" / "pgproxy.yaml", {}).proxy
        commented = r"^ *(?:# )?"
        for section, keys in config.model_dump().items():
            for key in [section, *(keys if isinstance(keys, dict) else ())]:
                assert re.search(rf"{commented} *{key}:", text, re.MULTILINE), key

    def test_a_default_stands_in_the_example_as_it_is(self, tmp_path: Path) -> None:
        example = load(ROOT / "config" / "pgproxy.yaml", {}).proxy
        default = load(write(tmp_path) / "pgproxy.yaml", {}).proxy
        for section in ("listen", "auth", "admin", "audit", "limits"):
            assert getattr(example, section) == getattr(default, section)

    def test_the_policy_fits_the_demo_shop(self) -> None:
        policy = load(ROOT / "config" / "pgproxy.yaml", {}).policy
        columns = shop_columns()
        assert len(columns) > 40
        for pattern in policy.columns:
            matches = compile_glob(pattern.pattern).fullmatch
            assert any(map(matches, columns)), pattern
        unclassified = {c for c in columns if policy.class_of(*c.split(".")) == UNCLASSIFIED}
        assert unclassified == {"shop.support_tickets.body"}

    def test_nothing_personal_is_shown_to_the_analyst(self) -> None:
        policy = load(ROOT / "config" / "pgproxy.yaml", {}).policy
        analyst, owner = policy.rule_for(["analyst"]), policy.rule_for(["owner_app"])
        assert analyst is not None
        assert owner is not None
        assert policy.masks(analyst)
        assert not policy.masks(owner)
        personal = re.compile("name|mail|phone|birth|card|iban|ssn|salary|subject|body")
        for column in filter(lambda c: personal.search(c.split(".")[2]), shop_columns()):
            shown = isinstance(analyst.treatment(policy.class_of(*column.split("."))), Show)
            assert shown == (column == "shop.products.name"), column

    def test_the_demos_own_policy_has_no_mistakes(self, tmp_path: Path) -> None:
        policy = (ROOT / "pgproxy" / "demo" / "policy.yaml").read_text()
        config = load(write(tmp_path, policy=policy) / "pgproxy.yaml", {})
        assert config.warnings == ()
        assert PUBLIC in {column.class_name for column in config.policy.columns}
