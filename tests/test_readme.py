"""What the README promises a newcomer is there: its policy loads, its commands and rooms exist."""

from pathlib import Path
import re

from pgproxy.__main__ import COMMANDS
from pgproxy.config.load import load
from pgproxy.vault.keys import new_key_file

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    pattern = rf"^```{language}\n(.*?)^```$"
    return re.findall(pattern, README, re.DOTALL | re.MULTILINE)


def test_the_policy_loads_as_it_stands(tmp_path: Path) -> None:
    (policy,) = blocks("yaml")
    assert len(policy.splitlines()) <= 10
    (tmp_path / "policy.yaml").write_text(policy)
    key = tmp_path / "vault.key"
    key.touch(mode=0o600)
    key.write_text(new_key_file())
    (tmp_path / "pgproxy.yaml").write_text(
        "upstream: {url: postgresql://reader@127.0.0.1}\n"
        "vault: {keys: {provider: file, path: vault.key}}\n"
        "policy: policy.yaml\n"
    )
    config = load(tmp_path / "pgproxy.yaml")
    assert config.warnings == ()
    rule = config.policy.rule_for(["analyst"])
    assert rule is not None
    assert rule.treatment(config.policy.class_of("shop", "staff", "email")).name == "token"
    assert rule.treatment(config.policy.class_of("hr", "staff", "notes")).name == "null"


def test_the_two_commands_are_there() -> None:
    assert "python3 -m pgproxy demo" in README
    assert "python3 -m tests" in README
    named = set(re.findall(r"^pgproxy (\w+)", "".join(blocks("sh")), re.MULTILINE))
    assert named
    assert named <= set(COMMANDS)


def test_the_map_names_every_room() -> None:
    rooms = {path.parent.name for path in (ROOT / "pgproxy").glob("*/__init__.py")}
    table = README.split("## The rooms")[1].split("\n## ")[0]
    assert rooms <= set(re.findall(r"`(\w+)`", table))
