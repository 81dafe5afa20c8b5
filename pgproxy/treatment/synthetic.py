"""synthetic: plausible values, picked from frozen lists by the value's keyed digest.

The same value, domain and key give the same synthetic value in every column, type and format; it
leads back to nobody.  E-mail addresses are at domains reserved for examples (RFC 2606).
"""

from collections.abc import Callable
from dataclasses import dataclass
from struct import Struct

from pgproxy.policy.rules import Synthetic
from pgproxy.treatment.columns import FieldTreatment, Mapped, Nulls
from pgproxy.treatment.keys import Digest, Keys
from pgproxy.treatment.pooled import pooled
from pgproxy.treatment.shape import FieldType
from pgproxy.treatment.wordlists import words
from pgproxy.wire import values

_LOCALE = "en"
_EMAIL_HOSTS = (b"example.com", b"example.org", b"example.net")  # of one length
_EMAIL_NUMBERS = 10_000
# One letter, four digits, the at sign and the host.
_SHORTEST_EMAIL = 1 + 4 + 1 + len(_EMAIL_HOSTS[0])

# A digest in four independent draws: first name, last name, number, host.
_DRAWS: Callable[[bytes], tuple[int, int, int, int]] = Struct(">QQQQ").unpack

Maker = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class _Names:
    """The lists, and the digest that picks from them."""

    digest: Digest
    firsts: list[bytes]
    lasts: list[bytes]

    def each(self, change: Callable[[bytes], bytes]) -> "_Names":
        """The same lists, every name changed: done once, not once a value."""
        firsts = [change(name) for name in self.firsts]
        return _Names(self.digest, firsts, [change(name) for name in self.lasts])


def synthesized(treatment: Synthetic, domain: str, field: FieldType, keys: Keys) -> FieldTreatment:
    """Texts only, but for pools; NULL for kinds and locales that have no list yet."""
    if treatment.pool is not None:
        return pooled(treatment.pool, domain, field, keys)
    if treatment.locale != _LOCALE or not field.is_text:
        return Nulls()
    firsts = [name.encode() for name in words("first_names")]
    lasts = [name.encode() for name in words("last_names")]
    names = _Names(keys.digest("synthetic", domain), firsts, lasts)
    make = _maker(treatment.kind, names, field)
    if make is None:
        return Nulls()
    if field.oid == values.BPCHAR:
        unpadded = make
        return Mapped(lambda value: unpadded(value.rstrip(b" ")))
    return Mapped(make)


def _maker(kind: str, names: _Names, field: FieldType) -> Maker | None:
    """Canonical value → field bytes that fit."""
    if kind == "first_name":
        return _word_maker(names.each(field.fit_ascii).firsts, 0, names.digest)
    if kind == "last_name":
        return _word_maker(names.each(field.fit_ascii).lasts, 1, names.digest)
    if kind == "name":
        return _name_maker(names, field)
    return _email_maker(names, field) if kind == "email" else None


def _word_maker(listed: list[bytes], draw: int, digest: Digest) -> Maker:
    count = len(listed)
    return lambda value: listed[_DRAWS(digest(value))[draw] % count]


def _name_maker(names: _Names, field: FieldType) -> Maker:
    digest, firsts, lasts = names.digest, names.firsts, names.lasts

    def name(value: bytes) -> bytes:
        first, last, _, _ = _DRAWS(digest(value))
        return firsts[first % len(firsts)] + b" " + lasts[last % len(lasts)]

    return name if field.characters is None else lambda value: field.fit_ascii(name(value))


def _email_maker(names: _Names, field: FieldType) -> Maker | None:
    room = field.characters
    if room is not None and room < _SHORTEST_EMAIL:
        return None
    lower = names.each(bytes.lower)
    digest, firsts, lasts = names.digest, lower.firsts, lower.lasts
    # The names give way: the number tells addresses apart, the host makes it an address.
    longest = None if room is None else room - _SHORTEST_EMAIL + 1

    def email(value: bytes) -> bytes:
        first, last, number, host = _DRAWS(digest(value))
        local = firsts[first % len(firsts)] + b"." + lasts[last % len(lasts)]
        if longest is not None:
            local = local[:longest].rstrip(b".")
        host_name = _EMAIL_HOSTS[host % len(_EMAIL_HOSTS)]
        return b"%b%04d@%b" % (local, number % _EMAIL_NUMBERS, host_name)

    return email if room is None else lambda value: field.fit_ascii(email(value))
