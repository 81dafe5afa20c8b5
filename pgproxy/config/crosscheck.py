"""Mistakes that lie between two entries of a policy, found on the raw values of the file.

The values may be wrong in themselves, so every step asks for the type it needs.  ``warnings`` are
slips that weaken nothing; the rest are findings.
"""

from collections.abc import Iterator
from typing import Any

from pgproxy.config.fields import nearest, shown
from pgproxy.config.yaml import Document
from pgproxy.errors import Finding
from pgproxy.policy.globs import is_glob
from pgproxy.policy.rules import PUBLIC, UNCLASSIFIED, Null, Policy, RoleRule, Show

_BUILT_IN = (PUBLIC, UNCLASSIFIED, "*")


def check_classes(document: Document) -> None:
    """A class under ``treat`` that no column has: most likely misspelt, so another rule applies."""
    used = _mapping(document.value, "columns").values()
    declared = _mapping(document.value, "classes").keys()
    known = sorted(declared | {name for name in used if isinstance(name, str)})
    for path, name in _treated(document):
        if name in known or name in _BUILT_IN:
            continue
        near = nearest(name, known)
        hint = f"did you mean `{near}`?" if near else "expected a class that `columns` gives"
        document.report(path, f"no column has this class; {hint}")


def check_roles(document: Document) -> None:
    """A role named in two entries: only the first would ever decide."""
    first: dict[str, int] = {}
    for i, entry in enumerate(_entries(document)):
        names = entry.get("role")
        listed = names if isinstance(names, list) else [names]
        for name in listed:
            if not isinstance(name, str):
                continue
            if name in first:
                message = f"{shown(name)} is already decided by the entry on line {first[name]}"
                document.report(("roles", i, "role"), f"{message}; keep one of them")
            first.setdefault(name, document.line(("roles", i)))


def check_paths(document: Document, policy: Policy) -> None:
    """A path into documents that every role sees as a whole, or not at all: it decides nothing.

    Of columns that are named exactly: which column a wildcard means is not known here.
    """
    for pattern in policy.columns:
        if not pattern.path or is_glob(pattern.column) or pattern.column.count(".") != 2:
            continue
        class_name = policy.class_of(*pattern.column.split("."))
        if not any(_reaches(rule, class_name) for rule in policy.roles):
            treated = policy.roles[0].treatment(class_name).name
            document.report(
                ("columns", pattern.pattern),
                f"the column has class `{class_name}`, which treats it as a whole (`{treated}`), "
                "so that no path is looked at; give the column no class, or one with treatment "
                "`show` or `null`",
            )


def _reaches(rule: RoleRule, class_name: str) -> bool:
    return isinstance(rule.treatment(class_name), Show | Null)


def warnings(document: Document) -> tuple[Finding, ...]:
    """Classes that are declared and never used, or used once under a name that looks misspelt."""
    out = Document(document.path, lines=document.lines)
    columns = _mapping(document.value, "columns")
    declared = _mapping(document.value, "classes")
    named = sorted({name for _, name in _treated(document)} | declared.keys())
    for name in declared:
        if name not in columns.values():
            out.report(("classes", name), "no column has this class")
    for pattern, name in columns.items():
        near = nearest(name, named)
        if name not in (*named, *_BUILT_IN) and near:
            message = f"class `{name}` is named nowhere else; did you mean `{near}`?"
            out.report(("columns", pattern), message)
    return tuple(out.findings)


def pools_named(document: Document) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every pool that a treatment names, and where it does."""
    for i, entry in enumerate(_entries(document)):
        for name, treatment in _mapping(entry, "treat").items():
            pool = _mapping(treatment, "synthetic").get("pool")
            if isinstance(pool, str) and pool:
                yield ("roles", i, "treat", name, "synthetic", "pool"), pool


def _treated(document: Document) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for i, entry in enumerate(_entries(document)):
        for name in _mapping(entry, "treat"):
            yield ("roles", i, "treat", name), name


def _entries(document: Document) -> list[dict[str, Any]]:
    roles = document.value.get("roles") if isinstance(document.value, dict) else None
    if not isinstance(roles, list):
        return []
    return [entry if isinstance(entry, dict) else {} for entry in roles]


def _mapping(values: Any, key: str) -> dict[str, Any]:
    found = values.get(key) if isinstance(values, dict) else None
    return found if isinstance(found, dict) else {}
