"""The PROXY protocol's header, version 1 or 2: who connected to the balancer in front of us.

As haproxy's proxy-protocol.txt describes it.  It comes before everything, TLS included.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from pgproxy.errors import ClientViolation

_V1 = b"PROXY "
_V2 = b"\r\n\r\n\0\r\nQUIT\n"
# Version 1 has a line of 107 bytes at most; version 2 names its length, and addresses need 36.
_LONGEST_V1 = 107
_FIXED_V2 = 16
_LONGEST_V2 = 4096
_BAD = "what comes first is no PROXY header"


@dataclass(frozen=True, slots=True)
class ProxyHeader:
    """``source`` as an address and port, None where the balancer speaks for itself (a check)."""

    source: tuple[IPv4Address | IPv6Address, int] | None
    length: int


def parse_proxy_header(data: bytes) -> ProxyHeader | None:
    """The header that ``data`` begins with; None: not complete.  Raises ClientViolation."""
    if data[: len(_V2)] == _V2[: len(data)]:
        return _version_2(data)
    if data[: len(_V1)] == _V1[: len(data)]:
        return _version_1(data)
    raise ClientViolation(_BAD)


def _version_1(data: bytes) -> ProxyHeader | None:
    line, end, _ = data[:_LONGEST_V1].partition(b"\r\n")
    if not end:
        if len(data) >= _LONGEST_V1:
            raise ClientViolation(_BAD)
        return None
    length = len(line) + len(end)
    words = line.split(b" ")
    if words[1:2] == [b"UNKNOWN"]:
        return ProxyHeader(None, length)
    if len(words) != 6 or words[1] not in (b"TCP4", b"TCP6"):
        raise ClientViolation(_BAD)
    try:
        address = ip_address(words[2].decode("ascii"))
        # int would also take a sign and underscores.
        port = int(words[4]) if words[4].isdigit() else -1
    except ValueError:
        raise ClientViolation(_BAD) from None
    # A scope may hold anything, line ends too, and addresses are logged.
    scoped = b"%" in words[2]
    if address.version != int(words[1][3:]) or not 0 <= port < 65536 or scoped:
        raise ClientViolation(_BAD)
    return ProxyHeader((address, port), length)


def _version_2(data: bytes) -> ProxyHeader | None:
    if len(data) < _FIXED_V2:
        return None
    version, command = data[12] >> 4, data[12] & 0x0F
    length = _FIXED_V2 + int.from_bytes(data[14:16], "big")
    if version != 2 or command not in (0, 1) or length > _LONGEST_V2:
        raise ClientViolation(_BAD)
    if len(data) < length:
        return None
    family, body = data[13], data[_FIXED_V2:length]
    # LOCAL is the balancer's own check; what is no TCP has no address that says anything here.
    if command == 0 or family not in (0x11, 0x21):
        return ProxyHeader(None, length)
    size = 4 if family == 0x11 else 16
    if len(body) < 2 * size + 4:
        raise ClientViolation(_BAD)
    address = IPv4Address(body[:size]) if size == 4 else IPv6Address(body[:size])
    return ProxyHeader((address, int.from_bytes(body[2 * size : 2 * size + 2], "big")), length)
