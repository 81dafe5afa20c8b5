"""What makes an edition what it is, and whether a build begins, goes on, or is done."""

from dataclasses import dataclass
import hashlib
import json

from pgproxy.errors import PgproxyError
from pgproxy.policy.pools import PoolRule
from pgproxy.pools.editions import Edition, Header


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a build is asked for; ``created``: the time of now, ISO 8601, UTC."""

    count: int
    renew: bool
    model: str
    created: str


def recipe(rule: PoolRule) -> str:
    """A digest of all that a model is told; the count and the model are no part of it."""
    told = [rule.name, rule.prompt, rule.description, rule.locale, json.loads(rule.schema)]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def next_edition(
    rule: PoolRule, wanted: Wanted, whole: Header | None, part: Edition | None
) -> Header | None:
    """The edition to build: that of ``part``, or a fresh one; None when all is there.

    Values never change under an edition: raises PgproxyError where that would need ``renew``.
    """
    made_of = recipe(rule)
    if part is not None and (whole is None or part.header.edition > whole.edition):
        if part.header.recipe == made_of:
            return part.header
        if not wanted.renew:
            raise _stays(
                f"an unfinished build of pool {rule.name} has {len(part.values)} values of "
                "another prompt, description, locale or schema",
                "--renew starts over without them",
            )
    elif whole is not None and not wanted.renew:
        kept = f"edition {whole.edition} of pool {rule.name} is whole and keeps its values"
        if whole.recipe != made_of:
            change = "the prompt, description, locale or schema has changed since"
            raise _stays(f"{kept}; {change}", "--renew builds the next edition")
        if whole.count != wanted.count:
            asked = f"it has {whole.count} values, not {wanted.count}"
            raise _stays(f"{kept}; {asked}", "--renew builds the next edition")
        return None
    edition = whole.edition + 1 if whole is not None else 1
    return Header(rule.name, edition, made_of, wanted.model, wanted.created)


def _stays(message: str, hint: str) -> PgproxyError:
    more = "; every value that the pool stands for then changes" if "next" in hint else ""
    return PgproxyError(message, hint=hint + more)
