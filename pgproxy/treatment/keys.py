"""The secret behind hash, synthetic and noise, the keyed digests made with it, what was learned.

Each purpose and each domain gets a key of its own, so that nothing can be matched across them.
HMAC-SHA-256 with both padded keys absorbed once: half the price of the hmac module a value.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
import hashlib
import hmac

from pgproxy.treatment.profiles import Profiles

_BLOCK = 64
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))

Digest = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Keys:
    """``treatment``: 32 secret bytes from the key ring; never printed.

    ``profiles``: the distributions that synthetic values are drawn from.
    """

    treatment: bytes = field(repr=False)
    profiles: Profiles = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if len(self.treatment) < 32:
            raise ValueError("the treatment secret has fewer than 32 bytes")

    def digest(self, purpose: str, domain: str, *options: str) -> Digest:
        """Value → 32 bytes, under a key of this purpose, domain and options."""
        parts = [part.encode() for part in (purpose, domain, *options)]
        # Lengths first: no two lists of parts are spelled alike.
        info = b"".join(len(part).to_bytes(4) + part for part in parts)
        return keyed_digest(hmac.digest(self.treatment, info, "sha256"))


def keyed_digest(key: bytes) -> Digest:
    """HMAC-SHA-256 under a key of at most one block."""
    inner = hashlib.sha256(key.ljust(_BLOCK, b"\0").translate(_INNER))
    outer = hashlib.sha256(key.ljust(_BLOCK, b"\0").translate(_OUTER))

    def digest(value: bytes) -> bytes:
        inside = inner.copy()
        inside.update(value)
        outside = outer.copy()
        outside.update(inside.digest())
        return outside.digest()

    return digest
