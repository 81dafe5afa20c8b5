"""Settings: which a masked role may change, and to what."""

from pgproxy.analysis.context import refuse
from pgproxy.analysis.lineage import Node

# Settings a masked role may change, with the values allowed (None: any).  The rest changes how SQL
# is read, what errors and notices show, or whose rights hold; design.md 6.
SETTINGS: dict[str, frozenset[str] | None] = {
    "application_name": None,
    "bytea_output": frozenset({"hex"}),
    "client_encoding": frozenset({"utf8", "utf-8", "unicode"}),
    "client_connection_check_interval": None,
    "client_min_messages": frozenset({"notice", "warning", "error"}),
    "datestyle": frozenset({"iso", "mdy", "dmy", "ymd", "us", "european"}),
    "default_transaction_deferrable": None,
    "default_transaction_isolation": None,
    "default_transaction_read_only": None,
    "extra_float_digits": None,
    "idle_in_transaction_session_timeout": None,
    "intervalstyle": None,
    "jit": None,
    "lc_monetary": None,
    "lc_numeric": None,
    "lc_time": None,
    "lock_timeout": None,
    "max_parallel_workers_per_gather": None,
    "plan_cache_mode": None,
    "quote_all_identifiers": None,
    # What of other kinds than tables may be read at all: it takes away, and gives nothing.
    "restrict_nonsystem_relation_kind": None,
    # Off: a statement that a row-level policy would filter fails; it never widens access.
    "row_security": None,
    # What we send names every schema itself; '' only changes how catalogs spell names (pg_dump).
    "search_path": frozenset({""}),
    "standard_conforming_strings": frozenset({"on", "true"}),
    "statement_timeout": None,
    "synchronize_seqscans": None,
    "tcp_keepalives_count": None,
    "tcp_keepalives_idle": None,
    "tcp_keepalives_interval": None,
    "timezone": None,
    "transaction_isolation": None,
    "transaction_read_only": None,
    "transaction_deferrable": None,
    "transaction_timeout": None,
    "work_mem": None,
    "xmloption": None,
}


def check_setting(name: str, values: list[Node] | None, body: Node) -> None:
    """Whether a setting may get these values; None: its default.  Raises Refusal."""
    if name not in SETTINGS:
        raise refuse(
            "setting",
            f'setting "{name}" cannot be changed here',
            body,
            "Allowed are: " + ", ".join(sorted(SETTINGS)) + ".",
        )
    allowed = SETTINGS[name]
    if allowed is None or values is None:
        return
    words = {word for value in values for word in _words(value)}
    if not words or not words <= allowed:
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
