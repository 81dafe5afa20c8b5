"""Recorded conversations as text: one message a line.

``>`` from the client, ``<`` to the client, ``>>`` to the server, ``<<`` from the server; ``plan``
is what the planner said about a query string, ``tokens`` what the vault did.  Then the message's
name in the manual and its contents as JSON: rows and errors by field, other bodies as one string.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
import json
from pathlib import Path
from typing import Any

from pgproxy.errors import Refusal
from pgproxy.policy import rules
from pgproxy.policy.plan import Derivation, FieldPlan, QueryPlan, StatementPlan
from pgproxy.wire import backend, frontend
from pgproxy.wire.backend import FieldDescription
from pgproxy.wire.framing import HEADER, message
from pgproxy.wire.startup import packet_length

CLIENT, TO_CLIENT, TO_SERVER, SERVER = ">", "<", ">>", "<<"


def _names(module: Any) -> dict[int, str]:
    return {
        value: name.title().replace("_", "")
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, int) and 0x31 <= value < 0x7F
    }


_FRONTEND, _BACKEND = _names(frontend), _names(backend)


@dataclass
class Transcript:
    """``steps`` are the messages in the order they were seen, tokens among them; ``known`` are
    tokens that are known beforehand."""

    plans: dict[bytes, QueryPlan] = field(default_factory=dict)
    steps: list[tuple[str, Any]] = field(default_factory=list)
    known: dict[bytes, bytes] = field(default_factory=dict)

    def said(self, direction: str) -> bytes:
        """All that went in one direction."""
        return b"".join(data for way, data in self.steps if way == direction)


def read(path: Path) -> Transcript:
    """One file."""
    transcript = Transcript()
    for line in path.read_text(encoding="utf-8").splitlines():
        way, _, rest = line.partition(" ")
        if way == "plan":
            entry = json.loads(rest)
            transcript.plans[_bytes(entry["text"])] = _plan(entry)
        elif way == "tokens":
            learnt = [{_bytes(k): _bytes(v) for k, v in each.items()} for each in json.loads(rest)]
            transcript.steps.append((way, tuple(learnt)))
        elif way in (CLIENT, TO_CLIENT, TO_SERVER, SERVER):
            name, _, contents = rest.partition(" ")
            transcript.steps.append((way, _encode(way, name, json.loads(contents))))
    return transcript


def lines(direction: str, data: bytes, *, first: bool) -> Iterator[str]:
    """The lines for what was said at once; ``first``: before any message with a type."""
    names = _FRONTEND if direction in (CLIENT, TO_SERVER) else _BACKEND
    while data:
        if data in (b"N", b"S"):
            yield f'{direction} Declined "{data.decode()}"'
            return
        if first and names is _FRONTEND:
            end = packet_length(data) or 0
            yield f"{direction} Packet {_json(_text(data[4:end]))}"
        else:
            end = 1 + int.from_bytes(data[1:HEADER], "big")
            name, body = names[data[0]], data[HEADER:end]
            yield f"{direction} {name} {_json(_contents(name, body))}"
        data = data[end:]


def _json(contents: Any) -> str:
    return json.dumps(contents, ensure_ascii=True)


def _text(data: bytes) -> str:
    return data.decode("latin-1")


def _bytes(text: str) -> bytes:
    return text.encode("latin-1")


def _contents(name: str, body: bytes) -> Any:
    if name == "DataRow":
        return [None if value is None else _text(value) for value in values(body)]
    if name == "RowDescription":
        fields = backend.parse_row_description(body)
        return [
            [_text(f.name), f.table_oid, f.attnum, f.type_oid, f.type_size, f.typmod, f.format]
            for f in fields
        ]
    if name in ("ErrorResponse", "NoticeResponse"):
        return {letter: _text(value) for letter, value in backend.parse_error(body).items()}
    return _text(body)


def _encode(way: str, name: str, contents: Any) -> bytes:
    if name == "Declined":
        return _bytes(contents)
    if name == "Packet":
        return (len(contents) + 4).to_bytes(4, "big") + _bytes(contents)
    if name == "DataRow":
        return backend.data_row([None if value is None else _bytes(value) for value in contents])
    if name == "RowDescription":
        return backend.row_description([FieldDescription(_bytes(f[0]), *f[1:]) for f in contents])
    if name in ("ErrorResponse", "NoticeResponse"):
        fields = {letter: _bytes(value) for letter, value in contents.items()}
        is_error = name == "ErrorResponse"
        return backend.encode_error(fields) if is_error else backend.encode_notice(fields)
    names = _FRONTEND if way in (CLIENT, TO_SERVER) else _BACKEND
    return message({v: k for k, v in names.items()}[name], _bytes(contents))


def values(body: bytes) -> Iterator[bytes | None]:
    """The values of a DataRow."""
    at = 2
    while at < len(body):
        length = int.from_bytes(body[at : at + 4], "big", signed=True)
        at += 4
        yield None if length < 0 else body[at : at + length]
        at += max(0, length)


_TREATMENTS = {
    kind.name: kind
    for kind in (rules.Show, rules.Null, rules.Redact, rules.Partial, rules.Token, rules.Hash)
}


def plan_line(text: bytes, plan: QueryPlan) -> str:
    """The line for a plan."""
    statements = [_statement_out(statement) for statement in plan.statements]
    entry = {"text": _text(text), "sql": _text(plan.sql), "statements": statements}
    return f"plan {_json(entry)}"


def _statement_out(plan: StatementPlan) -> dict[str, Any]:
    if plan.refusal is not None:
        refusal = plan.refusal
        told = [refusal.reason, refusal.message, refusal.hint, refusal.sqlstate, refusal.position]
        return {"kind": plan.kind, "refusal": told}
    fields = None
    if plan.fields is not None:
        fields = [_field_out(each) for each in plan.fields]
    return {
        "kind": plan.kind,
        "fields": fields,
        "notices": plan.notices,
        "touches": plan.touches_masked,
    }


def _field_out(plan: FieldPlan) -> dict[str, Any]:
    options = {
        name: value
        for name in getattr(plan.treatment, "__slots__", ())
        if not isinstance(value := getattr(plan.treatment, name), Decimal)
    }
    return {
        "name": plan.name,
        "treatment": [plan.treatment.name, options],
        "class": plan.class_name,
        "domain": plan.domain,
        "origins": sorted(plan.origins),
    }


def _plan(entry: Mapping[str, Any]) -> QueryPlan:
    return QueryPlan(tuple(map(_statement_in, entry["statements"])), _bytes(entry["sql"]))


def _statement_in(entry: Mapping[str, Any]) -> StatementPlan:
    if "refusal" in entry:
        reason, text, hint, sqlstate, position = entry["refusal"]
        refusal = Refusal(reason, text, hint=hint, sqlstate=sqlstate, position=position)
        return StatementPlan(entry["kind"], "", refusal=refusal)
    fields = None
    if entry["fields"] is not None:
        fields = tuple(map(_field_in, entry["fields"]))
    notices = tuple(entry["notices"])
    return StatementPlan(entry["kind"], "", fields, None, notices, entry["touches"])


def _field_in(entry: Mapping[str, Any]) -> FieldPlan:
    kind, options = entry["treatment"]
    return FieldPlan(
        entry["name"],
        (),
        Derivation.COPIED,
        _TREATMENTS[kind](**options),
        entry["class"],
        entry["domain"],
        frozenset((oid, attnum) for oid, attnum in entry["origins"]),
        "",
    )
