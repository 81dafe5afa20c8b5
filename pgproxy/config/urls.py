"""PostgreSQL and vault URLs: what is wrong with one, told without repeating any part of it.

A password with an unescaped ``/``, ``?`` or ``@`` spills into every other part of the URL, so no
part is ever quoted in a finding, nor shown by ``repr``.
"""

from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit, urlunsplit

from pydantic import ValidationInfo

from pgproxy.config.fields import NOT_YET, beside, listed, nearest, wrong

_EXAMPLE = "postgresql://127.0.0.1:5432"

# The parameters of a libpq URL that pgproxy reads; the rest of libpq's are known only by name.
_FILES = ("sslrootcert", "sslcert", "sslkey")
_READ = (
    "dbname",
    "host",
    "password",
    "port",
    "sslmode",
    "target_session_attrs",
    "user",
    *_FILES,
)
DEFAULT_PORT = 5432
_TLS = ("sslcrl", "sslnegotiation", "sslpassword")
_OTHER = (
    "application_name",
    "channel_binding",
    "connect_timeout",
    "options",
    "passfile",
)

_PLAIN_MODES = ("disable", "allow", "prefer")
_TLS_MODES = ("require", "verify-ca", "verify-full")


class Url(str):
    """A URL that may hold a password: complete as a text, silent in ``repr``."""

    __slots__ = ()

    def __repr__(self) -> str:
        scheme = self.partition("://")[0] if "://" in self else ""
        return f"Url({scheme}://…)" if scheme.isalpha() else "Url(…)"


def postgres_url(value: object, info: ValidationInfo) -> Url:
    """A URL as libpq writes it, to one host or several; paths in it are made absolute."""
    if not isinstance(value, str) or not value:
        kind = "an empty text" if value == "" else "something else"
        raise wrong(f"found {kind}; expected a URL such as {_EXAMPLE}")
    parts = _split(value)
    if parts.scheme not in ("postgresql", "postgres"):
        raise wrong(f"this is no PostgreSQL URL; expected one such as {_EXAMPLE}")
    if parts.fragment:
        raise wrong(f"found a `#`; {_ESCAPE}")
    parameters = _parameters(parts.query)
    _checked_hosts(parts, parameters)
    _any_session(parameters)
    mode = parameters.get("sslmode", "prefer")
    if mode not in (*_PLAIN_MODES, *_TLS_MODES):
        known = listed((*_PLAIN_MODES, *_TLS_MODES))
        raise wrong(f"the sslmode is none that libpq knows; expected {known}")
    _tls_files(mode, parameters)
    files = {name: _beside(parameters[name], info) for name in _FILES if name in parameters}
    if not files:
        return Url(value)
    query = "&".join(
        f"{name}={quote(files.get(name, text), safe='/{}')}" for name, text in parameters.items()
    )
    return Url(urlunsplit(parts._replace(query=query)))


def speaks_tls(url: str) -> bool:
    """Whether the server of a URL is spoken to over TLS."""
    try:
        parameters = dict(parse_qsl(urlsplit(url).query))
    except ValueError:
        return False
    return parameters.get("sslmode") in _TLS_MODES


def _tls_files(mode: str, parameters: dict[str, str]) -> None:
    given = [name for name in _FILES if parameters.get(name)]
    if mode in _PLAIN_MODES and given:
        raise wrong(f"`{given[0]}` needs an sslmode that speaks TLS; expected {listed(_TLS_MODES)}")
    if mode in ("verify-ca", "verify-full") and "sslrootcert" not in given:
        raise wrong(
            f"sslmode `{mode}` needs `sslrootcert`; expected the path of a root certificate, or "
            "`system`"
        )
    if ("sslcert" in given) != ("sslkey" in given):
        raise wrong("`sslcert` and `sslkey` go together; expected both")


def _any_session(parameters: dict[str, str]) -> None:
    """Whether a server is a primary shows after the login, which is the client's."""
    if parameters.get("target_session_attrs", "any") != "any":
        raise wrong(f"`target_session_attrs` other than any is {NOT_YET}; leave it out")


def _beside(text: str, info: ValidationInfo) -> str:
    return text if text == "system" else str(_absolute(beside(text, info)))


def has_user(url: str) -> bool:
    """Whether a URL says who logs in."""
    try:
        parts = urlsplit(url)
        return bool(parts.username or dict(parse_qsl(parts.query)).get("user"))
    except ValueError:
        return False


