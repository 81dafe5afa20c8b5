"""Statements that are no query: which of them a masked role may send, and what they return."""

from dataclasses import dataclass

from pgproxy.analysis.context import not_covered, refuse
from pgproxy.analysis.lineage import CONSTANT, Node, OutputField
from pgproxy.analysis.names import Names
from pgproxy.analysis.settings import check_setting

_MULTIPLE = frozenset({"TRANSACTION", "SESSION CHARACTERISTICS"})
_TWO_PHASE = frozenset(
    {"TRANS_STMT_PREPARE", "TRANS_STMT_COMMIT_PREPARED", "TRANS_STMT_ROLLBACK_PREPARED"}
)
# Nothing of a row goes in or out of these.
_HARMLESS = frozenset({"UnlistenStmt", "ListenStmt", "DiscardStmt"})


@dataclass(frozen=True, slots=True)
class Named:
    """What a statement does with a name of the session: ``act`` as in ``policy.plan.NameAct``."""

    act: str
    name: str = ""
    hold: bool = False


def utility(kind: str, body: Node, names: Names) -> list[OutputField] | None:
    """The fields an allowed utility statement returns, None for no rows.  Raises Refusal."""
    if kind == "VariableShowStmt":
        shown = ("name", "setting", "description") if body["name"] == "all" else (body["name"],)
        return [OutputField(name, CONSTANT) for name in shown]
    if kind == "VariableSetStmt":
        _check_set(body)
    elif kind == "TransactionStmt":
        if body["kind"] in _TWO_PHASE:
            raise not_covered("two-phase commit", body)
    elif kind == "LockStmt":
        for node in body["relations"]:
            # Only names are in it; pg_dump locks what it is going to read.
            node["RangeVar"]["schemaname"] = names.relation(node["RangeVar"]).schema
    elif kind == "ConstraintsSetStmt":
        if "constraints" in body:
            raise not_covered("SET CONSTRAINTS of single constraints", body)
    elif kind not in _HARMLESS and named(kind, body) is None:
        raise _refused(kind, body)
    return None


def named(kind: str, body: Node) -> Named | None:
    """What a statement does with a name, where it is one of those that do."""
    match kind:
        case "ExecuteStmt":
            return Named("execute", body["name"])
        case "DeallocateStmt":
            return Named("deallocate", body.get("name", ""))
        case "FetchStmt":
            return Named("move" if body.get("ismove") else "fetch", body["portalname"])
        case "ClosePortalStmt":
            return Named("close", body.get("portalname", ""))
        case "DiscardStmt" if body["target"] == "DISCARD_ALL":
            return Named("discard")
    return None


def _check_set(body: Node) -> None:
    how, name = body["kind"], body.get("name", "").lower()
    if how == "VAR_RESET_ALL" or (how == "VAR_SET_MULTI" and body["name"] in _MULTIPLE):
        return
    given = how == "VAR_SET_VALUE"
    if not given and how not in ("VAR_SET_DEFAULT", "VAR_RESET"):
        raise not_covered(f"SET {name} in this form", body)
    check_setting(name, body.get("args", []) if given else None, body)


_WRITES = frozenset({"TruncateStmt", "CreateTableAsStmt", "CreateStmt", "ViewStmt", "NotifyStmt"})


def _refused(kind: str, body: Node) -> Exception:
    name = kind.removesuffix("Stmt")
    if kind in _WRITES:
        return refuse("writes", f"{name} is refused: this role may only read", body)
    return refuse(
        "not_covered", f"the statement {name} is not allowed for a role with masked columns", body
    )
