"""What ``tokenize`` and ``detokenize`` share: lines in, lines out, as many, in the same order.

A backslash, a line feed or a carriage return in a value is written as COPY's text format writes it.
Each batch is in the audit trail before a line of it is printed.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
import getpass
from itertools import islice
from pathlib import Path
import re
import sys
import time

from pgproxy.config.load import Config, load
from pgproxy.errors import ConfigError, Finding, Refusal, Unavailable
from pgproxy.net.audit import AuditTrail, State
from pgproxy.net.audit_file import STDOUT
from pgproxy.net.vaults import load_ring, open_vault
from pgproxy.policy.rules import Policy, Token
from pgproxy.session.audit import AuditRecord
from pgproxy.treatment.shape import FieldType
from pgproxy.treatment.token_kinds import canonical, has_form, kind_for, space_for, space_of
from pgproxy.treatment.tokens import TokenSpace
from pgproxy.vault.store import Vault
from pgproxy.wire import values

_BATCH = 1000

# typmod of manual 54: a length with its header, or precision and scale.
_TYPE = re.compile(r"([a-z]+)(?:\((\d{1,4})(?:,(\d{1,3}))?\))?")
_TYPES = {
    "text": values.TEXT,
    "varchar": values.VARCHAR,
    "char": values.BPCHAR,
    "smallint": values.INT2,
    "integer": values.INT4,
    "bigint": values.INT8,
    "numeric": values.NUMERIC,
    "date": values.DATE,
    "timestamp": values.TIMESTAMP,
    "timestamptz": values.TIMESTAMPTZ,
    "uuid": values.UUID,
    "inet": values.INET,
    "bytea": values.BYTEA,
}
_ESCAPES = {b"\\": b"\\\\", b"\n": b"\\n", b"\r": b"\\r"}
_ESCAPED = {b"\\n": b"\n", b"\\r": b"\r", b"\\\\": b"\\", b"\\t": b"\t"}


@dataclass(frozen=True, slots=True)
class Wish:
    """``domain``: the name space; ``type_name`` of the column; ``format``: one of several."""

    domain: str
    type_name: str = "text"
    format: str = ""


class Exchange:
    """Tokens for values, or values for tokens, of one domain.  Raises ConfigError, Refusal."""

    def __init__(self, config: Path, wish: Wish, *, back: bool) -> None:
        self._loaded: Config = load(config)
        self._domain = wish.domain
        self._field = field_of(wish.type_name)
        known = treatments(self._loaded.policy, wish.domain)
        found = [one for one in known if one.reversible or not back]
        if wish.format:
            found = [one for one in found if one.format == wish.format]
        if not found:
            raise _refused(wish.domain, "no role of the policy has such tokens")
        if not back and len(found) > 1:
            formats = ", ".join(one.format for one in found)
            message = f"the policy has several formats in this domain ({formats}): name one"
            raise ConfigError((Finding("--format", 0, message),))
        self._treatments = found
        self._back = back

    def run(self) -> int:
        """From standard input to standard output; how many lines had no answer and are empty."""
        return asyncio.run(self._run())

    async def _run(self) -> int:
        proxy = self._loaded.proxy
        path = proxy.audit.path
        # Standard output is for the answers.
        trail = AuditTrail("/dev/stderr" if path == STDOUT else path)
        without = 0
        try:
            with closing(open_vault(proxy.vault.url, load_ring(proxy.vault.keys))) as vault:
                for batch in _batches():
                    began = time.monotonic()
                    answers = self._answers(vault, batch)
                    missing = answers.count(None)
                    self._put_down(trail, len(answers) - missing, missing)
                    for answer in answers:
                        sys.stdout.buffer.write(escaped(answer or b"") + b"\n")
                    sys.stdout.buffer.flush()
                    without += missing
                    if self._back:
                        seconds = len(batch) / proxy.limits.detokenize_per_second
                        await asyncio.sleep(max(0.0, began + seconds - time.monotonic()))
        finally:
            trail.close()
        return without

    def _put_down(self, trail: AuditTrail, found: int, missing: int) -> None:
        record = AuditRecord(
            database="",
            login=getpass.getuser(),
            role="",
            client="local",
            decision="allow",
            kind="detokenize" if self._back else "tokenize",
            fields={f"{self._domain}:token": found},
            rows=found + missing,
        )
        trail.put(record)
        trail.flush()
        if trail.state is not State.WRITING:
            raise Unavailable("the audit trail cannot be written: nothing is told")

    def _answers(self, vault: Vault, batch: Sequence[bytes]) -> list[bytes | None]:
        forms = [self._canonical(line) for line in batch]
        return self._values(vault, forms) if self._back else self._tokens(vault, forms)

    def _tokens(self, vault: Vault, given: Sequence[bytes | None]) -> list[bytes | None]:
        treatment = self._treatments[0]
        kind = kind_for(treatment, self._field)
        if kind is None:
            message = "a column of this type has no tokens, or no room for them"
            raise ConfigError((Finding("--type", 0, message),))
        wanted = list(dict.fromkeys(v for v in given if v is not None and has_form(kind, v)))
        space = space_for(treatment, self._domain, kind)
        found = dict(zip(wanted, vault.tokens(space, wanted), strict=True))
        return [None if value is None else found.get(value) for value in given]

    def _values(self, vault: Vault, given: Sequence[bytes | None]) -> list[bytes | None]:
        spaces: dict[TokenSpace, dict[bytes, None]] = {}
        for token in given:
            for treatment in self._treatments if token is not None else ():
                space = space_of(treatment, self._domain, self._field.oid, token or b"")
                if space is not None:
                    known = canonical(self._field.oid, token or b"")
                    spaces.setdefault(space, {})[known] = None
        found: dict[bytes, bytes] = {}
        for space, tokens in spaces.items():
            answers = vault.values(space, list(tokens))
            found |= {t: v for t, v in zip(tokens, answers, strict=True) if v is not None}
        return [None if t is None else found.get(canonical(self._field.oid, t)) for t in given]

    def _canonical(self, line: bytes) -> bytes | None:
        try:
            return values.decode(self._field.oid, values.TEXT_FORMAT, line)
        except values.Unsupported:
            return None


def treatments(policy: Policy, domain: str) -> list[Token]:
    """The tokens that roles see of a domain, each way once."""
    classes = {*policy.classes, *(pattern.class_name for pattern in policy.columns)}
    found = {
        treatment: None
        for rule in policy.roles
        for name in sorted(classes)
        if isinstance(treatment := rule.treatment(name), Token)
        and (treatment.domain or policy.domain_of(name)) == domain
    }
    return list(found)


def field_of(type_name: str) -> FieldType:
    """Of ``numeric(10,2)`` and the like.  Raises ConfigError."""
    match = _TYPE.fullmatch(type_name.lower().replace(" ", ""))
    if match is None or match[1] not in _TYPES:
        message = f"expected one of {', '.join(_TYPES)}, with a length or a precision where it has"
        raise ConfigError((Finding("--type", 0, message),))
    typmod = -1
    if match[2]:
        size = int(match[2])
        typmod = 4 + ((size << 16 | int(match[3] or 0)) if match[1] == "numeric" else size)
    return FieldType(_TYPES[match[1]], typmod, values.TEXT_FORMAT)


def escaped(value: bytes) -> bytes:
    """One line of output."""
    return re.sub(rb"[\\\n\r]", lambda found: _ESCAPES[found[0]], value)


def unescaped(line: bytes) -> bytes:
    """The value on a line of input."""
    return re.sub(rb"\\[nrt\\]", lambda found: _ESCAPED[found[0]], line)


def _batches() -> Iterator[list[bytes]]:
    lines = (unescaped(line.rstrip(b"\n").removesuffix(b"\r")) for line in sys.stdin.buffer)
    while batch := list(islice(lines, _BATCH)):
        yield batch


def _refused(domain: str, why: str) -> Refusal:
    return Refusal(
        "domain",
        f'domain "{domain}" cannot be looked up here: {why}',
        hint="`token` in `roles` of the policy makes tokens; the domain is that of the class.",
    )
