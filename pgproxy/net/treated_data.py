"""Tables as they are stored and as a role sees them, row for row, for `pgproxy fidelity`.

The treated values come from the planner and the treatments that a proxy has, under its keys.  Only
tokens are others: they are drawn here and forgotten, for a report is to write nothing to the vault.
"""

from collections.abc import Sequence
import re

from pgproxy.analysis.catalog import SYSTEM_SCHEMAS, Catalog, Relation
from pgproxy.errors import Refusal, Unavailable
from pgproxy.fidelity.columns import ColumnPair, Values
from pgproxy.net.introspection import Connection
from pgproxy.net.stored_data import quoted
from pgproxy.policy.classes import Masks
from pgproxy.policy.plan import FieldPlan
from pgproxy.policy.planner import CatalogPlanner
from pgproxy.policy.rules import Bucket, Like, Redact, Show
from pgproxy.treatment.columns import FieldTreatment
from pgproxy.treatment.fields import FieldType, Treatments
from pgproxy.treatment.keys import Keys
from pgproxy.treatment.profiles import family_of
from pgproxy.treatment.tokens import TokenMap, TokenRequest, TokenSpace
from pgproxy.vault.tokens import draw
from pgproxy.wire import values
from pgproxy.wire.known import Known

_ROUNDS = 64
# Values at a time: what is remembered of a column is bounded.
_PIECE = 1000
# More than are wanted, so that about as many come as are wanted at most.
_SURPLUS = 1.1
_AS_THEY_LIE = (
    "SET LOCAL synchronize_seqscans = off; SET LOCAL max_parallel_workers_per_gather = 0; "
    "SELECT setseed(0.5)"
)
_ESCAPED = re.compile(rb"(?s)\\(.)")
_SPECIAL = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}


class Reader:
    """Reads tables for one role.  asyncpg's errors pass."""

    def __init__(
        self, connection: Connection, catalog: Catalog, planner: CatalogPlanner, keys: Keys
    ) -> None:
        self._connection = connection
        self._catalog = catalog
        self._planner = planner
        self._tokens = DrawnTokens()
        self._treatments = Treatments(keys, self._tokens.known)

    async def pairs(self, relation: Relation, sample: int) -> list[ColumnPair]:
        """All columns of a table, of ``sample`` rows at most.  Raises Refusal."""
        table = f"{quoted(relation.schema)}.{quoted(relation.name)}"
        columns = ", ".join(quoted(column.name) for column in relation.columns)
        query = f"SELECT {columns} FROM {table}"
        whole = self._planner.plan(query.encode())
        plan = whole.statements[0]
        if plan.refusal is not None:
            raise plan.refusal
        fields = plan.fields or ()
        if len(fields) != len(relation.columns):
            raise Refusal("fault", f"{relation.name} has other columns than its plan")
        query = await self._sampled(query, sample)
        stored = await self._read(query, len(fields))
        carried = stored
        if any(field.subject for field in fields):
            sent = await self._sampled(whole.sql.decode(), sample)
            carried = await self._read(sent, len(fields))
            _check_order(fields, stored, carried)
        types = [
            FieldType(self._catalog.base_type(c.type_oid), c.typmod, values.TEXT_FORMAT)
            for c in relation.columns
        ]
        return [
            self._pair(field, kind, column, sent)
            for field, kind, column, sent in zip(fields, types, stored, carried, strict=True)
        ]

    async def _sampled(self, query: str, sample: int) -> str:
        """The query of about so many of the rows, the same ones each time."""
        count = await self._connection.fetchval(f"SELECT count(*) FROM ({query}) q")
        if count <= sample:
            return query
        share = min(sample * _SURPLUS / count, 1)
        return f"SELECT * FROM ({query}) q WHERE random() < {share} LIMIT {sample}"

    async def _read(self, query: str, width: int) -> list[list[bytes | None]]:
        """The columns of a query, in the text form of their types, the rows as they lie."""
        await self._connection.execute(_AS_THEY_LIE)
        data = bytearray()

        async def take(chunk: bytes) -> None:
            data.extend(chunk)

        await self._connection.copy_from_query(query, output=take, format="text")
        columns: list[list[bytes | None]] = [[] for _ in range(width)]
        for line in bytes(data).split(b"\n")[:-1]:
            for column, raw in zip(columns, line.split(b"\t"), strict=True):
                column.append(None if raw == b"\\N" else _ESCAPED.sub(_unescaped, raw))
        return columns

    def _pair(
        self,
        field: FieldPlan,
        kind: FieldType,
        stored: list[bytes | None],
        carried: list[bytes | None],
    ) -> ColumnPair:
        """``carried``: what the server sends in place of the value, where that is its subject."""
        treatment = self._treatments.of(field.treatment, field.domain, kind)
        seen = stored if treatment is None else self._tokens.treated(treatment, carried)
        rule = field.treatment
        return ColumnPair(
            name=field.name,
            class_name=field.class_name,
            treatment=f"{rule.name}, like" if isinstance(rule, Like) else rule.name,
            family=family_of(kind.oid),
            real=[_canonical(kind, value) for value in stored],
            treated=[_canonical(kind, value) for value in seen],
            like=isinstance(rule, Like),
            coarse=isinstance(rule, Bucket | Redact),
            shown=isinstance(rule, Show),
        )


