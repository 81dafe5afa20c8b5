"""What every socket of ours wants."""

import asyncio
import socket

# Linux finds a dead host after idle + interval * count seconds.  No TCP_USER_TIMEOUT: it also ends
# a connection whose peer is alive and merely does not read for that long.
_KEEPALIVE = (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 6))


def tune(transport: asyncio.BaseTransport) -> None:
    """What every leg's socket wants: no delay, and an end that notices a dead host."""
    sock: socket.socket | None = transport.get_extra_info("socket")
    if sock is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE:
        option = getattr(socket, name, None)
        if option is not None:
            sock.setsockopt(socket.IPPROTO_TCP, option, value)