def vault_url(value: object, info: ValidationInfo) -> Url:
    """``sqlite:///PATH``, made absolute, or a PostgreSQL URL with a user and a database.

    A relative PATH is relative to the file it stands in.
    """
    expected = "expected sqlite:///vault.db"
    if not isinstance(value, str) or not value:
        raise wrong(f"found no URL; {expected}")
    scheme, mark, rest = value.partition(":")
    if scheme in ("postgresql", "postgres"):
        url = postgres_url(value, info)
        if len(hosts(url)) > 1:
            raise wrong(f"several hosts of a vault are {NOT_YET}; expected one")
        _names_login_and_database(url)
        return url
    if scheme != "sqlite" or not mark:
        raise wrong(f"this is no vault URL; {expected}")
    if not rest.startswith("///"):
        raise wrong(f"found fewer than three slashes; {expected}, or sqlite:////var/lib/vault.db")
    path = rest[3:]
    if not path or path == ":memory:":
        raise wrong(f"found no path: tokens must outlive the process; {expected}")
    if "?" in path or "#" in path:
        raise wrong(f"options after the path are not read; {expected}")
    return Url(f"sqlite:///{_absolute(beside(path, info))}")


def _names_login_and_database(url: str) -> None:
    """libpq would take both from the user of the process: a vault is not left to that."""
    parts = urlsplit(url)
    given = dict(parse_qsl(parts.query))
    if not has_user(url) or not (parts.path.strip("/") or given.get("dbname")):
        raise wrong(
            "a vault's URL names a user and a database; expected one such as "
            "postgresql://vault@127.0.0.1:5432/vault"
        )


def _absolute(path: Path) -> Path:
    return path.absolute()


_ESCAPE = "write `/` `?` `#` `@` `:` in a user name or password as %2F %3F %23 %40 %3A"


_IPV6 = "only an IPv6 address stands in [ ]; write them in a password as %5B %5D"


def _split(value: str) -> SplitResult:
    if "://" not in value:
        raise wrong(f"this is no URL; expected one such as {_EXAMPLE}")
    # A space or a line break would be dropped or cut by one reader and kept by another.
    if any(char.isspace() or not char.isprintable() for char in value):
        raise wrong("found a space or a control character; write it as %20 or leave it out")
    try:
        return urlsplit(value)
    except ValueError:
        raise wrong(f"the brackets do not match; {_IPV6}") from None


def _parameters(query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        raise wrong(f"the part after `?` is not name=value; {_ESCAPE}") from None
    for name, _ in pairs:
        if name in _TLS:
            raise wrong(f"parameter `{name}` is {NOT_YET}; leave it out")
        if name in _OTHER:
            raise wrong(f"parameter `{name}` is {NOT_YET}; leave it out")
        if name not in _READ:
            near = nearest(name, [*_READ, *_TLS, *_OTHER])
            hint = f"did you mean `{near}`?" if near else f"expected {listed(_READ)}"
            raise wrong(f"found a parameter that libpq does not have; {hint}")
    if len(dict(pairs)) != len(pairs):
        raise wrong("found a parameter twice; keep one of them")
    return dict(pairs)


def hosts(url: str) -> list[tuple[str, int]]:
    """The hosts and ports of a URL that ``postgres_url`` has accepted, in the order to try."""
    parts = urlsplit(url)
    return _hosts(parts, dict(parse_qsl(parts.query)))


def _checked_hosts(parts: SplitResult, parameters: dict[str, str]) -> None:
    if not all(host for host, _ in _hosts(parts, parameters)):
        raise wrong(f"names no host; expected one, as in {_EXAMPLE}")


def _hosts(parts: SplitResult, parameters: dict[str, str]) -> list[tuple[str, int]]:
    """As libpq reads them: the ports of the parameter are one for all, or one for each."""
    place = parts.netloc.rpartition("@")[2]
    ports = [_port(text) for text in parameters.get("port", "").split(",")]
    if place.strip(":0123456789,"):
        found = [_host_and_port(text) for text in place.split(",")]
    else:
        own = place.lstrip(":")
        found = [(host, _port(own)) for host in parameters.get("host", "").split(",")]
    if len(ports) not in (1, len(found)):
        raise wrong("there are not as many ports as hosts; expected one for all, or one for each")
    ports *= len(found) // len(ports)
    return [
        (unquote(host), own or port or DEFAULT_PORT)
        for (host, own), port in zip(found, ports, strict=True)
    ]


def _host_and_port(text: str) -> tuple[str, int]:
    if text.startswith("["):
        host, _, port = text[1:].partition("]")
        return host, _port(port.removeprefix(":"))
    host, _, port = text.partition(":")
    return host, _port(port)


def _port(text: str) -> int:
    """0 where there is none."""
    if not text:
        return 0
    port = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    if not 0 < port < 65536:
        raise wrong(f"the port is not a number from 1 to 65535; {_ESCAPE}")
    return port
