"""The files of the pools that the policy uses, read into its treatments.

A pool that is in use and not whole is a mistake like any other: nothing becomes NULL in silence.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from pgproxy.errors import ConfigError, Finding
from pgproxy.policy.pools import Pool, PoolRule
from pgproxy.policy.rules import Policy, RoleRule, Synthetic, Treatment
from pgproxy.pools.editions import DamagedPool, Edition, Header, read_header, read_whole
from pgproxy.pools.recipes import recipe


def put_pools_in(policy: Policy, path: str) -> tuple[Policy, list[Finding]]:
    """The policy with the values of its pools, and what is worth a warning; ``path`` is its own.

    Raises ConfigError that names every pool which is missing, unfinished or damaged.
    """
    used = set(used_pools(policy))
    pools: dict[str, Pool] = {}
    wrong: list[Finding] = []
    warnings: list[Finding] = []
    for rule in policy.pools:
        if rule.name not in used:
            continue
        try:
            edition = read_edition(rule)
        except ConfigError as error:
            wrong.extend(error.findings)
            continue
        if edition is None:
            wrong.append(Finding(path, rule.line, f"pools.{rule.name}: {_missing(rule)}"))
            continue
        header = edition.header
        pools[rule.name] = Pool(rule.name, header.edition, header.digest, edition.values)
        if header.recipe != recipe(rule):
            warnings.append(
                Finding(path, rule.line, f"pools.{rule.name}: {_changed(header.edition)}")
            )
    if wrong:
        raise ConfigError(tuple(wrong))
    return replace(policy, roles=tuple(_filled(role, pools) for role in policy.roles)), warnings


def read_edition(rule: PoolRule) -> Edition | None:
    """The whole edition of a pool; None where there is none.

    Raises ConfigError that names the file, and the line where it is not what was written.
    """
    path = Path(rule.path)
    try:
        edition = read_whole(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError((Finding(rule.path, 0, f"cannot be read: {error.strerror}"),)) from None
    except DamagedPool as damage:
        message = f"{damage.message}; restore the file, or {_build(rule, ' --renew')} makes another"
        raise ConfigError((Finding(rule.path, damage.line, message),)) from None
    if edition.header.name != rule.name:
        message = f"the file is that of another pool; expected that of {rule.name}"
        raise ConfigError((Finding(rule.path, 1, message),))
    return edition


def edition_before(rule: PoolRule, renew: bool) -> Header | None:
    """The header of the whole edition there is, if any; with ``renew`` its values may be damaged.

    Raises ConfigError as ``read_edition``.
    """
    try:
        edition = read_edition(rule)
    except ConfigError:
        header = _header_alone(rule) if renew else None
        if header is None or header.name != rule.name:
            raise
        return header
    return edition.header if edition is not None else None


def _header_alone(rule: PoolRule) -> Header | None:
    try:
        return read_header(Path(rule.path).read_bytes())
    except (OSError, DamagedPool):
        return None


def part_of(path: str | Path) -> Path:
    """Where an unfinished edition is kept."""
    path = Path(path)
    return path.with_name(path.name + ".part")


def unused_pools(policy: Policy, path: str) -> list[Finding]:
    """Pools that no treatment names."""
    used = set(used_pools(policy))
    return [
        Finding(path, rule.line, f"pools.{rule.name}: no treatment uses this pool")
        for rule in policy.pools
        if rule.name not in used
    ]


def used_pools(policy: Policy) -> Iterator[str]:
    """The names of the pools that some role's treatment picks from."""
    for role in policy.roles:
        for treatment in (*role.treat.values(), role.otherwise):
            if isinstance(treatment, Synthetic) and treatment.pool is not None:
                yield treatment.pool.name


def _filled(role: RoleRule, pools: Mapping[str, Pool]) -> RoleRule:
    treat = {name: _with_values(treatment, pools) for name, treatment in role.treat.items()}
    return replace(role, treat=treat, otherwise=_with_values(role.otherwise, pools))


def _with_values(treatment: Treatment, pools: Mapping[str, Pool]) -> Treatment:
    if isinstance(treatment, Synthetic) and treatment.pool is not None:
        return replace(treatment, pool=pools[treatment.pool.name])
    return treatment


def _missing(rule: PoolRule) -> str:
    begun = part_of(rule.path).exists()
    state = "is not whole yet" if begun else "has no file yet"
    return f"{state}; {_build(rule)} {'goes on with it' if begun else 'makes it'}"


def _changed(edition: int) -> str:
    return (
        f"edition {edition} was made of another prompt, description, locale or schema; its values "
        "stay until `pgproxy pool build --renew`"
    )


def _build(rule: PoolRule, option: str = "") -> str:
    return f"`pgproxy pool build {rule.name}{option}`"
