"""The word lists are frozen: a changed line changes the synthetic values of every user."""

import hashlib
from importlib import resources

import pytest

from pgproxy.treatment.locales import LOCALES
from pgproxy.treatment.wordlists import words

EDITION_1 = {
    "first_names": (832, "20780659ed47e8659477df8b112a04663e6990647213c3a38830f68e780a4ffe"),
    "last_names": (980, "978cbcbdf8259e6d1f5550e40e9a588dece905d14493c1d0aaa4ce813ed7f502"),
}


@pytest.mark.parametrize("name", EDITION_1)
def test_a_list_is_what_it_was_when_it_was_released(name: str) -> None:
    count, digest = EDITION_1[name]
    listed = words(name)
    assert len(listed) == count
    assert hashlib.sha256("\n".join(listed).encode()).hexdigest() == digest


@pytest.mark.parametrize("name", EDITION_1)
def test_the_words_are_distinct_names_fit_for_an_address(name: str) -> None:
    listed = words(name)
    assert len(set(listed)) == len(listed)
    assert all(word.isascii() and word.isalpha() and word[0].isupper() for word in listed)


def test_the_lists_of_the_locales_are_what_they_were_when_they_were_released() -> None:
    found = {
        name: hashlib.sha256(
            resources.files("pgproxy.treatment").joinpath("data", f"{name}.txt").read_bytes()
        ).hexdigest()[:16]
        for name in (*(f"person_{locale}" for locale in LOCALES), "plain_words")
    }
    assert found == {
        "person_en": "da9fc80ffd8b9a47",
        "person_de": "2c3859b53581fe08",
        "person_fr": "e1f65cfffc9465b0",
        "person_es": "92cf703aa226b5a4",
        "person_ja": "1b65468f68bbea48",
        "person_zh": "f90bcea4744bbae2",
        "person_ar": "379fb6ce7983d9b6",
        "plain_words": "f5f181851da309f1",
    }
