"""Opens the vault that ``vault.url`` names: a SQLite file, or a PostgreSQL database."""

from pgproxy.net.vault_postgres import PostgresVault
from pgproxy.vault import store
from pgproxy.vault.keys import KeyRing

SCHEMES = ("postgresql://", "postgres://")


def open_vault(url: str, keys: KeyRing) -> store.Upkeep:
    """The vault of a URL that the configuration has accepted.

    Raises ConfigError where it cannot be ours.  A PostgreSQL server that is away is waited for at
    every use; a file that is away is an error.
    """
    if url.startswith(SCHEMES):
        return PostgresVault(url, keys)
    return store.open_vault(url, keys)
