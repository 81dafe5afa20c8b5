"""The JSON document in a column as one role sees it: what becomes of it, and of parts of it."""

from collections.abc import Iterable, Mapping

from pgproxy.analysis.lineage import Step
from pgproxy.policy.places import Place, Places
from pgproxy.policy.rules import ANY, PUBLIC, Inside, KeyPath, Null, Paths, Show, Treatment

# json, jsonb and arrays of them
DOCUMENTS = frozenset({114, 3802, 199, 3807})
SEVERAL = "mixed"


class Document:
    """``rest_class``: the class of parts that no path reaches, which is that of the column."""

    def __init__(self, paths: Paths, rest_class: str) -> None:
        self._paths = paths
        self._rest = Inside((), paths.rest, "", rest_class)
        self._places = Places([one.path for one in paths.inside])

    @property
    def whole(self) -> Inside:
        """What becomes of the document itself."""
        return self._of(self._places.top, text=False) or self._rest

    def part(self, path: tuple[Step, ...]) -> Inside | None:
        """What becomes of a part of it; None where no one treatment could do that.

        A text cannot be taken apart any more, and a step may be read in two ways.
        """
        places = {self._places.top}
        for step in path:
            by_key = {self._places.member(place, step.key) for place in places if step.by_key}
            places = by_key | {self._places.element(p) for p in places if step.by_element}
        found = {self._of(place, text=path[-1].text) for place in places}
        return found.pop() if len(found) == 1 else None

    def _of(self, place: Place, *, text: bool) -> Inside | None:
        left = self._places.open(place)
        inside = tuple(self._paths.inside[number]._replace(path=keys) for number, keys in left)
        decided = self._places.decided(place) is not None
        every = inside if decided else (*inside, self._rest)
        alike = len({_alike(one) for one in every}) == 1
        if alike and (text or isinstance(every[-1].treatment, Show | Null)):
            return every[-1]._replace(path=())
        if text:
            return None
        paths = Paths(inside, Show() if decided else self._paths.rest)
        return Inside((), paths, "", one_name(every))


def _alike(one: Inside) -> tuple[Treatment, str]:
    """Parts that agree on it become the same; what is shown or NULL has no domain."""
    return one.treatment, "" if isinstance(one.treatment, Show | Null) else one.domain


def one_name(parts: Iterable[Inside]) -> str:
    """The class of those parts that are not simply shown, or a word for several."""
    found = {one.class_name for one in parts if not isinstance(one.treatment, Show)}
    return found.pop() if len(found) == 1 else SEVERAL


def merged(family: list[Mapping[KeyPath, str]]) -> dict[KeyPath, str]:
    """The paths of a table and of its parents and children, most specific first as theirs are.

    ``public`` is the weakest, as for columns: it holds where all that have paths agree.
    """
    named = [paths for paths in family if paths]
    found: dict[KeyPath, str] = {}
    for path in sorted({path for paths in named for path in paths}, key=_specific):
        classes = [paths.get(path, "") for paths in named]
        masked = [name for name in classes if name not in ("", PUBLIC)]
        if masked or all(classes):
            found[path] = masked[0] if masked else PUBLIC
    return found


def _specific(path: KeyPath) -> tuple[int, list[bool], KeyPath]:
    return -len(path), [key == ANY for key in path], path
