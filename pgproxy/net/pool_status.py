"""What there is of a pool on the disk."""

from dataclasses import dataclass
from pathlib import Path

from pgproxy.config.pools import part_of, read_edition
from pgproxy.errors import ConfigError
from pgproxy.policy.pools import PoolRule
from pgproxy.pools.editions import DamagedPool, read_part
from pgproxy.pools.recipes import recipe
from pgproxy.pools.texts import printable


@dataclass(frozen=True, slots=True)
class PoolStatus:
    """``state``: ``whole``, ``missing``, or what else there is to know; for people."""

    name: str
    path: str
    state: str
    edition: int = 0
    values: int = 0
    model: str = ""
    created: str = ""


def pool_status(rule: PoolRule) -> PoolStatus:
    """Reads both files; a damaged one is a state, no error."""
    begun = _begun(rule)
    try:
        edition = read_edition(rule)
    except ConfigError as error:
        (finding,) = error.findings
        where = f"line {finding.line}: " if finding.line else ""
        return PoolStatus(rule.name, rule.path, f"damaged: {where}{finding.message}")
    if edition is None:
        return PoolStatus(rule.name, rule.path, begun or "missing")
    header = edition.header
    states = ["whole"]
    if header.recipe != recipe(rule):
        states.append("made of another prompt, description, locale or schema")
    if begun:
        states.append(f"the next is {begun}")
    return PoolStatus(
        rule.name,
        rule.path,
        "; ".join(states),
        header.edition,
        len(edition.values),
        printable(header.model),
        printable(header.created),
    )


def _begun(rule: PoolRule) -> str:
    try:
        part = read_part(Path(part_of(rule.path)).read_bytes())
    except DamagedPool as damage:
        return f"unfinished and damaged in line {damage.line}"
    except OSError:
        return ""
    return f"unfinished: {len(part.values)} of {rule.count}" if part else ""
