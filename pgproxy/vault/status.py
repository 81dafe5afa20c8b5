"""What a vault tells of itself: names and counts, nothing that depends on a value."""

from dataclasses import dataclass

from pgproxy.treatment.tokens import TokenSpace


@dataclass(frozen=True, slots=True)
class SpaceStatus:
    """How many tokens one space holds."""

    space: TokenSpace
    tokens: int


@dataclass(frozen=True, slots=True)
class KeyStatus:
    """How many values one key still seals, and its state in the key file ('' = not in the file)."""

    id: str
    state: str
    sealed: int


@dataclass(frozen=True, slots=True)
class VaultStatus:
    """Everything `vault status` prints."""

    schema_version: int
    bytes: int
    spaces: tuple[SpaceStatus, ...]
    keys: tuple[KeyStatus, ...]

    @property
    def tokens(self) -> int:
        """The tokens of all spaces."""
        return sum(space.tokens for space in self.spaces)
