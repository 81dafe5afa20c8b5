"""Keyed digests: HMAC-SHA-256, apart by purpose, domain and options."""

import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st
import pytest

from pgproxy.treatment.keys import Keys, keyed_digest


@given(st.binary(max_size=64), st.binary(max_size=200))
def test_the_short_cut_is_hmac(key: bytes, value: bytes) -> None:
    assert keyed_digest(key)(value) == hmac.new(key, value, hashlib.sha256).digest()


def test_purpose_domain_options_and_secret_each_change_the_key() -> None:
    keys = Keys(bytes(32))
    digests = {
        keys.digest("hash", "email")(b"x"),
        keys.digest("noise", "email")(b"x"),
        keys.digest("hash", "phone")(b"x"),
        keys.digest("hash", "email", "3")(b"x"),
        keys.digest("hashe", "mail")(b"x"),
        keys.digest("hash", "email3")(b"x"),
        Keys(bytes(31) + b"\1").digest("hash", "email")(b"x"),
        hashlib.sha256(b"x").digest(),
    }
    assert len(digests) == 8


def test_the_secret_does_not_show_and_must_be_long() -> None:
    assert "42" not in repr(Keys(b"42" * 16))
    with pytest.raises(ValueError, match="32 bytes"):
        Keys(b"short")
