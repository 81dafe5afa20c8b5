"""Backend messages: what the server sends, read as far as the session must know it.

Letters are constants with the manual's names (chapter 54.7).  Parsers take a body without header
and raise UpstreamViolation, but for error and notice, which must be read however odd they are.
Encoders give whole messages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pgproxy.errors import UpstreamViolation
from pgproxy.wire.body import Body
from pgproxy.wire.framing import int16s, message, oids, string

AUTHENTICATION = 0x52  # R, all of its kinds
BACKEND_KEY_DATA = 0x4B  # K
BIND_COMPLETE = 0x32  # 2
CLOSE_COMPLETE = 0x33  # 3
COMMAND_COMPLETE = 0x43  # C
COPY_BOTH_RESPONSE = 0x57  # W
COPY_DATA = 0x64  # d
COPY_DONE = 0x63  # c
COPY_IN_RESPONSE = 0x47  # G
COPY_OUT_RESPONSE = 0x48  # H
DATA_ROW = 0x44  # D
EMPTY_QUERY_RESPONSE = 0x49  # I
ERROR_RESPONSE = 0x45  # E
FUNCTION_CALL_RESPONSE = 0x56  # V
NEGOTIATE_PROTOCOL_VERSION = 0x76  # v
NO_DATA = 0x6E  # n
NOTICE_RESPONSE = 0x4E  # N
NOTIFICATION_RESPONSE = 0x41  # A
PARAMETER_DESCRIPTION = 0x74  # t
PARAMETER_STATUS = 0x53  # S
PARSE_COMPLETE = 0x31  # 1
PORTAL_SUSPENDED = 0x73  # s
READY_FOR_QUERY = 0x5A  # Z
ROW_DESCRIPTION = 0x54  # T

# Int32 after AUTHENTICATION.
AUTHENTICATION_OK = 0
AUTHENTICATION_CLEARTEXT_PASSWORD = 3
AUTHENTICATION_MD5_PASSWORD = 5
AUTHENTICATION_SASL = 10
AUTHENTICATION_SASL_CONTINUE = 11
AUTHENTICATION_SASL_FINAL = 12
# All that there are (manual 54.7): Kerberos V5, GSS, its continuation and SSPI among them.
AUTHENTICATION_CODES = frozenset({0, 2, 3, 5, 7, 8, 9, 10, 11, 12})

# Transaction status in ReadyForQuery.
IDLE = b"I"
IN_TRANSACTION = b"T"
FAILED_TRANSACTION = b"E"

# The field letters of ErrorResponse and NoticeResponse (chapter 54.8).
ERROR_FIELDS = frozenset("SVCMDHPpqWstcdnFLR")


@dataclass(frozen=True, slots=True)
class FieldDescription:
    """One field of RowDescription; table and column are 0 unless it is a plain column."""

    name: bytes
    table_oid: int
    attnum: int
    type_oid: int
    type_size: int
    typmod: int
    format: int


def _body(name: str, body: bytes) -> Body:
    return Body(name, body, UpstreamViolation)


def parse_row_description(body: bytes) -> tuple[FieldDescription, ...]:
    """The fields of the rows to come."""
    cursor = _body("RowDescription", body)
    fields = tuple(_field_description(cursor) for _ in range(cursor.count()))
    cursor.end()
    return fields


def _field_description(cursor: Body) -> FieldDescription:
    return FieldDescription(
        name=cursor.string(),
        table_oid=cursor.uint32(),
        attnum=cursor.int16(),
        type_oid=cursor.uint32(),
        type_size=cursor.int16(),
        typmod=cursor.int32(),
        format=cursor.count(),
    )


def parse_error(body: bytes) -> dict[str, bytes]:
    """Fields by letter of an ErrorResponse or NoticeResponse.

    Unknown letters are dropped, of a letter given twice the first counts, and what has no end is
    left out: an odd error must not cost the client the news that there was one.
    """
    fields: dict[str, bytes] = {}
    at = 0
    while at < len(body) and body[at]:
        end = body.find(0, at)
        if end < 0:
            break
        letter = chr(body[at])
        if letter in ERROR_FIELDS:
            fields.setdefault(letter, body[at + 1 : end])
        at = end + 1
    return fields


def parse_empty(body: bytes) -> bytes:
    """The body of a message that has none: b''.  Raises UpstreamViolation where there is one."""
    if body:
        raise UpstreamViolation("a message of the server is malformed")
    return body


def parse_command_complete(body: bytes) -> bytes:
    """The command tag."""
    return _one_string("CommandComplete", body)


def parse_ready_for_query(body: bytes) -> bytes:
    """IDLE, IN_TRANSACTION or FAILED_TRANSACTION."""
    if body not in (IDLE, IN_TRANSACTION, FAILED_TRANSACTION):
        raise _body("ReadyForQuery", body).violated()
    return body


def parse_parameter_status(body: bytes) -> tuple[bytes, bytes]:
    """Name and value of a reported setting."""
    cursor = _body("ParameterStatus", body)
    pair = cursor.string(), cursor.string()
    cursor.end()
    return pair


def parse_parameter_description(body: bytes) -> tuple[int, ...]:
    """The type OIDs of a statement's parameters."""
    cursor = _body("ParameterDescription", body)
    types = cursor.oids()
    cursor.end()
    return types


