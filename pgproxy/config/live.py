"""The policy held against the catalog of a database: what matches nothing, and what cannot work."""

from collections.abc import Iterator

from pgproxy.analysis.catalog import SYSTEM_SCHEMAS, Catalog, Column, Relation
from pgproxy.config.fields import nearest
from pgproxy.config.sensitive import by_name
from pgproxy.errors import Finding
from pgproxy.policy.globs import compile_glob
from pgproxy.policy.persona import PersonaPattern
from pgproxy.policy.rules import (
    PUBLIC,
    UNCLASSIFIED,
    ColumnPattern,
    Null,
    Policy,
    Show,
)
from pgproxy.treatment.fields import FieldType, compile_treatment
from pgproxy.treatment.keys import Keys
from pgproxy.treatment.tokens import TokenMap

# No value is treated with it.
_KEYS = Keys(bytes(32))
_KINDS = "rpvmf"

Place = tuple[Relation, Column]


def compare(policy: Policy, catalog: Catalog, path: str, keys: Keys = _KEYS) -> list[Finding]:
    """Slips, most of them harmless: none of them shows a value.  ``keys``: for their profiles."""
    places = [
        (relation, column)
        for relation in sorted(catalog.relations.values(), key=lambda r: (r.schema, r.name))
        if relation.schema not in SYSTEM_SCHEMAS and relation.kind in _KINDS
        for column in relation.columns
    ]
    found = [
        *_patterns(policy, places),
        *_roles(policy, catalog),
        *_personas(policy, places),
        *_treatments(policy, catalog, places, keys),
        *_unclassified(policy, catalog, places),
    ]
    return [Finding(path, line, message) for line, message in found]


def _name(place: Place) -> str:
    relation, column = place
    return f"{relation.schema}.{relation.name}.{column.name}"


def _patterns(policy: Policy, places: list[Place]) -> Iterator[tuple[int, str]]:
    names = [_name(place) for place in places]
    for pattern in policy.columns:
        if not _matching(pattern.column, names):
            near = nearest(pattern.column, names)
            hint = f"; did you mean `{near}`?" if near else ""
            yield pattern.line, f"`{pattern.pattern}` matches no column of this database{hint}"


def _matching(pattern: str, names: list[str]) -> list[str]:
    compiled = compile_glob(pattern)
    return [name for name in names if compiled.fullmatch(name)]


def _roles(policy: Policy, catalog: Catalog) -> Iterator[tuple[int, str]]:
    for rule in policy.roles:
        for name in rule.names:
            if name not in catalog.roles:
                near = nearest(name, sorted(catalog.roles))
                hint = f"; did you mean `{near}`?" if near else ""
                yield rule.line, f"the server has no role `{name}`{hint}"


def _personas(policy: Policy, places: list[Place]) -> Iterator[tuple[int, str]]:
    for line in policy.personas:
        compiled = compile_glob(line.pattern)
        matched = [place for place in places if compiled.fullmatch(_name(place))]
        told = f"personas.{line.persona}: `{line.pattern}`"
        if not matched:
            yield 0, f"{told} matches no column of this database"
        for relation in {relation.oid: relation for relation, _ in matched}.values():
            yield from ((0, f"{told}: {slip}") for slip in _without(line, relation))


def _without(line: PersonaPattern, relation: Relation) -> Iterator[str]:
    for name in line.beside:
        if relation.column(name) is None:
            near = nearest(name, [column.name for column in relation.columns])
            hint = f"; did you mean `{near}`?" if near else ""
            yield f"{relation.schema}.{relation.name} has no column `{name}`{hint}"


def _treatments(
    policy: Policy, catalog: Catalog, places: list[Place], keys: Keys
) -> Iterator[tuple[int, str]]:
    """Treatments that cannot yield the type of a column: it is NULL then."""
    lines = {pattern.class_name: pattern for pattern in reversed(policy.columns)}
    for rule in policy.roles:
        for place in places:
            relation, column = place
            class_name = policy.class_of(relation.schema, relation.name, column.name)
            if class_name in (PUBLIC, UNCLASSIFIED):
                continue
            treatment = rule.treatment(class_name)
            if isinstance(treatment, Null | Show):
                continue
            kind = FieldType(catalog.base_type(column.type_oid), column.typmod, 0)
            domain = policy.domain_of(class_name)
            made = compile_treatment(treatment, domain, kind, keys, TokenMap())
            if made is not None and made.null_only:
                told = f"it is NULL for {', '.join(rule.names)}"
                what = f"`{treatment.name}` cannot yield the type of {_name(place)}: {told}"
                yield lines.get(class_name, ColumnPattern("", "")).line, what


def _unclassified(
    policy: Policy, catalog: Catalog, places: list[Place]
) -> Iterator[tuple[int, str]]:
    """Columns that nobody has classified, or that a pattern makes public, and look sensitive."""
    for place in places:
        relation, column = place
        guess = by_name(column.name, catalog.base_type(column.type_oid))
        class_name = policy.class_of(relation.schema, relation.name, column.name)
        if not guess or relation.kind in "vm":
            # A view's columns are what their sources are.
            continue
        if class_name == UNCLASSIFIED:
            yield 0, f"{_name(place)} looks like `{guess}` and has no class"
        elif class_name == PUBLIC and not policy.names(relation.schema, relation.name, column.name):
            line = next(
                (c.line for c in policy.columns if compile_glob(c.column).fullmatch(_name(place))),
                0,
            )
            yield line, f"{_name(place)} looks like `{guess}`, and a pattern makes it public"
