"""The plan: the decision for one statement under one role, as the session carries it out."""

from dataclasses import dataclass, field
from enum import StrEnum

from pgproxy.errors import Refusal
from pgproxy.policy.rules import Token, Treatment


class Derivation(StrEnum):
    """How a field comes from its sources (design.md 2)."""

    COPIED = "copied"
    COMPUTED = "computed"
    COUNTED = "counted"


@dataclass(frozen=True, slots=True)
class Subject:
    """In the place of its value a field carries, as text, who its row is about.

    The client is told what it would have been: the column that the server would name, type, typmod
    and size.
    """

    persona: str
    origin: tuple[int, int]
    type_oid: int
    typmod: int
    type_size: int


@dataclass(frozen=True, slots=True)
class FieldPlan:
    """What becomes of one field of the result.

    ``origins`` are the (table OID, column number) pairs that the server may name for this field in
    RowDescription; any other pair but (0, 0) stops the result (the second lock).
    """

    name: str
    sources: tuple[str, ...]
    derivation: Derivation
    treatment: Treatment
    class_name: str
    domain: str
    origins: frozenset[tuple[int, int]]
    reason: str
    subject: Subject | None = None


class NameAct(StrEnum):
    """What a statement does with a name that lives in the server's session (manual, PREPARE,
    DECLARE).  SQL and protocol share one name space of prepared statements and one of portals.
    """

    PREPARE = "prepare"  # makes a prepared statement
    EXECUTE = "execute"  # runs one: its fields are those of what the name stands for
    DEALLOCATE = "deallocate"  # '' for all
    DECLARE = "declare"  # makes a portal
    FETCH = "fetch"  # rows of one, like EXECUTE
    MOVE = "move"  # the same without rows
    CLOSE = "close"  # '' for all
    DISCARD = "discard"  # DISCARD ALL: every statement and portal


@dataclass(frozen=True, slots=True)
class NameUse:
    """``plan`` is what PREPARE and DECLARE make the name stand for; ``hold``: WITH HOLD."""

    act: NameAct
    name: str = ""
    plan: "StatementPlan | None" = None
    hold: bool = False


@dataclass(frozen=True, slots=True)
class CopyFormat:
    """How COPY … TO STDOUT writes a row (manual, COPY); the characters are single ASCII bytes.

    ``types``: type OID and typmod of each field, for nothing on the wire names them.  A field whose
    type is not known, or 0, becomes NULL unless it is shown.
    """

    format: str = "text"  # text | csv | binary
    delimiter: bytes = b"\t"
    null: bytes = b"\\N"
    quote: bytes = b'"'
    escape: bytes = b'"'
    header: bool = False
    force_quote: tuple[bool, ...] = ()  # csv: per field
    types: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Input:
    """A token that comes in: what is resolved to its value before the server sees it.

    In the place of a literal the plan's SQL has ``$mark``, with a number that nothing else has; a
    parameter is ``number``.  ``type_oid`` is the column's base type; ``many``: an array
    of what the column is compared with.  ``written``: it is put into the column, and refused where
    it is no token, unless ``as_given``: then it is what it is.
    """

    column: str
    treatment: Token
    domain: str
    type_oid: int
    literal: str | None = field(default=None, repr=False)
    mark: int = 0
    number: int = 0
    many: bool = False
    written: bool = False
    as_given: bool = False


@dataclass(frozen=True, slots=True)
class CopyIn:
    """COPY … FROM STDIN: the columns that tokens are put into; the others are None.

    ``form``: how the rows are written; None where no column holds tokens: they go as they come.
    """

    columns: tuple[Input | None, ...]
    form: CopyFormat | None = None


@dataclass(frozen=True, slots=True)
class StatementPlan:
    """One statement: what its fields become, or why it is refused.

    ``fields`` is None for a statement that returns no rows.  ``touches_masked``: error and notice
    texts of the server are withheld.  ``sql`` is for the audit trail: literals removed.
    ``name_use``: it makes, runs or drops what has a name; the fields of EXECUTE and FETCH are those
    of the name, and None here.  ``copy``: the fields come as CopyData.  ``inputs``: what is to be
    resolved, the literals in the order of the text.  ``copy_in``: rows come from the client.
    """

    kind: str
    audit_sql: str
    fields: tuple[FieldPlan, ...] | None = None
    refusal: Refusal | None = None
    notices: tuple[str, ...] = ()
    touches_masked: bool = True
    name_use: NameUse | None = None
    copy: CopyFormat | None = None
    inputs: tuple[Input, ...] = ()
    copy_in: CopyIn | None = None


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """The statements of one query string, up to and including the first that is refused.

    ``sql`` goes upstream in place of the client's text (UTF-8, no NUL).  In the place of a refused
    statement it holds one that the server itself fails with ``REFUSED_SQLSTATE``, so that order,
    skipping until Sync and the aborted transaction are the server's own.  ``stale``: a name was
    not in the catalog snapshot; refresh it once and plan again.
    """

    statements: tuple[StatementPlan, ...]
    sql: bytes
    stale: bool = False


# A literal is coerced while the statement is analysed: it fails at Parse as well as in a simple
# query, and in an aborted transaction the server's 25P02 still comes first.
REFUSED_STATEMENT = "SELECT 'refused by pgproxy'::pg_catalog.int4"
REFUSED_SQLSTATE = "22P02"
