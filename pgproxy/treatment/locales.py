"""What people are called and where they live, by locale: frozen lists, each with an edition.

``data/person_<locale>.txt`` has a section a list.  Names are written in the script of the locale
and in ASCII, for addresses of mail: no two of a list are written alike there, nor are a woman's and
a man's.
"""

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import NamedTuple

LOCALES = ("en", "de", "fr", "es", "ja", "zh", "ar")


class Name(NamedTuple):
    """One name, and how it stands in an address."""

    written: str
    ascii: str


class City(NamedTuple):
    """One city, a postal code of it, and where it lies."""

    name: str
    postal_code: str
    region: str


@dataclass(frozen=True, slots=True)
class Locale:
    """One locale.  ``host``: of its addresses, under names that nobody has (RFC 2606)."""

    name: str
    female: tuple[Name, ...]
    male: tuple[Name, ...]
    last: tuple[Name, ...]
    cities: tuple[City, ...]
    streets: tuple[str, ...]
    companies: tuple[str, ...]
    country: str
    country_code: str
    host: str
    phone: str  # where X stands for a digit
    address: str
    family_first: bool = False


# Country, its code, host, phone, address.  Numbers for fiction: 555-0100 to 0199 of the North
# American Numbering Plan, 030 23125 of the Bundesnetzagentur, 01 99 00 of the Arcep; elsewhere the
# country code 999, which ITU-T E.164 keeps in reserve.
_FACTS: dict[str, tuple[str, str, str, str, str]] = {
    "en": ("United States", "US", "example.com", "+1-202-555-01XX",
           "{number} {street}, {city}, {postal_code}"),
    "de": ("Deutschland", "DE", "beispiel.example", "+49 30 23125 XXX",
           "{street} {number}, {postal_code} {city}"),
    "fr": ("France", "FR", "exemple.example", "+33 1 99 00 XX XX",
           "{number} {street}, {postal_code} {city}"),
    "es": ("España", "ES", "ejemplo.example", "+999 9XX XXX XXX",
           "{street} {number}, {postal_code} {city}"),
    "ja": ("日本", "JP", "rei.example", "+999 3-XXXX-XXXX",
           "〒{postal_code} {region}{city}{street}{number}"),
    "zh": ("中国", "CN", "shili.example", "+999 1XX XXXX XXXX",
           "{region}{city}{street}{number}号 {postal_code}"),
    "ar": ("المملكة العربية السعودية", "SA", "mithal.example", "+999 5X XXX XXXX",
           "{street} {number}، {city} {postal_code}"),
}  # fmt: skip
_FAMILY_FIRST = ("ja", "zh")

# What a column that tells a country may say, besides the code: names people use.
_COUNTRIES = {
    "US": "en", "GB": "en", "UK": "en", "IE": "en", "CA": "en", "AU": "en", "NZ": "en", "USA": "en",
    "DE": "de", "AT": "de", "CH": "de", "LI": "de", "FR": "fr", "BE": "fr", "LU": "fr", "MC": "fr",
    "ES": "es", "MX": "es", "AR": "es", "CO": "es", "CL": "es", "PE": "es", "UY": "es", "JP": "ja",
    "CN": "zh", "TW": "zh", "HK": "zh", "SG": "zh", "SA": "ar", "AE": "ar", "EG": "ar", "JO": "ar",
    "MA": "ar", "QA": "ar", "KW": "ar", "TN": "ar", "DZ": "ar", "IQ": "ar", "LB": "ar",
    "UNITED STATES": "en", "UNITED KINGDOM": "en", "GERMANY": "de", "AUSTRIA": "de",
    "SWITZERLAND": "de", "FRANCE": "fr", "SPAIN": "es", "MEXICO": "es", "JAPAN": "ja",
    "CHINA": "zh", "EGYPT": "ar", "SAUDI ARABIA": "ar", "DEUTSCHLAND": "de", "ESPAÑA": "es",
}  # fmt: skip


def locale_of(country: str) -> str:
    """The locale of what a column says of a country or a language; '' for one we have not."""
    word = country.strip()
    if word.lower()[:2] in LOCALES and word[2:3] in ("", "-", "_") and word[:2].islower():
        return word.lower()[:2]
    return _COUNTRIES.get(word.upper(), "")


@cache
def locale(name: str) -> Locale:
    """The lists of one locale."""
    lists = _read(name)
    country, code, host, phone, address = _FACTS[name]
    return Locale(
        name,
        female=_names(lists["female"]),
        male=_names(lists["male"]),
        last=_names(lists["last"]),
        cities=tuple(City(*line.split("|")) for line in lists["city"].split(";")),
        streets=tuple(lists["street"].split(",")),
        companies=tuple(lists["company"].split(",")),
        country=country,
        country_code=code,
        host=host,
        phone=phone,
        address=address,
        family_first=name in _FAMILY_FIRST,
    )


def _read(name: str) -> dict[str, str]:
    file = resources.files("pgproxy.treatment").joinpath("data", f"person_{name}.txt")
    lines = [line for line in file.read_text("utf-8").splitlines() if not line.startswith("#")]
    return {heading[1:-1]: text for heading, text in zip(lines[::2], lines[1::2], strict=True)}


def _names(text: str) -> tuple[Name, ...]:
    pairs = (entry.partition("|") for entry in text.split(","))
    return tuple(Name(written, ascii or written.lower()) for written, _, ascii in pairs)
