"""What every socket of ours wants."""

import asyncio
import socket
from typing import Any

from pgproxy.errors import ConfigError, Finding

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


def bound(section: str, host: str, port: int, *, shared: bool = False) -> list[socket.socket]:
    """A socket for each address of ``host``, not listening yet; ``shared``: with other sockets.

    Raises ConfigError, naming the section of pgproxy.yaml that asks for it.
    """
    made: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM, 0, socket.AI_PASSIVE)
        for family, kind, protocol, _, address in dict.fromkeys(found):
            made.append(sock := socket.socket(family, kind, protocol))
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if shared:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.bind(address)
    except OSError as error:
        for sock in made:
            sock.close()
        raise cannot_listen(section, error) from None
    return made


def cannot_listen(section: str, error: OSError) -> ConfigError:
    """What is wrong with an address that the configuration names."""
    message = f"cannot listen there: {error.strerror}"
    return ConfigError((Finding(f"{section}.host, {section}.port", 0, message),))


def written(address: tuple[Any, ...]) -> str:
    """A socket's name, as it is written."""
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
