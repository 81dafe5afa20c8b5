"""Types: what a statement may cast to, and the attributes of composite values.

A cast runs the input function of its target, the checks of a domain, or a function that somebody
made for CREATE CAST.  Base types are made by superusers only (manual, CREATE TYPE), so their input
functions are taken as pure; checks are analysed; functions of casts must not exist.
"""

from typing import TYPE_CHECKING

from pgproxy.analysis.catalog import Type
from pgproxy.analysis.context import Context, not_covered
from pgproxy.analysis.lineage import Lineage, Node
from pgproxy.analysis.names import string_nodes

if TYPE_CHECKING:
    from pgproxy.analysis.expression import Walk

MAX_DEPTH = 16


def target(type_name: Node, context: Context) -> Type:
    """The type that a TypeName means, written with its schema.  Raises Refusal."""
    found = context.names.type(type_name)
    type_name["names"] = string_nodes((found.schema, found.name))
    _check(found, context, type_name, 0)
    context.see_type(found.oid)
    return found


def _check(found: Type, context: Context, type_name: Node, depth: int) -> None:
    if found.kind in "ber" or (found.kind == "m" and found.schema == "pg_catalog"):
        return
    by_oid = context.catalog.types_by_oid
    parts: list[int] = []
    if found.kind == "d":
        for check in found.checks:
            context.check_domain(check)
        parts = [found.base_oid]
    elif found.kind == "c" and found.relation in context.catalog.by_oid:
        parts = [column.type_oid for column in context.catalog.by_oid[found.relation].columns]
    if not parts or depth >= MAX_DEPTH or not all(part in by_oid for part in parts):
        raise not_covered(f"a cast to the type {found.name}", type_name)
    for part in parts:
        _check(by_oid[part], context, type_name, depth + 1)


def attributes(walk: "Walk", value: Lineage) -> dict[str, int]:
    """Names and types of the attributes of a composite value; {} where it is not known as one."""
    if value.row:
        return dict(value.row)
    catalog = walk.context.catalog
    known = catalog.types_by_oid.get(catalog.base_type(value.type_oid))
    if known is None or known.kind != "c" or known.relation not in catalog.by_oid:
        return {}
    return {c.name: c.type_oid for c in catalog.by_oid[known.relation].columns}


def array_of(walk: "Walk", oid: int) -> int:
    """The type of arrays of a type; 0 where there is none."""
    return walk.context.catalog.arrays.get(oid, 0)


def element(walk: "Walk", value: Lineage) -> int:
    """The type of one element of an array value; 0 where it is not known as one."""
    known = walk.context.catalog.types_by_oid.get(value.type_oid)
    return known.element_oid if known else 0
