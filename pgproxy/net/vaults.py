"""Opens the vault that ``vault.url`` names, with the keys that ``vault.keys`` names."""

from pgproxy.config.proxy import Keys, Provider
from pgproxy.net.vault_postgres import PostgresVault
from pgproxy.vault import store
from pgproxy.vault.envelope import KeyService
from pgproxy.vault.keys import KeyRing
from pgproxy.vault.providers import load_keys
from pgproxy.vault.services import Kms, Transit
from pgproxy.vault.vaultless import Vaultless

SCHEMES = ("postgresql://", "postgres://")


def key_service(keys: Keys) -> KeyService | None:
    """The service that wraps the secrets of the key file; None where they stand in it plainly."""
    if keys.provider is Provider.HASHICORP:
        return Transit(keys.address or "", keys.key or "", keys.token or "")
    if keys.provider is Provider.AWS_KMS:
        return Kms(keys.key or "", keys.region or "", keys.address or "")
    return None


def load_ring(keys: Keys) -> KeyRing:
    """The key ring.  Raises ConfigError, and Unavailable where its service is away."""
    return load_keys(str(keys.provider), keys.location, key_service(keys))


def open_vault(url: str, keys: KeyRing) -> store.Upkeep:
    """The vault of a URL that the configuration has accepted.

    Raises ConfigError where it cannot be ours.  A PostgreSQL server that is away is waited for at
    every use; a file that is away is an error.
    """
    opened = PostgresVault(url, keys) if url.startswith(SCHEMES) else store.open_vault(url, keys)
    return Vaultless(opened, keys)