def chosen(names: Sequence[str], catalog: Catalog, masks: Masks) -> list[Relation]:
    """The tables that are named, or all in which something is masked.  Raises Refusal."""
    ordered = sorted(catalog.relations.items())
    known = {f"{schema}.{name}": relation for (schema, name), relation in ordered}
    for name in names:
        if name not in known:
            hint = "expected schema.table, as the catalog has them"
            raise Refusal("unknown", f"there is no table {name}", hint=hint)
    if names:
        return [known[name] for name in dict.fromkeys(names)]
    # A table speaks for those that inherit from it.
    return [
        relation
        for relation in known.values()
        if relation.kind in "rpf"
        and not relation.ancestors
        and relation.schema not in SYSTEM_SCHEMAS
        and masks.touches(relation.oid)
    ]


class DrawnTokens:
    """Tokens as the vault would draw them, kept no longer than this."""

    def __init__(self) -> None:
        self.known = TokenMap()
        self._taken: dict[TokenSpace, set[bytes]] = {}

    def treated(self, treatment: FieldTreatment, column: Values) -> list[bytes | None]:
        """A column of fields in text format after its treatment."""
        source = treatment.source
        if not isinstance(source, Known):
            return [None if value is None else source for value in column]
        found: list[bytes | None] = []
        for at in range(0, len(column), _PIECE):
            found += self._piece(treatment, source, column[at : at + _PIECE])
        return found

    def _piece(self, treatment: FieldTreatment, known: Known, column: Values) -> list[bytes | None]:
        for _ in range(_ROUNDS):
            found, missing = known.look_up(column)
            if not missing:
                return found
            asked = treatment.fill(tuple(missing)) or ()
            for request in (asked,) if isinstance(asked, TokenRequest) else asked:
                self.known.learn(request.space, self._drawn(request))
        raise RuntimeError("values are forgotten faster than they are treated")

    def _drawn(self, request: TokenRequest) -> dict[bytes, bytes]:
        """A token for each value, none twice."""
        taken = self._taken.setdefault(request.space, set())
        wanted = list(request.values)
        found: dict[bytes, bytes] = {}
        for _ in range(_ROUNDS):
            for value, token in zip(wanted, draw(request.space.kind, wanted), strict=True):
                if token not in taken:
                    taken.add(token)
                    found[value] = token
            wanted = [value for value in wanted if value not in found]
            if not wanted:
                return found
        raise Unavailable("a token space is too small for the values of a column")


def _check_order(
    fields: Sequence[FieldPlan], stored: Sequence[Values], sent: Sequence[Values]
) -> None:
    """What is sent as it is tells whether both readings have the same rows in the same order."""
    for field, one, other in zip(fields, stored, sent, strict=True):
        if len(one) != len(other) or (field.subject is None and one != other):
            hint = "of a view: name the tables below it"
            raise Unavailable("rows come in another order each time they are read", hint=hint)


def _canonical(kind: FieldType, value: bytes | None) -> bytes | None:
    """One spelling for one value, where the type has one."""
    if value is None:
        return None
    try:
        return values.decode(kind.oid, kind.format, value)
    except values.Unsupported:
        return value


def _unescaped(found: re.Match[bytes]) -> bytes:
    return _SPECIAL.get(found[1], found[1])
