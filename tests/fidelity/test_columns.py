"""What is told of a column and of a table; and that nothing is told of a few rows."""

import dataclasses
import random

import pytest

from pgproxy.fidelity.columns import MINIMUM_GROUP, ColumnPair, compare
from pgproxy.fidelity.histograms import bins_of
from pgproxy.fidelity.page import page
from pgproxy.fidelity.picture import picture
from pgproxy.fidelity.report import Report
from pgproxy.fidelity.tables import compare_table, within
from pgproxy.treatment.profiles import Family


def pair(real: list[bytes | None], treated: list[bytes | None], **more: object) -> ColumnPair:
    made = ColumnPair("pay", "money", "noise", Family.NUMBER, real, treated)
    return dataclasses.replace(made, **more)  # type: ignore[arg-type]


def column(count: int, seed: int = 1) -> list[bytes | None]:
    rng = random.Random(seed)
    return [b"%d" % rng.randrange(10_000) for _ in range(count)]


def test_a_value_in_its_place_survives_and_one_elsewhere_does_not() -> None:
    real = column(100)
    found = compare(pair(real, [real[0], *reversed(real[1:])]))
    assert found.survivors >= 1
    assert not found.safe
    assert found.anywhere == 1.0
    moved = compare(pair(real, [b"-" + (value or b"") for value in real]))
    assert (moved.survivors, moved.safe, moved.anywhere) == (0, True, 0.0)


def test_a_null_is_no_survivor() -> None:
    nothing: list[bytes | None] = [None] * 50
    found = compare(pair(nothing + column(50), nothing * 2))
    assert (found.survivors, found.safe) == (0, True)
    assert found.nulls == (0.5, 1.0)
    assert found.alike is None


@pytest.mark.parametrize("more", [{"coarse": True}, {"shown": True}])
def test_what_may_stay_is_counted_and_no_failure(more: dict[str, bool]) -> None:
    real = column(100)
    found = compare(pair(real, real, **more))
    assert found.survivors == 100
    assert found.safe


def test_of_fewer_rows_than_a_group_only_survivors_are_told() -> None:
    real = column(MINIMUM_GROUP - 1)
    found = compare(pair(real, real))
    assert found.survivors == len(real)
    assert (found.nulls, found.unique, found.alike, found.bins) == (None, None, None, None)
    table = compare_table("s.t", [pair(real, real), pair(real, real, name="other")])
    assert (table.associations, table.records) == ((), None)


def test_no_bar_is_of_fewer_rows_than_a_group() -> None:
    rng = random.Random(5)
    numbers = [rng.expovariate(1) ** 3 for _ in range(500)]
    bins = bins_of(numbers, numbers, Family.NUMBER, 20)
    assert bins is not None
    assert bins.real == bins.treated
    assert (bins.edges[0], bins.edges[-1]) == (0.0, 1.0)
    for start, end, density in zip(bins.edges, bins.edges[1:], bins.real, strict=False):
        assert round(density * (end - start) * len(numbers)) >= 20
    assert bins_of(numbers[:39], numbers[:39], Family.NUMBER, 20) is None


def test_an_axis_shows_round_places_and_no_dates() -> None:
    rng = random.Random(6)
    days = [float(rng.randrange(-20_000, 1000)) for _ in range(300)]
    bins = bins_of(days, days, Family.DATE, 20)
    assert bins is not None
    assert len(bins.ticks) >= 3
    assert all(len(words) == 4 and 0 <= at <= 1 for at, words in bins.ticks)
    months = [float(rng.randrange(0, 400)) for _ in range(300)]
    short = bins_of(months, months, Family.DATE, 20)
    assert short is not None
    assert all(len(words) == 7 for _, words in short.ticks)
    numbers = bins_of([float(n) for n in range(1000)], [0.0] * 30, Family.NUMBER, 20)
    assert numbers is not None
    assert [words for _, words in numbers.ticks] == ["200", "400", "600", "800"]


def test_a_column_beyond_the_stated_error_is_told_so() -> None:
    real = column(400)
    near = [b"%d" % (int(value or b"0") + 1) for value in real]
    far = column(400, seed=2)
    assert within(compare(pair(real, list(near), like=True))) is True
    assert within(compare(pair(real, far, like=True))) is False
    assert within(compare(pair(real, far))) is None


def test_pages_are_well_formed_and_escape_names() -> None:
    from xml.etree import ElementTree

    real = column(400)
    treated: list[bytes | None] = [b"%d" % (int(value or b"0") + 1) for value in real]
    odd = pair(real, treated, like=True, name="<pay&>")
    texts = pair(column(400, 3), column(400, 4), family=None, name="note", class_name="t")
    half: list[bytes | None] = [b"a", b"b"] * 200
    kinds = [pair(half, half[::-1], family=None, name=name) for name in ("kind", "type")]
    table = compare_table("s.<t>", [odd, pair(treated, real, name="x"), texts, *kinds])
    assert {one.kind for one in table.associations} == {"correlation", "categories"}
    report = Report("an&alyst", "<shop>", (table,))
    ElementTree.fromstring(picture(report))
    html = page(report)
    ElementTree.fromstring(
        html.replace("<!doctype html>", "")
        .replace('<meta charset="utf-8">', "")
        .replace('<meta name="viewport" content="width=device-width, initial-scale=1">', "")
    )
    assert "<t>" not in html
    assert "&lt;pay&amp;&gt;" in html


def test_values_are_in_no_repr() -> None:
    assert "secret" not in repr(pair([b"secret"], [b"secret"]))


def test_numbers_out_of_all_measure_do_not_count() -> None:
    real = column(100)
    odd: list[bytes | None] = [b"NaN", b"Infinity", b"-Infinity", b"1e300", *real]
    seen: list[bytes | None] = [None, b"1", b"2", b"3", *(b"1" + (value or b"") for value in real)]
    alike = compare(pair(odd, seen)).alike
    assert alike is not None
    assert alike == compare(pair(real, seen[4:])).alike
