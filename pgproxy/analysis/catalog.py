"""A snapshot of pg_catalog: the relations, types, operators and roles of one database.

Filled by ``net.introspection``.  Immutable: a refresh makes a new snapshot with a higher version.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pgproxy.analysis.lineage import Source

SYSTEM_SCHEMAS = frozenset({"pg_catalog", "information_schema"})

# What PostgreSQL starts with (manual 5.10.3).
DEFAULT_SEARCH_PATH = '"$user", public'


def split_identifiers(text: str) -> list[str]:
    """A list of SQL identifiers as settings hold it: quoted ones as they are, others folded."""
    names: list[str] = []
    name = ""
    quoted = was_quoted = False
    for character in text + ",":
        if character == '"':
            # A doubled quote leaves and enters again: the second one stands for itself.
            if not quoted and was_quoted:
                name += character
            quoted, was_quoted = not quoted, True
        elif quoted:
            name += character
        elif character == ",":
            if name or was_quoted:
                names.append(name)
            name, was_quoted = "", False
        elif not character.isspace():
            name += character.lower()
    return names


@dataclass(frozen=True, slots=True)
class Column:
    """One row of pg_attribute; ``type_oid`` is atttypid, ``typmod`` atttypmod.

    ``generated`` is the expression of a generated column, '' for any other.
    """

    name: str
    attnum: int
    type_oid: int
    typmod: int = -1
    generated: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """An order in which rows may be read: the columns that have a part in it.

    ``first`` is the first column of the key, 0 for an expression; ``lies_so``: not an index but the
    table itself is in it.
    """

    columns: frozenset[int]
    first: int = 0
    lies_so: bool = False


@dataclass(frozen=True, slots=True)
class Relation:
    """One row of pg_class with its columns (attnum > 0, not dropped, in attnum order).

    ``kind`` is relkind: r table, p partitioned table, v view, m materialized view, f foreign table,
    S sequence, c composite type.  ``definition`` is pg_get_viewdef with an empty search_path, so
    that every name in it is schema-qualified; '' for what is not a view.  ``ancestors`` are the
    OIDs it inherits from (partitioned tables included), nearest first.  ``orders``: what can decide
    in which order its rows are read.  ``partition_key`` of a partitioned table: the columns of its
    key, 0 for an expression.  ``feeds`` of a sequence: relation and number of the columns that own
    it, or take their default from it.  ``conditions``: the expressions of its CHECK constraints and
    its indexes.  ``references``: columns with a foreign key, and the column that it refers to.
    """

    oid: int
    schema: str
    name: str
    kind: str
    owner: str
    columns: tuple[Column, ...]
    definition: str = ""
    ancestors: tuple[int, ...] = ()
    orders: tuple[Order, ...] = ()
    partition_key: frozenset[int] = frozenset()
    feeds: frozenset[tuple[int, int]] = frozenset()
    conditions: tuple[str, ...] = ()
    references: tuple[tuple[int, Source], ...] = ()

    def column(self, name: str) -> Column | None:
        """The column of that name."""
        for column in self.columns:
            if column.name == name:
                return column
        return None

    def key_sources(self) -> frozenset[Source]:
        """The columns of its partition key; all of them where that has an expression."""
        key = self.partition_key
        attnums = (column.attnum for column in self.columns) if 0 in key else key
        return frozenset(Source(self.oid, attnum) for attnum in attnums)

    def attnums(self, names: Iterable[str]) -> frozenset[int]:
        """The numbers of the columns of those names, as far as it has them."""
        wanted = set(names)
        return frozenset(column.attnum for column in self.columns if column.name in wanted)


@dataclass(frozen=True, slots=True)
class Type:
    """One row of pg_type; ``kind`` is typtype (b, c, d, e, p, r, m), ``base_oid`` typbasetype.

    ``relation`` is typrelid, of a composite type.  ``checks``: the CHECK constraints of a domain.
    """

    oid: int
    schema: str
    name: str
    kind: str
    base_oid: int = 0
    element_oid: int = 0
    relation: int = 0
    checks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Function:
    """One row of pg_proc; ``kind`` is prokind (f, a, w, p), ``arguments`` the input types.

    ``outputs``: names and types of its output columns (OUT, INOUT, TABLE); () where it has none.
    ``returns`` is prorettype, ``defaults`` how many arguments may be left out.  ``body``: the text
    of a function in SQL, '' for one in any other language, of a standard-conforming one
    (BEGIN ATOMIC) with every name schema-qualified.
    """

    oid: int
    schema: str
    name: str
    kind: str
    arguments: tuple[int, ...]
    names: tuple[str, ...] = ()
    outputs: tuple[tuple[str, int], ...] = ()
    returns: int = 0
    returns_set: bool = False
    defaults: int = 0
    variadic: bool = False
    language: str = ""
    body: str = ""
    settings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Role:
    """One row of pg_roles, with every role it is directly or indirectly a member of."""

    name: str
    member_of: frozenset[str]
    superuser: bool = False
    replication: bool = False
    bypass_rls: bool = False
    create_role: bool = False


# int2vector and oidvector have elements too, but are no arrays of them.
_VECTORS = (22, 30)


@dataclass(frozen=True)
class Catalog:
    """One snapshot of one database.

    ``operators``: for each operator name defined outside pg_catalog, the OIDs of the operand types
    of each such definition (0 where it has none on that side); ``native_operators`` are those of
    extensions with functions in C: a superuser made them.  ``new_operators``: those names that
    pg_catalog has no operator of.  ``cast_sources``: types from which a cast runs a function in
    another language.  ``search_paths``: role name → search_path as set by ALTER ROLE/DATABASE SET
    (the most specific setting), '' → the default of the database.  ``server_version`` is
    server_version_num.
    """

    database: str
    version: int
    server_version: int
    relations: Mapping[tuple[str, str], Relation]
    types: Mapping[tuple[str, str], Type]
    roles: Mapping[str, Role]
    operators: Mapping[str, frozenset[tuple[int, int]]] = field(default_factory=dict)
    search_paths: Mapping[str, str] = field(default_factory=dict)
    functions: Mapping[tuple[str, str], tuple[Function, ...]] = field(default_factory=dict)
    native_operators: Mapping[str, frozenset[tuple[int, int]]] = field(default_factory=dict)
    new_operators: frozenset[str] = frozenset()
    cast_sources: frozenset[int] = frozenset()

    def search_path(self, role: str) -> list[str]:
        """The schemas that a login of ``role`` starts with; ``$user`` is the role itself."""
        names = split_identifiers(self.search_path_text(role))
        return [role if name == "$user" else name for name in names]

    def search_path_text(self, role: str) -> str:
        """The search_path of a login of ``role``, as its settings spell it."""
        return self.search_paths.get(role) or self.search_paths.get("") or DEFAULT_SEARCH_PATH

    def base_type(self, oid: int) -> int:
        """What a domain is over, at last; any other type itself."""
        known = self.types_by_oid.get(oid)
        while known is not None and known.kind == "d":
            oid = known.base_oid
            known = self.types_by_oid.get(oid)
        return oid

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_oid", {r.oid: r for r in self.relations.values()})
        object.__setattr__(self, "types_by_oid", {t.oid: t for t in self.types.values()})
        arrays = {t.element_oid: t.oid for t in self.types.values() if t.oid not in _VECTORS}
        object.__setattr__(self, "arrays", arrays)
        children: dict[int, list[Relation]] = {}
        for relation in self.relations.values():
            for oid in relation.ancestors:
                children.setdefault(oid, []).append(relation)
        object.__setattr__(self, "children", children)

    children: Mapping[int, list[Relation]] = field(init=False, repr=False, compare=False)
    by_oid: Mapping[int, Relation] = field(init=False, repr=False)
    types_by_oid: Mapping[int, Type] = field(init=False, repr=False)
    arrays: Mapping[int, int] = field(init=False, repr=False, compare=False)  # by type of element
