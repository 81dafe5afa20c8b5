"""One person from what was drawn of a subject: everything that is told of them belongs together.

Gender, first and last name are digits of the subject's number, in a mixed radix; what is left of it
stands in the address of mail and in the user name.  From those the number can be told again, so
that no two numbers share an address: unique by construction.  A gender that another column tells
takes the place of the number's own, which then stays in what is left.
"""

from collections.abc import Callable
from datetime import date, timedelta
from struct import Struct
from typing import NamedTuple

from pgproxy.treatment.locales import City, Locale, Name
from pgproxy.treatment.subject import Drawn

_WORDS: Callable[[bytes], tuple[int, int, int, int, int, int, int, int]] = Struct(">8I").unpack

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

# The year in which everybody is from 18 to 84: it never moves, nor do birthdays.
_NOW = date(2020, 1, 1)
_YOUNGEST, _AGES = 18 * 365 + 5, 66 * 365
_MALE = ("m", "male", "man", "mann", "männlich", "homme", "hombre", "masculino", "男")
_FEMALE = (
    "f",
    "w",
    "female",
    "woman",
    "frau",
    "weiblich",
    "femme",
    "mujer",
    "femenino",
    "女",
    "أنثى",
)

# Industry identifier 0 is no issuer's (ISO/IEC 7812); codes of banks that no bank has.
_CARD_DIGITS = 16
_BANKS = {"DE": "00000000", "FR": "0000000000", "ES": "00000000", "SA": "00"}
_IBAN_DIGITS = {"DE": 18, "FR": 23, "ES": 20, "SA": 20}
_IBAN_ELSEWHERE = "DE"


class Person(NamedTuple):
    """Who they are, as far as names go."""

    gender: str
    first: Name
    last: Name
    rest: int


def person_of(drawn: Drawn, locale: Locale) -> Person:
    """The person with that number."""
    rest, bit = divmod(drawn.number, 2)
    told = drawn.gender.strip().lower()
    gender = "f" if told in _FEMALE else "m" if told in _MALE else "fm"[bit]
    firsts = locale.female if gender == "f" else locale.male
    rest, first = divmod(rest, len(firsts))
    rest, last = divmod(rest, len(locale.last))
    return Person(gender, firsts[first], locale.last[last], 2 * rest + bit)


Maker = Callable[[Drawn, Locale], str]


def _first_name(drawn: Drawn, locale: Locale) -> str:
    return person_of(drawn, locale).first.written


def _last_name(drawn: Drawn, locale: Locale) -> str:
    return person_of(drawn, locale).last.written


def _name(drawn: Drawn, locale: Locale) -> str:
    person = person_of(drawn, locale)
    first, last = person.first.written, person.last.written
    return last + first if locale.family_first else f"{first} {last}"


def _gender(drawn: Drawn, locale: Locale) -> str:
    return person_of(drawn, locale).gender


def _user_name(drawn: Drawn, locale: Locale) -> str:
    _, first, last, rest = person_of(drawn, locale)
    return f"{first.ascii}_{last.ascii}{rest}"


def _email(drawn: Drawn, locale: Locale) -> str:
    _, first, last, rest = person_of(drawn, locale)
    return f"{first.ascii}.{last.ascii}{rest}@{locale.host}"


def short_email(drawn: Drawn, locale: Locale) -> str:
    """Where there is no room for names: the number alone."""
    number, letters = drawn.number, ""
    while number or not letters:
        number, digit = divmod(number, len(_DIGITS))
        letters += _DIGITS[digit]
    return f"u{letters}@{locale.host}"


def _city_of(drawn: Drawn, locale: Locale) -> City:
    return locale.cities[_WORDS(drawn.digest)[0] % len(locale.cities)]


def _street(drawn: Drawn, locale: Locale) -> str:
    return locale.streets[_WORDS(drawn.digest)[1] % len(locale.streets)]


def _address(drawn: Drawn, locale: Locale) -> str:
    city = _city_of(drawn, locale)
    return locale.address.format(
        number=_WORDS(drawn.digest)[2] % 120 + 1,
        street=_street(drawn, locale),
        city=city.name,
        postal_code=city.postal_code,
        region=city.region,
    )


def _phone(drawn: Drawn, locale: Locale) -> str:
    digits = iter(f"{drawn.number % 10**12:012}"[::-1])
    return "".join(next(digits) if place == "X" else place for place in locale.phone)


def _company(drawn: Drawn, locale: Locale) -> str:
    words = _WORDS(drawn.digest)
    owner = locale.last[words[3] % len(locale.last)].written
    kind = locale.companies[words[4] % len(locale.companies)]
    return owner + kind if locale.family_first else f"{owner} {kind}"


def _birth_date(drawn: Drawn, _: Locale) -> str:
    days = _YOUNGEST + _WORDS(drawn.digest)[5] % _AGES
    return (_NOW - timedelta(days)).isoformat()


def _card(drawn: Drawn, _: Locale) -> str:
    digits = f"0{drawn.number % 10 ** (_CARD_DIGITS - 2):0{_CARD_DIGITS - 2}}"
    total = sum(sum(divmod(int(d) * (2 - n % 2), 10)) for n, d in enumerate(digits))
    return f"{digits}{-total % 10}"


def _iban(drawn: Drawn, locale: Locale) -> str:
    country = locale.country_code if locale.country_code in _BANKS else _IBAN_ELSEWHERE
    bank = _BANKS[country]
    account = _IBAN_DIGITS[country] - len(bank)
    digits = bank + f"{drawn.number % 10**account:0{account}}"
    letters = "".join(str(int(letter, 36)) for letter in country)
    return f"{country}{98 - int(f'{digits}{letters}00') % 97:02}{digits}"


# What can be told of a person.
MAKERS: dict[str, Maker] = {
    "first_name": _first_name,
    "last_name": _last_name,
    "name": _name,
    "gender": _gender,
    "user_name": _user_name,
    "email": _email,
    "phone": _phone,
    "street": _street,
    "address": _address,
    "city": lambda drawn, locale: _city_of(drawn, locale).name,
    "postal_code": lambda drawn, locale: _city_of(drawn, locale).postal_code,
    "region": lambda drawn, locale: _city_of(drawn, locale).region,
    "country": lambda _, locale: locale.country,
    "company": _company,
    "birth_date": _birth_date,
    "card": _card,
    "iban": _iban,
}
# Cut short they would be something else, or somebody else's.
WHOLE = frozenset({"user_name", "email", "phone", "postal_code", "card", "iban", "birth_date"})