def parse_authentication(body: bytes) -> int:
    """Which authentication message this is: its first Int32."""
    return _body("Authentication", body).int32()


def parse_negotiate_protocol_version(body: bytes) -> tuple[int, list[bytes]]:
    """The newest version there is, and the options that are not known."""
    cursor = _body("NegotiateProtocolVersion", body)
    version = cursor.uint32()
    options = [cursor.string() for _ in range(cursor.uint32())]
    cursor.end()
    return version, options


def parse_sasl_mechanisms(body: bytes) -> list[bytes]:
    """The mechanisms that AuthenticationSASL offers, in its order."""
    cursor = _body("AuthenticationSASL", body)
    cursor.int32()
    found: list[bytes] = []
    while name := cursor.string():
        found.append(name)
    cursor.end()
    return found


def parse_backend_key_data(body: bytes) -> tuple[int, bytes]:
    """The process id and the secret key (4 bytes in protocol 3.0, up to 256 in 3.2)."""
    cursor = _body("BackendKeyData", body)
    return cursor.uint32(), cursor.rest()


def parse_notification(body: bytes) -> tuple[int, bytes, bytes]:
    """Process id, channel and payload of a NotificationResponse."""
    cursor = _body("NotificationResponse", body)
    parts = cursor.uint32(), cursor.string(), cursor.string()
    cursor.end()
    return parts


def parse_copy_response(body: bytes) -> tuple[int, tuple[int, ...]]:
    """Overall format and that of each field of a CopyIn-, CopyOut- or CopyBothResponse."""
    cursor = _body("copy response", body)
    formats = cursor.take(1)[0], cursor.counts()
    cursor.end()
    return formats


def _one_string(name: str, body: bytes) -> bytes:
    cursor = _body(name, body)
    value = cursor.string()
    cursor.end()
    return value


def encode_error(fields: Mapping[str, bytes]) -> bytes:
    """ErrorResponse with these fields, in their order."""
    return message(ERROR_RESPONSE, _error_fields(fields))


def encode_notice(fields: Mapping[str, bytes]) -> bytes:
    """NoticeResponse with these fields, in their order."""
    return message(NOTICE_RESPONSE, _error_fields(fields))


def _error_fields(fields: Mapping[str, bytes]) -> bytes:
    parts = []
    for letter, value in fields.items():
        if letter not in ERROR_FIELDS:
            raise ValueError("no such field in an error or a notice")
        parts.append(letter.encode() + string(value))
    return b"".join(parts) + b"\0"


def row_description(fields: Sequence[FieldDescription]) -> bytes:
    """RowDescription."""
    parts = [len(fields).to_bytes(2, "big")]
    for field in fields:
        parts += (
            string(field.name),
            field.table_oid.to_bytes(4, "big"),
            field.attnum.to_bytes(2, "big", signed=True),
            field.type_oid.to_bytes(4, "big"),
            field.type_size.to_bytes(2, "big", signed=True),
            field.typmod.to_bytes(4, "big", signed=True),
            field.format.to_bytes(2, "big"),
        )
    return message(ROW_DESCRIPTION, b"".join(parts))


def data_row(values: Sequence[bytes | None]) -> bytes:
    """DataRow; None is NULL."""
    parts = [len(values).to_bytes(2, "big")]
    for value in values:
        if value is None:
            parts.append(b"\xff\xff\xff\xff")
        else:
            parts += (len(value).to_bytes(4, "big"), value)
    return message(DATA_ROW, b"".join(parts))


def command_complete(tag: bytes) -> bytes:
    """CommandComplete."""
    return message(COMMAND_COMPLETE, string(tag))


def ready_for_query(status: bytes = IDLE) -> bytes:
    """ReadyForQuery."""
    return message(READY_FOR_QUERY, status)


def parameter_status(name: bytes, value: bytes) -> bytes:
    """ParameterStatus."""
    return message(PARAMETER_STATUS, string(name) + string(value))


def parameter_description(types: Sequence[int]) -> bytes:
    """ParameterDescription."""
    return message(PARAMETER_DESCRIPTION, oids(types))


def authentication(code: int, data: bytes = b"") -> bytes:
    """Any authentication message: AuthenticationOk is code 0."""
    return message(AUTHENTICATION, code.to_bytes(4, "big") + data)


def backend_key_data(pid: int, key: bytes) -> bytes:
    """BackendKeyData."""
    return message(BACKEND_KEY_DATA, pid.to_bytes(4, "big") + key)


def notification_response(pid: int, channel: bytes, payload: bytes) -> bytes:
    """NotificationResponse."""
    names = string(channel) + string(payload)
    return message(NOTIFICATION_RESPONSE, pid.to_bytes(4, "big") + names)


def copy_response(kind: int, overall: int, formats: Sequence[int]) -> bytes:
    """CopyInResponse, CopyOutResponse or CopyBothResponse, as ``kind`` says."""
    return message(kind, overall.to_bytes(1, "big") + int16s(formats))


def negotiate_protocol_version(version: int, options: Sequence[bytes]) -> bytes:
    """NegotiateProtocolVersion: the newest we speak, and the options we do not know."""
    names = b"".join(map(string, options))
    head = version.to_bytes(4, "big") + len(options).to_bytes(4, "big")
    return message(NEGOTIATE_PROTOCOL_VERSION, head + names)
