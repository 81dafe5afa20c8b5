"""What the vault stores of a value: a look-up and a sealed value, for one space.

*Look-up*: HMAC-SHA-256 under the domain's key, cut to 16 bytes; the kind goes in, so that the same
value has unrelated look-ups in a text and an integer space.  *Sealed*: 12 random bytes of nonce,
then AES-256-GCM of the value.  Domain, kind, key id and token are authenticated with it: a sealed
value moved to another row does not open.  Works on whole batches; knows no storage.
"""

from collections.abc import Sequence
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from pgproxy.errors import Unavailable
from pgproxy.treatment.tokens import ONE_WAY, TokenSpace
from pgproxy.vault.keys import KeyRing

LOOKUP_BYTES = 16
_NONCE_BYTES = 12


class SpaceCipher:
    """Look-ups and sealing for one token space.  Subkeys are derived once and kept."""

    def __init__(self, keys: KeyRing, space: TokenSpace) -> None:
        self._keys = keys
        self._space = space
        self._hmac = HMAC(keys.lookup_key(space.domain), SHA256())
        self._hmac.update(_framed(space.kind))
        self._sealing: dict[str, tuple[AESGCM, bytes]] = {}

    def lookups(self, values: Sequence[bytes]) -> list[bytes]:
        """The look-up of each value."""
        start = self._hmac.copy
        result = []
        for value in values:
            state = start()
            state.update(value)
            result.append(state.finalize()[:LOOKUP_BYTES])
        return result

    @property
    def one_way(self) -> bool:
        """Whether no value is kept, so that no token can be resolved."""
        return self._space.domain.endswith(ONE_WAY)

    def seal(self, tokens: Sequence[bytes], values: Sequence[bytes]) -> list[bytes]:
        """Each value sealed to its token under the primary key; nothing where it is one way."""
        if self.one_way:
            values = [b""] * len(values)
        gcm, bound = self._under(self._keys.primary)
        encrypt = gcm.encrypt
        random = secrets.token_bytes(_NONCE_BYTES * len(values))
        nonces = [random[at : at + _NONCE_BYTES] for at in range(0, len(random), _NONCE_BYTES)]
        return [
            nonce + encrypt(nonce, value, bound + token)
            for nonce, token, value in zip(nonces, tokens, values, strict=True)
        ]

    def open(self, key_id: str, token: bytes, sealed: bytes) -> bytes:
        """The value of a sealed one; what was altered or moved does not open."""
        gcm, bound = self._under(key_id)
        try:
            return gcm.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound + token)
        except (InvalidTag, ValueError):
            raise Unavailable("a sealed value of the vault is damaged or was altered") from None

    def _under(self, key_id: str) -> tuple[AESGCM, bytes]:
        known = self._sealing.get(key_id)
        if known is None:
            bound = _framed(self._space.domain) + _framed(self._space.kind) + _framed(key_id)
            known = (AESGCM(self._keys.sealing(key_id, self._space.domain)), bound)
            self._sealing[key_id] = known
        return known


def _framed(text: str) -> bytes:
    """Length first, so that no two lists of parts read the same when joined."""
    data = text.encode("utf-8")
    return len(data).to_bytes(4, "big") + data
