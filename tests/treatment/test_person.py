"""People: valid in form, nobody's, and no two with one address."""

from hypothesis import given
from hypothesis import strategies as st
import pytest

from pgproxy.policy.rules import Synthetic
from pgproxy.treatment.keys import Keys
from pgproxy.treatment.locales import LOCALES, locale, locale_of
from pgproxy.treatment.person import MAKERS, WHOLE, person_of, short_email
from pgproxy.treatment.shape import FieldType
from pgproxy.treatment.subject import Drawn, subjects
from pgproxy.treatment.synthetic import synthesized
from pgproxy.wire import values
from tests.treatment.vault import applied

KEYS = Keys(bytes(range(32)))
DRAWN = subjects(KEYS, "customer")
NUMBERS = st.integers(0, (1 << 32) - 1) | st.integers(0, (1 << 64) - 1) | st.integers(0, 200_000)
GENDERS = st.sampled_from(["", "f", "m", "Female", "x"])


@pytest.mark.parametrize("name", LOCALES)
def test_lists_have_no_name_twice_and_none_for_both(name: str) -> None:
    lists = locale(name)
    for names in (lists.female + lists.male, lists.last):
        assert len({one.ascii for one in names}) == len(names)
        assert len({one.written for one in names}) == len(names)
        assert all(
            one.ascii.isascii() and one.ascii.isalpha() and one.ascii.islower() for one in names
        )
    assert min(map(len, (lists.female, lists.male))) >= 30
    assert len(lists.last) >= 49
    assert len(lists.cities) >= 20
    assert len({city.name for city in lists.cities}) == len(lists.cities)
    assert all(all(city) for city in lists.cities)


def test_hosts_are_nobodys_and_each_locales_own() -> None:
    hosts = [locale(name).host for name in LOCALES]
    assert len(set(hosts)) == len(LOCALES)
    assert all(host == "example.com" or host.endswith(".example") for host in hosts)


@given(
    st.dictionaries(NUMBERS, st.tuples(GENDERS, st.sampled_from(LOCALES)), min_size=2, max_size=60)
)
def test_no_two_numbers_share_an_address_whatever_else_is_told(
    people: dict[int, tuple[str, str]],
) -> None:
    for kind in ("email", "user_name"):
        by_locale: dict[str, list[str]] = {}
        for number, (gender, name) in people.items():
            drawn = Drawn(bytes(32), number, gender, "")
            by_locale.setdefault(name, []).append(MAKERS[kind](drawn, locale(name)))
        for made in by_locale.values():
            assert len(set(made)) == len(made)


def test_a_hundred_thousand_neighbours() -> None:
    for name in ("zh", "en"):
        where = locale(name)
        found = {MAKERS["email"](DRAWN(b"k%d" % key), where) for key in range(100_000)}
        assert len(found) == 100_000
        short = {short_email(DRAWN(b"k%d" % key), where) for key in range(20_000)}
        assert len(short) == 20_000


@given(st.integers(0, 10**6), st.sampled_from(LOCALES))
def test_what_is_told_of_one_belongs_together(key: int, name: str) -> None:
    drawn, where = DRAWN(b"k%d" % key), locale(name)
    told = {kind: make(drawn, where) for kind, make in MAKERS.items()}
    person = person_of(drawn, where)
    assert person.first in (where.female if told["gender"] == "f" else where.male)
    assert told["email"].startswith(f"{person.first.ascii}.{person.last.ascii}")
    assert told["user_name"].startswith(f"{person.first.ascii}_{person.last.ascii}")
    assert told["first_name"] in told["name"]
    assert told["last_name"] in told["name"]
    city = next(one for one in where.cities if one.name == told["city"])
    assert (told["postal_code"], told["region"]) == (city.postal_code, city.region)
    for part in ("street", "city", "postal_code"):
        assert told[part] in told["address"]
    assert told == {kind: make(DRAWN(b"k%d" % key), where) for kind, make in MAKERS.items()}


@given(st.integers(0, 10**9), st.sampled_from(LOCALES))
def test_numbers_are_valid_in_form_and_nobodys(key: int, name: str) -> None:
    drawn, where = DRAWN(b"k%d" % key), locale(name)
    card = MAKERS["card"](drawn, where)
    digits = [int(digit) for digit in card]
    total = sum(digits[-1::-2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    assert (len(card), card[0], total % 10) == (16, "0", 0)
    iban = MAKERS["iban"](drawn, where)
    moved = "".join(str(int(letter, 36)) for letter in iban[4:] + iban[:4])
    assert int(moved) % 97 == 1
    assert {"DE": 22, "FR": 27, "ES": 24, "SA": 24}[iban[:2]] == len(iban)
    phone = MAKERS["phone"](drawn, where)
    assert phone.startswith(("+1-202-555-01", "+49 30 23125", "+33 1 99 00", "+999 "))
    assert "X" not in phone
    assert "1935" < MAKERS["birth_date"](drawn, where) < "2002-01-02"


def test_a_gender_that_is_told_is_kept_and_a_country_gives_the_locale() -> None:
    field = FieldType(values.TEXT, -1, 0)
    name = synthesized(Synthetic("first_name", of_subject=True), "customer", field, KEYS)
    told = applied(name, [b"kf\x1f\x1f%d" % key for key in range(60)])
    women = {one.written.encode() for one in locale("en").female}
    assert isinstance(told, list)
    assert all(first in women for first in told)
    address = synthesized(Synthetic("country", of_subject=True), "customer", field, KEYS)
    found = applied(address, [b"k\x1fDE\x1f1", b"k\x1fJapan\x1f1", b"k\x1fnowhere\x1f1", b"k1"])
    assert found == [b"Deutschland", "日本".encode(), b"United States", b"United States"]


@pytest.mark.parametrize(
    ("word", "name"),
    [("DE", "de"), ("de-AT", "de"), ("fr_FR", "fr"), ("Germany", "de"), (" es ", "es"), ("x", ""),
     ("", ""), ("der", ""), ("US", "en"), ("japan", "ja")],
)  # fmt: skip
def test_the_locale_of_a_country_or_a_language(word: str, name: str) -> None:
    assert locale_of(word) == name


@pytest.mark.parametrize("kind", sorted(WHOLE))
def test_what_may_not_be_cut_is_null_where_there_is_no_room(kind: str) -> None:
    field = FieldType(values.VARCHAR, 4 + 4, 0)
    treated = synthesized(Synthetic(kind, "de"), "d", field, KEYS)
    assert applied(treated, [b"abcd"]) == [None]


def test_an_address_gives_up_its_names_before_it_gives_up() -> None:
    field = FieldType(values.VARCHAR, 4 + 24, 0)
    treated = synthesized(Synthetic("email", of_subject=True), "d", field, KEYS)
    found = applied(treated, [b"k%d" % key for key in range(300)])
    assert isinstance(found, list)
    assert len(set(found)) == 300
    assert all(one is not None and one.endswith(b"@example.com") for one in found)


@pytest.mark.parametrize("value", [b"Ada", "Zoë".encode(), b"x" * 300])
def test_by_the_value_where_no_subject_is_known(value: bytes) -> None:
    field = FieldType(values.TEXT, -1, 0)
    for kind in MAKERS:
        one = synthesized(Synthetic(kind, "fr"), "d", field, KEYS)
        found = applied(one, [value, value])
        assert isinstance(found, list)
        assert found[0] == found[1] is not None
