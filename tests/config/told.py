"""The findings of a file, as the user reads them."""

from collections.abc import Mapping
from pathlib import Path

from pgproxy.config.policy import read_policy
from pgproxy.config.proxy import ProxyConfig, read_proxy
from pgproxy.config.yaml import Document, read
from pgproxy.policy.rules import Policy

# The smallest pgproxy.yaml that works; tests write more keys below it, from line 4 on.
SMALLEST = """\
upstream: {url: "postgresql://me@127.0.0.1:5432"}
vault: {keys: {provider: file, path: vault.key}}
policy: policy.yaml
"""

# The smallest policy.yaml with a masked role; tests write more keys below it, from line 6 on.
POLICY = """\
version: 1
columns:
  public.customers.email: email
roles:
  - role: analyst
"""


def lines(document: Document) -> list[str]:
    """Line and message of every finding, by line."""
    found = sorted(document.findings, key=lambda finding: finding.line)
    return [f"{finding.line}: {finding.message}" for finding in found]


def proxy(text: str, environment: Mapping[str, str] | None = None) -> ProxyConfig:
    """A pgproxy.yaml in /etc/pgproxy that must have no mistakes."""
    document = read("pgproxy.yaml", text.encode(), environment or {})
    config = read_proxy(document, Path("/etc/pgproxy"))
    assert not document.findings, lines(document)
    assert config is not None
    return config


def proxy_told(text: str, environment: Mapping[str, str] | None = None) -> list[str]:
    """What is told about a pgproxy.yaml that has mistakes."""
    document = read("pgproxy.yaml", text.encode(), environment or {})
    assert read_proxy(document, Path("/etc/pgproxy")) is None
    return lines(document)


def policy(text: str) -> Policy:
    """A policy.yaml that must have no mistakes."""
    document = read("policy.yaml", text.encode())
    rules = read_policy(document)
    assert not document.findings, lines(document)
    assert rules is not None
    return rules


def policy_told(text: str) -> list[str]:
    """What is told about a policy.yaml that has mistakes."""
    document = read("policy.yaml", text.encode())
    assert read_policy(document) is None
    return lines(document)


def treat(text: str) -> str:
    """A policy whose one class ``email`` is treated as ``text`` says, on line 7."""
    return f"{POLICY}    treat:\n      email: {text}\n"


def treat_told(text: str) -> list[str]:
    """What is told about a treatment, without its line and path."""
    prefix = "7: roles[0].treat.email"
    told = policy_told(treat(text))
    assert all(line.startswith(prefix) for line in told), told
    return [line.removeprefix(prefix) for line in told]
