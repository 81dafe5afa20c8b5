"""The workers of one proxy answer for each other: one page of metrics, one readiness for all.

Each answers its siblings at a file of its own in a directory that only this user may enter.  One
that is being started again is left out, as its counts are; one that hangs fails the page, for
counts that come and go would look like restarts.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
import logging

from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from pgproxy.errors import Unavailable
from pgproxy.net.workers import Place, socket_path

_SECONDS = 3.0

# What is not the sum over the workers.
_JOINED: dict[str, Callable[[float, float], float]] = {
    "pgproxy_build_info": max,
    "pgproxy_catalog_age_seconds": max,
    "process_start_time_seconds": min,
    "process_max_fds": min,
}

log = logging.getLogger(__name__)


class Siblings:
    """The other workers, from one worker's place."""

    def __init__(self, place: Place) -> None:
        self._others = [n for n in range(place.count) if n != place.number]
        self._directory = place.directory

    async def families(self) -> list[list[Metric]]:
        """Their metrics, worker by worker.  Raises Unavailable where one hangs."""
        answers = await self._ask("/metrics")
        return [list(text_string_to_metric_families(body)) for _, body in answers]

    async def check(self) -> None:
        """Raises Unavailable where one of them is not ready."""
        answers = await self._ask("/readyz")
        if len(answers) < len(self._others):
            raise Unavailable("a worker is being started again")
        unready = sum(status != "200" for status, _ in answers)
        if unready:
            raise Unavailable(f"{unready} of the other workers not ready; their log says why")

    async def _ask(self, path: str) -> list[tuple[str, str]]:
        """Status and body of those that are there."""
        asked = (self._get(number, path) for number in self._others)
        return [answer for answer in await asyncio.gather(*asked) if answer]

    async def _get(self, number: int, path: str) -> tuple[str, str] | None:
        try:
            async with asyncio.timeout(_SECONDS):
                reader, writer = await asyncio.open_unix_connection(
                    socket_path(self._directory, number)
                )
                try:
                    writer.write(f"GET {path} HTTP/1.1\r\n\r\n".encode())
                    answer = (await reader.read(-1)).decode()
                finally:
                    writer.close()
        except TimeoutError:
            raise Unavailable(f"worker {number} does not answer") from None
        except OSError:
            return None
        head, _, body = answer.partition("\r\n\r\n")
        with suppress(ValueError):
            _, status, _ = head.split(" ", 2)
            return status, body
        return None


def joined(workers: Iterable[Sequence[Metric]]) -> list[Metric]:
    """One set of families out of those of several workers."""
    families: dict[tuple[str, str], Metric] = {}
    for worker in workers:
        for family in worker:
            known = families.get((family.name, family.type))
            families[family.name, family.type] = _join(known, family) if known else family
    return list(families.values())


def _join(one: Metric, other: Metric) -> Metric:
    join = _JOINED.get(one.name, float.__add__)
    values: dict[tuple[str, frozenset[tuple[str, str]]], Sample] = {}
    for sample in (*one.samples, *other.samples):
        key = (sample.name, frozenset(sample.labels.items()))
        known = values.get(key)
        value = join(float(known.value), float(sample.value)) if known else sample.value
        values[key] = Sample(sample.name, sample.labels, value)
    result = Metric(one.name, one.documentation, one.type)
    result.samples = list(values.values())
    return result
