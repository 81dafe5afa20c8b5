"""Statements that are no query: which of them a masked role may send, and what they return."""

from pgproxy.analysis.context import not_covered, refuse
from pgproxy.analysis.lineage import CONSTANT, Node, OutputField

# Settings a masked role may change, with the values allowed (None: any).  The rest changes how SQL
# is read, what errors and notices show, or whose rights hold; design.md 6.
SETTINGS: dict[str, frozenset[str] | None] = {
    "application_name": None,
    "bytea_output": frozenset({"hex"}),
    "client_encoding": frozenset({"utf8", "utf-8", "unicode"}),
    "client_min_messages": frozenset({"notice", "warning", "error"}),
    "datestyle": frozenset({"iso", "mdy", "dmy", "ymd", "us", "european"}),
    "default_transaction_deferrable": None,
    "default_transaction_isolation": None,
    "default_transaction_read_only": None,
    "extra_float_digits": None,
    "idle_in_transaction_session_timeout": None,
    "jit": None,
    "lock_timeout": None,
    "standard_conforming_strings": frozenset({"on", "true"}),
    "statement_timeout": None,
    "timezone": None,
    "transaction_isolation": None,
    "transaction_read_only": None,
    "transaction_deferrable": None,
}
_MULTIPLE = frozenset({"TRANSACTION", "SESSION CHARACTERISTICS"})
_TWO_PHASE = frozenset(
    {"TRANS_STMT_PREPARE", "TRANS_STMT_COMMIT_PREPARED", "TRANS_STMT_ROLLBACK_PREPARED"}
)


def utility(kind: str, body: Node) -> list[OutputField] | None:
    """The fields an allowed utility statement returns, None for no rows.  Raises Refusal."""
    if kind == "VariableShowStmt":
        names = ("name", "setting", "description") if body["name"] == "all" else (body["name"],)
        return [OutputField(name, CONSTANT) for name in names]
    if kind == "VariableSetStmt":
        _check_set(body)
    elif kind == "TransactionStmt":
        if body["kind"] in _TWO_PHASE:
            raise not_covered("two-phase commit", body)
    elif kind not in ("DiscardStmt", "DeallocateStmt", "ClosePortalStmt", "UnlistenStmt"):
        raise _refused(kind, body)
    return None


def _check_set(body: Node) -> None:
    how, name = body["kind"], body.get("name", "").lower()
    if how == "VAR_RESET_ALL" or (how == "VAR_SET_MULTI" and body["name"] in _MULTIPLE):
        return
    if name not in SETTINGS:
        raise refuse(
            "setting",
            f'setting "{name}" cannot be changed here',
            body,
            "Allowed are: " + ", ".join(sorted(SETTINGS)) + ".",
        )
    allowed = SETTINGS[name]
    if how in ("VAR_SET_DEFAULT", "VAR_RESET") or allowed is None:
        return
    values = {word for item in body.get("args", ()) for word in _words(item)}
    if how != "VAR_SET_VALUE" or not values or not values <= allowed:
        raise refuse(
            "setting",
            f'setting "{name}" cannot have this value here',
            body,
            "Allowed are: " + ", ".join(sorted(allowed)) + ".",
        )


def _words(item: Node) -> list[str]:
    constant = item.get("A_Const", {})
    if "sval" not in constant:
        return ["?"]
    return [word.strip().lower() for word in constant["sval"]["sval"].split(",")]


_WRITES = frozenset({"InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt", "TruncateStmt"})


def _refused(kind: str, body: Node) -> Exception:
    name = kind.removesuffix("Stmt")
    if kind in _WRITES:
        return refuse("writes", f"{name.upper()} is refused: this role may only read", body)
    return refuse(
        "not_covered", f"the statement {name} is not allowed for a role with masked columns", body
    )
