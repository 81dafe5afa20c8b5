"""The PROXY header: both versions, cut anywhere, and what is none."""

from ipaddress import ip_address

from hypothesis import given
from hypothesis import strategies as st
import pytest

from pgproxy.errors import ClientViolation
from pgproxy.wire.proxy_header import ProxyHeader, parse_proxy_header

SIGNATURE = bytes.fromhex("0d0a0d0a000d0a515549540a")
V4 = SIGNATURE + bytes.fromhex("21 11 000c c0000201 0a000001 dead 1538")
V6 = (
    SIGNATURE + bytes.fromhex("21 21 0024") + ip_address("2001:db8::7").packed * 2 + b"\x12\x34\0\1"
)
LINE = b"PROXY TCP4 192.0.2.1 10.0.0.1 57005 5432\r\n"

HEADERS = {
    LINE: ("192.0.2.1", 57005),
    b"PROXY TCP6 2001:db8::7 ::1 1 2\r\n": ("2001:db8::7", 1),
    b"PROXY UNKNOWN\r\n": None,
    b"PROXY UNKNOWN whatever stands here\r\n": None,
    V4: ("192.0.2.1", 57005),
    V6: ("2001:db8::7", 0x1234),
    # With values of a type and a length behind the addresses.
    SIGNATURE + bytes.fromhex("21 11 0012 c0000201 0a000001 dead 1538 04 0003 000000"):
        ("192.0.2.1", 57005),
    # LOCAL: a health check of the balancer itself.
    SIGNATURE + bytes.fromhex("20 00 0000"): None,
    # A Unix socket, a datagram, nothing: no address to speak of.
    SIGNATURE + bytes.fromhex("21 31 0000"): None,
    SIGNATURE + bytes.fromhex("21 12 000c c0000201 0a000001 dead 1538"): None,
    SIGNATURE + bytes.fromhex("21 00 0000"): None,
}  # fmt: skip


@pytest.mark.parametrize("data", HEADERS)
def test_header_with_what_follows(data: bytes) -> None:
    expected = HEADERS[data]
    source = (ip_address(expected[0]), expected[1]) if expected else None
    assert parse_proxy_header(data + b"\0\0\0\x08") == ProxyHeader(source, len(data))
    for cut in range(len(data)):
        assert parse_proxy_header(data[:cut]) is None


@pytest.mark.parametrize(
    "data",
    [
        b"\0\0\0\x08\x04\xd2\x16\x2f",
        b"GET / HTTP/1.1\r\n",
        b"PROXY TCP4 1.2.3.4\r\n",
        b"PROXY TCP4 2001:db8::7 ::1 1 2\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 70000 2\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 x 2\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 1_0 2\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 +1 2\r\n",
        # A line end in an address would be one in the log.
        b"PROXY TCP6 fe80::1%a\nb ::1 1 2\r\n",
        b"PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n",
        b"PROXY " + b"x" * 110,
        SIGNATURE + bytes.fromhex("11 11 000c c0000201 0a000001 dead 1538"),
        SIGNATURE + bytes.fromhex("22 11 000c c0000201 0a000001 dead 1538"),
        SIGNATURE + bytes.fromhex("21 11 0004 c0000201"),
        SIGNATURE + bytes.fromhex("21 11 ffff"),
    ],
)
def test_what_is_none(data: bytes) -> None:
    with pytest.raises(ClientViolation):
        parse_proxy_header(data)


@given(st.binary(max_size=80), st.sampled_from([b"", b"PROXY ", SIGNATURE]))
def test_any_bytes_are_read_or_refused(data: bytes, before: bytes) -> None:
    try:
        found = parse_proxy_header(before + data)
    except ClientViolation:
        return
    assert found is None or found.length <= len(before + data)
