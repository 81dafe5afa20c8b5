"""Texts, booleans, uuid, bytea and JSON: types whose canonical form is a matter of a few bytes.

ValueError for bytes that are not of the type; ``values`` turns it into Unsupported.
"""

from ipaddress import ip_address, ip_interface
import re

_UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# Nothing is given back, or each repetition would be remembered: a hundred bytes for one of a value.
_ESCAPED = re.compile(rb"(?:[^\\]++|\\\\|\\[0-3][0-7]{2})*+", re.DOTALL)
_ESCAPE = re.compile(rb"\\(\\|[0-3][0-7]{2})")
_HEX = re.compile(rb"\\x(?:[0-9a-fA-F]{2})*+")
# PGSQL_AF_INET and PGSQL_AF_INET6 of inet.h.
_IPV4, _IPV6 = 2, 3
_JSONB_VERSION = b"\x01"


def same(value: bytes) -> bytes:
    """Types whose text, binary and canonical forms are one."""
    return value


def without_padding(value: bytes) -> bytes:
    """bpchar: trailing blanks mean nothing, so that char(20) and varchar agree."""
    return value.rstrip(b" ")


def read_bool_text(value: bytes) -> bytes:
    """``t`` or ``f``."""
    if value not in (b"t", b"f"):
        raise ValueError("no boolean")
    return value


def read_bool(value: bytes) -> bytes:
    """One byte, zero or not."""
    if len(value) != 1:
        raise ValueError("no boolean")
    return b"f" if value == b"\x00" else b"t"


def write_bool(canonical: bytes) -> bytes:
    """One byte, 1 or 0."""
    return b"\x01" if read_bool_text(canonical) == b"t" else b"\x00"


def read_uuid_text(value: bytes) -> bytes:
    """36 characters, lower case, as the server writes them."""
    if not _UUID.fullmatch(value):
        raise ValueError("no uuid")
    return value


def read_uuid(value: bytes) -> bytes:
    """16 bytes."""
    if len(value) != 16:
        raise ValueError("no uuid")
    digits = value.hex().encode()
    return b"-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def write_uuid(canonical: bytes) -> bytes:
    """16 bytes."""
    return bytes.fromhex(read_uuid_text(canonical).replace(b"-", b"").decode())


def read_inet_text(value: bytes) -> bytes:
    """An address, IPv6 as RFC 5952 writes it, with its netmask where that is not the whole."""
    found = ip_interface(value.decode("ascii"))
    whole = found.network.prefixlen == found.max_prefixlen
    return (str(found.ip) if whole else found.with_prefixlen).encode()


def read_inet(value: bytes) -> bytes:
    """Family, bits, whether it is a cidr, length, address (inet_send)."""
    family, bits, _, length = value[:4]
    if (family, length, len(value)) not in ((_IPV4, 4, 8), (_IPV6, 16, 20)):
        raise ValueError("no inet")
    return read_inet_text(f"{ip_address(value[4:])}/{bits}".encode())


def write_inet(canonical: bytes) -> bytes:
    """As ``read_inet``."""
    found = ip_interface(canonical.decode("ascii"))
    family = _IPV4 if found.version == 4 else _IPV6
    address = found.ip.packed
    return bytes((family, found.network.prefixlen, 0, len(address))) + address


def read_bytea_text(value: bytes) -> bytes:
    """Either setting of bytea_output: ``\\x`` and digits, or the escape form."""
    if value.startswith(b"\\x"):
        if not _HEX.fullmatch(value):
            raise ValueError("no bytea")
        return value.lower()
    if not _ESCAPED.fullmatch(value):
        raise ValueError("no bytea")
    return read_bytea(_ESCAPE.sub(_unescape, value))


def _unescape(match: re.Match[bytes]) -> bytes:
    code = match[1]
    return code if code == b"\\" else bytes((int(code, 8),))


def read_bytea(value: bytes) -> bytes:
    """The bytes themselves."""
    return b"\\x" + value.hex().encode()


def write_bytea(canonical: bytes) -> bytes:
    """The bytes themselves."""
    return bytes.fromhex(read_bytea_text(canonical)[2:].decode())


def read_jsonb(value: bytes) -> bytes:
    """A version byte, then the text."""
    if value[:1] != _JSONB_VERSION:
        raise ValueError("no jsonb of a known version")
    return value[1:]


def write_jsonb(canonical: bytes) -> bytes:
    """A version byte, then the text."""
    return _JSONB_VERSION + canonical
