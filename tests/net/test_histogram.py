"""Buckets are cumulative, with the bound itself inside."""

from pgproxy.net.histogram import BOUNDS, Histogram


def test_buckets_are_cumulative() -> None:
    times = Histogram()
    for seconds in (0.0, 0.0005, 0.0006, 3.0, 99.0):
        times.observe(seconds)
    buckets = dict(times.buckets())
    assert buckets["0.0005"] == 2
    assert buckets["0.001"] == 3
    assert buckets["2.5"] == 3
    assert buckets["10.0"] == 4
    assert buckets["+Inf"] == 5
    assert len(buckets) == len(BOUNDS) + 1
    assert times.total == 102.0011
