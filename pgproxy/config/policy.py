"""policy.yaml as frozen rules (design.md 5).  Reads no other file and no catalog.

The shape of the file is checked by the models here; what lies between two entries (a class that
nobody has, a role named twice) by ``crosscheck``, on the raw values, so that both kinds of mistakes
are told at once.
"""

from enum import StrEnum
from pathlib import Path
import re
from typing import Annotated

from pydantic import Field, PlainValidator

from pgproxy.config.columns import class_name, own_class, pattern, treated_class
from pgproxy.config.crosscheck import check_classes, check_paths, check_roles
from pgproxy.config.fields import Section, Text, choice, mismatch, wrong
from pgproxy.config.findings import validate
from pgproxy.config.personas import subject
from pgproxy.config.pool_rules import PoolEntry, check_pools, pool_name, pool_rule
from pgproxy.config.treatments import treatment
from pgproxy.config.yaml import Document
from pgproxy.policy.persona import PersonaPattern
from pgproxy.policy.rules import (
    ClassRule,
    ColumnPattern,
    Computed,
    Filters,
    Policy,
    Redact,
    RoleRule,
    Treatment,
    Writes,
)

VERSION = 1

_FUNCTION = re.compile(r"[^\s.()\"]+\.[^\s.()\"]+(\([^()\"]*\))?")


class Unclassified(StrEnum):
    """What becomes of a column that nobody has classified."""

    HIDE = "hide"
    SHOW = "show"


def _version(value: object) -> int:
    if isinstance(value, bool) or value != VERSION:
        raise mismatch(value, f"`{VERSION}`, the only version there is")
    return VERSION


def _names(value: object) -> tuple[str, ...]:
    names = value if isinstance(value, list) else [value]
    expected = "the name of a database role, or a list of names"
    if not names:
        raise mismatch(value, expected)
    for name in names:
        if not isinstance(name, str) or not name or len(name.encode()) > 63:
            raise mismatch(name, expected)
        if "*" in name:
            raise wrong("wildcards are not read in role names; write each role out")
        if name.lower() == "public":
            raise wrong("nobody is a member of PUBLIC; expected a login or a group role")
    return tuple(str(name) for name in names)


def _function(value: object) -> str:
    if not isinstance(value, str) or not _FUNCTION.fullmatch(value):
        raise mismatch(value, 'schema.function, or "schema.function(integer, text)"')
    return str(value)


FiltersWord = Annotated[Filters, PlainValidator(choice(Filters))]
ComputedWord = Annotated[Computed, PlainValidator(choice(Computed))]
WritesWord = Annotated[Writes, PlainValidator(choice(Writes))]
UnclassifiedWord = Annotated[Unclassified, PlainValidator(choice(Unclassified))]
Names = Annotated[tuple[str, ...], PlainValidator(_names)]
ClassName = Annotated[str, PlainValidator(class_name)]
OwnClass = Annotated[str, PlainValidator(own_class)]
TreatedClass = Annotated[str, PlainValidator(treated_class)]
Pattern = Annotated[str, PlainValidator(pattern)]
Function = Annotated[str, PlainValidator(_function)]
PoolName = Annotated[str, PlainValidator(pool_name)]
SubjectColumns = Annotated[dict[str, str], PlainValidator(subject)]
AnyTreatment = Annotated[Treatment, PlainValidator(treatment)]


class ClassOptions(Section):
    """Options shared by all who use one class."""

    domain: Text = ""
    filters: FiltersWord | None = None
    computed: ComputedWord | None = None
    writes: WritesWord | None = None


class RoleEntry(Section):
    """One entry of ``roles``."""

    role: Names = Field(description="the name of a database role, or a list of names")
    unclassified: UnclassifiedWord = Unclassified.HIDE
    treat: dict[TreatedClass, AnyTreatment] = Field(default_factory=dict)
    filters: FiltersWord = Filters.TOKENS
    computed: ComputedWord = Computed.REDACT
    writes: WritesWord = Writes.REFUSE


class PolicyFile(Section):
    """A whole policy.yaml, as it is written."""

    version: Annotated[int, PlainValidator(_version)] = Field(description="`version: 1`")
    classes: dict[OwnClass, ClassOptions] = Field(default_factory=dict)
    columns: dict[Pattern, ClassName] = Field(
        description="lines such as `public.customers.email: email`"
    )
    pools: dict[PoolName, PoolEntry] = Field(default_factory=dict)
    personas: dict[ClassName, dict[Pattern, SubjectColumns]] = Field(default_factory=dict)
    trusted_functions: list[Function] = Field(default_factory=list)
    roles: list[RoleEntry] = Field(
        min_length=1, description="a list of entries such as `- role: analyst`"
    )


def read_policy(document: Document) -> Policy | None:
    """The rules of one file, or None; what is wrong is reported in the document."""
    written = validate(PolicyFile, document, {"base": Path(document.path).parent})
    if isinstance(document.value, dict):
        check_classes(document)
        check_roles(document)
        check_pools(document)
    if written is None or document.findings:
        return None
    policy = Policy(
        classes={name: _class_rule(name, options) for name, options in written.classes.items()},
        columns=tuple(
            ColumnPattern(name, cls, document.line(("columns", name)))
            for name, cls in written.columns.items()
        ),
        roles=tuple(
            _role_rule(entry, document.line(("roles", i))) for i, entry in enumerate(written.roles)
        ),
        trusted_functions=tuple(written.trusted_functions),
        pools=tuple(
            pool_rule(name, entry, document.line(("pools", name)))
            for name, entry in written.pools.items()
        ),
        personas=tuple(
            PersonaPattern(persona, line, **told)
            for persona, lines in written.personas.items()
            for line, told in lines.items()
        ),
    )
    check_paths(document, policy)
    return None if document.findings else policy


def _class_rule(name: str, options: ClassOptions) -> ClassRule:
    domain = options.domain or name
    return ClassRule(name, domain, options.filters, options.computed, options.writes)


def _role_rule(entry: RoleEntry, line: int) -> RoleRule:
    treat = dict(entry.treat)
    otherwise = treat.pop("*", Redact())
    return RoleRule(
        names=entry.role,
        treat=treat,
        otherwise=otherwise,
        hide_unclassified=entry.unclassified is Unclassified.HIDE,
        filters=entry.filters,
        computed=entry.computed,
        writes=entry.writes,
        line=line,
    )
