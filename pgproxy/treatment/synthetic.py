"""synthetic: plausible values, picked from frozen lists by the value's keyed digest.

The same value, domain and key give the same synthetic value in every column, type and format; it
leads back to nobody.  E-mail addresses are at domains reserved for examples (RFC 2606).
"""

from collections.abc import Callable
from dataclasses import dataclass
from struct import Struct

from pgproxy.policy.rules import Synthetic
from pgproxy.treatment.columns import FieldTreatment, Mapped, Nulls
from pgproxy.treatment.free_text import plausible
from pgproxy.treatment.keys import Digest, Keys
from pgproxy.treatment.locales import LOCALES, locale, locale_of
from pgproxy.treatment.person import MAKERS, WHOLE, short_email
from pgproxy.treatment.pooled import pooled
from pgproxy.treatment.shape import FieldType
from pgproxy.treatment.subject import Drawn, subjects
from pgproxy.treatment.wordlists import words
from pgproxy.wire import values

_LOCALE = "en"
_LISTED = ("first_name", "last_name", "name", "email")
_OTHER_TYPES = {"birth_date": (values.DATE,), "card": (values.INT8, values.NUMERIC)}
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
    """Texts; days for a date of birth, a number for a card; NULL for what cannot be of the type."""
    if treatment.pool is not None:
        return pooled(treatment, treatment.pool, domain, field, keys)
    if treatment.of_subject:
        return _told(treatment, subjects(keys, domain), field)
    if treatment.kind == "text":
        return _free_text(keys.digest("synthetic text", domain), field)
    if treatment.kind in _LISTED and treatment.locale == _LOCALE:
        return _listed(treatment.kind, keys.digest("synthetic", domain), field)
    drawn = subjects(keys, f"value of {domain}")

    def of_value(value: bytes) -> Drawn:
        return drawn(b"v" + values.decode(field.oid, field.format, value))

    return _told(treatment, of_value, field)


def _told(
    treatment: Synthetic, drawn: Callable[[bytes], Drawn], field: FieldType
) -> FieldTreatment:
    """What is told of a person."""
    make, written = MAKERS.get(treatment.kind), _written(treatment.kind, field)
    if make is None or written is None or treatment.locale not in LOCALES:
        return Nulls()
    own = locale(treatment.locale)

    def treat(value: bytes) -> bytes | None:
        try:
            subject = drawn(value)
            name = locale_of(subject.country)
            where = locale(name) if name else own
            text = written(make(subject, where))
            if text is None and treatment.kind == "email":
                text = written(short_email(subject, where))
        except values.Unsupported:
            return None
        return text

    return Mapped(treat)


def _written(kind: str, field: FieldType) -> Callable[[str], bytes | None] | None:
    """How a text becomes field bytes, None where it does not fit; no way for other types."""
    if not field.is_text:
        fits = field.oid in _OTHER_TYPES.get(kind, ())
        return (
            (lambda text: values.encode(field.oid, field.format, text.encode())) if fits else None
        )
    room = field.characters
    if kind in WHOLE and room is not None:
        return lambda text: field.fit(text) if len(text) <= room else None
    return field.fit


def _free_text(digest: Digest, field: FieldType) -> FieldTreatment:
    if not field.is_text:
        return Nulls()

    def treat(value: bytes) -> bytes | None:
        try:
            text = values.decode(field.oid, field.format, value).decode()
        except (values.Unsupported, UnicodeDecodeError):
            return None
        return field.fit(plausible(text, digest))

    return Mapped(treat)


def _listed(kind: str, digest: Digest, field: FieldType) -> FieldTreatment:
    """Names of the long English lists, picked by the value."""
    if not field.is_text:
        return Nulls()
    firsts = [name.encode() for name in words("first_names")]
    lasts = [name.encode() for name in words("last_names")]
    make = _maker(kind, _Names(digest, firsts, lasts), field)
    if make is None:
        return Nulls()

    def other(value: bytes) -> bytes:
        made = make(value)
        # By chance it would be the value itself: another draw.
        return made if made != value else make(value + b"\0")

    if field.oid == values.BPCHAR:
        return Mapped(lambda value: other(value.rstrip(b" ")))
    return Mapped(other)


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
