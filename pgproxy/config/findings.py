"""pydantic's complaints in our words: which key and line, what was expected, the nearest key.

Nothing of an input value is taken from pydantic: what a finding may show is decided in fields.py.
"""

from collections.abc import Iterable, Mapping
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from pgproxy.config.fields import ALREADY, NESTED, TOLD, Section, listed, nearest, shown
from pgproxy.config.yaml import Document, Path

S = TypeVar("S", bound=Section)


def validate(model: type[S], document: Document, context: Mapping[str, Any]) -> S | None:
    """The document's value as ``model``; None when something is wrong, which is then reported."""
    if document.is_broken(()):
        return None
    try:
        return model.model_validate(document.value, context=dict(context))
    except ValidationError as error:
        report(document, model, error, ())
        return None


def report(document: Document, model: type[Section], error: ValidationError, at: Path) -> None:
    """Every complaint about a value that stands at ``at`` and was read as ``model``."""
    for detail in error.errors(include_url=False, include_context=True):
        where = (*at, *(step for step in detail["loc"] if step != "[key]"))
        if not document.is_broken(where):
            _one(document, model, detail, where)


def _one(document: Document, model: type[Section], detail: ErrorDetails, where: Path) -> None:
    kind, loc = detail["type"], tuple(step for step in detail["loc"] if step != "[key]")
    if kind == ALREADY:
        return
    if kind == TOLD:
        document.report(where, detail["ctx"]["message"])
    elif kind == NESTED:
        name, inner = detail["ctx"]["name"], detail["ctx"]["error"]
        report(document, detail["ctx"]["model"], inner, (*where, name))
    elif kind == "missing":
        owner = _model_at(model, loc[:-1])
        field = _keys(owner).get(str(loc[-1])) if owner else None
        expected = field.description if field else None
        document.report(where, f"missing; expected {expected or 'a value'}")
    elif kind == "extra_forbidden":
        document.report(where, _unknown(model, loc))
    elif kind == "too_short":
        document.report(where, "found an empty list; expected one entry at least")
    else:
        document.report(where, f"found {shown(detail['input'])}; expected {_shape(model, loc)}")


def _keys(model: type[Section]) -> dict[str, FieldInfo]:
    """The keys of a section as they are written."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _unknown(model: type[Section], loc: Path) -> str:
    owner = _model_at(model, loc[:-1])
    known = list(_keys(owner)) if owner else []
    name = str(loc[-1])
    # A key that is spelt right is in the wrong place, however near another one comes.
    homes = sorted(set(_homes(model, name)))
    if homes:
        return f"unknown key here; `{name}` belongs under {listed(homes)}"
    near = nearest(name, known)
    if near:
        return f"unknown key; did you mean `{near}`?"
    return f"unknown key; expected {listed(known) or 'no key at all'}"


def _shape(model: type[Section], loc: Path) -> str:
    """What stands at a place that takes no single value."""
    owner = _model_at(model, loc)
    if owner:
        return f"a mapping with {listed(list(_keys(owner)), 'and')}"
    return "a list" if _origin_at(model, loc) is list else "a mapping"


def _model_at(model: type[Section], loc: Path) -> type[Section] | None:
    found = _annotation(model, loc)
    return found if isinstance(found, type) and issubclass(found, Section) else None


def _origin_at(model: type[Section], loc: Path) -> object:
    return getattr(_annotation(model, loc), "__origin__", None)


def _annotation(model: type[Section], loc: Path) -> Any:
    """The type that a path leads to: a field of a section, or an element of a list or a mapping."""
    found: Any = model
    for step in loc:
        if isinstance(found, type) and issubclass(found, Section):
            field = _keys(found).get(str(step))
            found = _given(field.annotation) if field else None
        else:
            arguments = get_args(found)
            found = arguments[-1] if arguments else None
    return found


def _given(annotation: Any) -> Any:
    """A type that may be left out, as the type it is when it is there."""
    given = [kind for kind in get_args(annotation) if kind is not NoneType]
    return given[0] if isinstance(annotation, UnionType) and len(given) == 1 else annotation


def _homes(model: type[Section], name: str) -> Iterable[str]:
    """The sections, anywhere in the file, that have this key."""
    for key, field in _keys(model).items():
        annotation: Any = field.annotation
        while get_args(annotation):
            annotation = get_args(annotation)[-1]
        if isinstance(annotation, type) and issubclass(annotation, Section):
            if name in _keys(annotation):
                yield key
            yield from (f"{key}.{home}" for home in _homes(annotation, name))
