"""What a policy says of pools: synthetic values that were made ahead of time.

A ``PoolRule`` is an entry of ``pools`` as it is written; a ``Pool`` is what its file holds.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Pool:
    """The frozen values of one edition, as canonical texts; none of them: all becomes NULL.

    ``digest`` stands for the values wherever pools are compared: treatments are keys of a
    dictionary, and a pool may be long.
    """

    name: str
    edition: int = 0
    digest: str = ""
    values: tuple[str, ...] = field(default=(), repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class PoolRule:
    """An entry of ``pools``; ``schema`` is the JSON Schema of one value, as JSON.

    ``path`` is where its values are kept, ``line`` where it stands in the policy.
    """

    name: str
    path: str
    prompt: str
    description: str = ""
    locale: str = "en"
    schema: str = '{"type": "string"}'
    count: int = 200
    line: int = 0
