"""What a column most likely holds: by its name, comment and type, and by what values look like.

A guess, for a draft and for warnings: nothing is masked, and nothing shown, because of it.
"""

from collections.abc import Callable, Iterable
import re
from typing import NamedTuple

from pgproxy.wire import values


class Kind(NamedTuple):
    """A class for a draft: its name, a treatment as one writes it, and how columns are called."""

    name: str
    treatment: str
    names: re.Pattern[str]


def _kind(name: str, treatment: str, *words: str) -> Kind:
    return Kind(name, treatment, re.compile(rf"(?:^|_)(?:{'|'.join(words)})(?:_|\d|$)"))


# The first that fits decides.  Names are compared in lower case, camelCase taken apart.
KINDS = (
    _kind("secret", "null", "password", "passwd", "pwd", "secret", "api_?key", "salt", "passphrase",
          "access_?token", "refresh_?token", "private_?key", "otp", "pin"),
    _kind("email", "{token: {format: email}}", "e_?mail", "mail", "e_?mail_?addr(?:ess)?"),
    _kind("phone", "{partial: {last: 3}}", "phone", "phone_?n(?:o|um|umber)", "mobile", "cell",
          "telephone", "tel", "telefon", "fax", "msisdn"),
    _kind("first_name", "{synthetic: first_name}", "first_?name", "given_?name", "forename",
          "vorname", "prenom", "fname"),
    _kind("last_name", "{synthetic: last_name}", "last_?name", "surname", "family_?name",
          "nachname", "lname", "maiden_?name"),
    _kind("full_name", "{synthetic: name}", "full_?name", "display_?name", "contact_?name",
          "ship_?name", "bill(?:ing)?_?name", "customer_?name", "holder", "cardholder"),
    _kind("birth_date", "{noise: {range: 365}}", "birth_?date", "date_?of_?birth", "dob",
          "birth_?day", "birthday", "geburtsdatum"),
    _kind("national_id", "token", "ssn", "social_?security(?:_?n(?:o|umber))?", "national_?id",
          "passport(?:_?n(?:o|umber))?", "tax_?id", "driver_?licen[cs]e", "personnummer", "nif",
          "dni", "steuer_?id", "cpf", "aadhaar"),
    _kind("card", "{token: {format: card}}", "card_?n(?:o|um|umber)", "credit_?card", "pan",
          "cc_?n(?:o|um|umber)"),
    _kind("iban", "{hash: {length: 16}}", "iban", "bank_?account", "account_?n(?:o|um|umber)",
          "routing_?n(?:o|umber)"),
    _kind("salary", "{noise: {percent: 5}}", "salary", "wage", "income", "bonus", "gehalt",
          "compensation"),
    _kind("address", "redact", "address", "addr", "street", "strasse", "address_?line"),
    _kind("postal_code", "{partial: {first: 2}}", "zip", "zip_?code", "postal_?code", "postcode",
          "plz"),
    _kind("ip", "token", "ip", "ip_?addr(?:ess)?", "client_?ip", "remote_?addr"),
    _kind("location", "redact", "lat", "latitude", "lon", "lng", "longitude", "geo", "geom"),
    _kind("health", "redact", "diagnos[ei]s", "blood_?(?:type|group)", "medication", "icd",
          "disability"),
    _kind("gender", "redact", "gender", "sex"),
    _kind("user_name", "token", "user_?name", "login", "nick_?name", "handle"),
    _kind("free_text", "{redact: {text: \"(hidden)\"}}", "comments?", "notes?", "body", "message",
          "remarks?", "bio", "subject"),
)  # fmt: skip
BY_NAME = {kind.name: kind for kind in KINDS}

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_OF_TYPE = {values.INET: "ip", values.CIDR: "ip", values.MACADDR: "ip"}
# Flags and counters are no free text, nor is a date an address.
_TEXTS_ONLY = ("free_text", "address", "email", "full_name", "first_name", "last_name", "user_name")
_TEXTS = (values.TEXT, values.VARCHAR, values.BPCHAR, values.NAME, values.JSON, values.JSONB)
# Types that say yes or no, whatever they are called.
_NEVER = (values.BOOL,)


def by_name(name: str, type_oid: int, comment: str = "") -> str:
    """The class that a column's name, comment or type speaks for; '' for none."""
    if type_oid in _NEVER:
        return ""
    plain = _HUMP.sub("_", name).lower().replace("-", "_").replace(" ", "_")
    words = "_".join(re.findall(r"\w+", comment.lower()))
    for text in (plain, words):
        for kind in KINDS:
            fits = type_oid in _TEXTS or kind.name not in _TEXTS_ONLY
            if fits and text and kind.names.search(text):
                return kind.name
    return _OF_TYPE.get(type_oid, "")


def by_values(samples: Iterable[str]) -> tuple[str, float]:
    """The class whose form most of the values have, and the share of them; ('', 0.0) for none."""
    kept = [text.strip() for text in samples if text.strip()]
    if len(kept) < _FEWEST:
        return "", 0.0
    shares = {name: sum(map(has, kept)) / len(kept) for name, has in _FORMS.items()}
    best = max(shares, key=lambda name: shares[name])
    return (best, shares[best]) if shares[best] >= _MOST else ("", 0.0)


_FEWEST, _MOST = 5, 0.8


def _matches(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda text: compiled.fullmatch(text) is not None


def _is_card(text: str) -> bool:
    digits = re.sub(r"[ -]", "", text)
    if not re.fullmatch(r"[3-6]\d{12,18}", digits):
        return False
    numbers = [int(digit) for digit in reversed(digits)]
    return (sum(numbers[::2]) + sum(sum(divmod(2 * n, 10)) for n in numbers[1::2])) % 10 == 0


def _is_iban(text: str) -> bool:
    plain = text.replace(" ", "").upper()
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", plain):
        return False
    return int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1


_FORMS: dict[str, Callable[[str], bool]] = {
    "email": _matches(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    "card": _is_card,
    "iban": _is_iban,
    "national_id": _matches(r"\d{3}-\d{2}-\d{4}"),
    "ip": _matches(r"(?:\d{1,3}\.){3}\d{1,3}|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){3,7}"),
    "phone": _matches(r"\+[\d ()/.-]{8,20}|\(?0\d{1,4}[\d ()/.-]{6,16}"),
}
