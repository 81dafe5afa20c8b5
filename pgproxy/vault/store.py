"""What every vault does, whichever database is under it, and how one is opened."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from pgproxy.errors import ConfigError, Finding
from pgproxy.treatment.tokens import TokenSpace
from pgproxy.vault.keys import KeyRing
from pgproxy.vault.sqlite_upkeep import SqliteUpkeep
from pgproxy.vault.status import VaultStatus

_SQLITE = "sqlite:///"


class Vault(Protocol):
    """Value ⇄ token, durable.  Blocking: the shell calls it from a thread of its own.

    Every method raises ``Unavailable`` when the answer cannot be had; none ever names a value.
    """

    def tokens(self, space: TokenSpace, values: Sequence[bytes]) -> list[bytes]:
        """The token of each value, made where there is none; durable before this returns."""

    def values(self, space: TokenSpace, tokens: Sequence[bytes]) -> list[bytes | None]:
        """The value of each token, None for what is no token of the space."""

    def ping(self) -> None:
        """Returns when the vault can answer."""

    def status(self) -> VaultStatus:
        """What is in it; counts all rows, so not for every second."""

    def close(self) -> None:
        """Let go of the storage; closing twice is fine."""


class Upkeep(Vault, Protocol):
    """A vault as its owner's commands see it."""

    def forget(self, space: TokenSpace, values: Sequence[bytes]) -> int:
        """Erase these values and their tokens for good; how many there were."""

    def reseal(self, limit: int) -> int:
        """Seal up to ``limit`` values of other keys under the primary key; how many it were.

        Goes on from where the last call ended; 0: nothing is left.
        """


def open_vault(url: str, keys: KeyRing, base: Path | None = None) -> Upkeep:
    """Open ``sqlite:///PATH``, relative to ``base``; ``net.vaults`` opens the others.

    ``sqlite:////var/lib/vault.db`` is absolute.  The path is taken as written: no escapes, no
    options.
    """
    path = url.removeprefix(_SQLITE)
    if path and path != url:
        return SqliteUpkeep((base or Path()) / path, keys)
    # The url itself is not repeated: it may hold a password.
    raise ConfigError((Finding("vault.url", 0, "expected sqlite:///PATH"),))
