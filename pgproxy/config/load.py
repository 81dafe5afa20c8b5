"""From the path of pgproxy.yaml to all that the two files say, or every mistake in them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
import os
from pathlib import Path
import re

from pgproxy.config.crosscheck import warnings
from pgproxy.config.fields import nearest, shown
from pgproxy.config.policy import read_policy
from pgproxy.config.pools import put_pools_in, unused_pools
from pgproxy.config.profiles import read_profiles, without_profile
from pgproxy.config.proxy import ProxyConfig, read_proxy
from pgproxy.config.yaml import Document, read
from pgproxy.errors import ConfigError, Finding
from pgproxy.policy.rules import Policy
from pgproxy.treatment.profiles import NO_PROFILES, Profiles

# A path may be shown whole; one from the environment is not.
_NAME = re.compile(r"[\w./~ -]{1,200}")


@dataclass(frozen=True)
class Config:
    """Both files and the learned profiles; ``warnings`` are slips that weaken nothing."""

    proxy: ProxyConfig
    policy: Policy
    warnings: tuple[Finding, ...] = ()
    profiles: Profiles = field(default_factory=dict, repr=False)


def load(
    path: str | Path, environment: Mapping[str, str] | None = None, *, with_pools: bool = True
) -> Config:
    """Read pgproxy.yaml, the policy it names and the pools in use.

    Raises ConfigError with every finding.  Without the pools, what comes from one becomes NULL.
    """
    environment = os.environ if environment is None else environment
    path = Path(path)
    document = _open(path, environment)
    proxy = read_proxy(document, path.parent)
    rules = _policy_document(document, path.parent)
    policy = read_policy(rules) if rules else None
    if proxy is None or policy is None or rules is None:
        raise ConfigError((*_sorted(document), *(_sorted(rules) if rules else ())))
    # A file that is not there yet is no mistake: `pgproxy learn` will make it.
    profiles = read_profiles(proxy.profiles) if proxy.profiles else NO_PROFILES
    told = [*warnings(rules), *without_profile(rules.path, policy, profiles)]
    told += unused_pools(policy, rules.path)
    if with_pools:
        policy, more = put_pools_in(policy, rules.path)
        told += more
    return Config(proxy, policy, tuple(told), profiles)


def load_proxy(path: str | Path, environment: Mapping[str, str] | None = None) -> ProxyConfig:
    """Read pgproxy.yaml alone: there is no policy yet.  Raises ConfigError."""
    document = _open(Path(path), os.environ if environment is None else environment)
    proxy = read_proxy(document, Path(path).parent)
    if proxy is None:
        raise ConfigError(tuple(_sorted(document)))
    return proxy


def _open(path: Path, environment: Mapping[str, str] | None) -> Document:
    try:
        return read(str(path), path.read_bytes(), environment)
    except OSError as error:
        document = Document(str(path))
        document.broken.add(())
        document.findings.append(Finding(str(path), 0, _unreadable(path, error)))
        return document


def _policy_document(document: Document, base: Path) -> Document | None:
    """The policy's file, whatever else is wrong in pgproxy.yaml; None if there is none to read."""
    name = document.value.get("policy") if isinstance(document.value, dict) else None
    if not isinstance(name, str) or not name or name.startswith("~") or "\0" in name:
        return None
    path = base / name
    try:
        data = path.read_bytes()
    except OSError as error:
        document.report(("policy",), f"{shown(name, _NAME)} {_unreadable(path, error)}")
        return None
    return read(str(path), data)


def _unreadable(path: Path, error: OSError) -> str:
    problem = f"cannot be read: {error.strerror}"
    if not isinstance(error, FileNotFoundError) or not path.parent.is_dir():
        return problem
    near = nearest(path.name, sorted(file.name for file in path.parent.glob("*.y*ml")))
    return f"{problem}; did you mean `{near}`?" if near else problem


def _sorted(document: Document) -> list[Finding]:
    return sorted(document.findings, key=lambda finding: finding.line)
