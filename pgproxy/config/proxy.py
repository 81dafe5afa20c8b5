"""pgproxy.yaml as frozen models (design.md 4): the keys, their defaults, what each accepts.

Reads no file but the one it is given and opens no connection.  What is only planned is refused by
name.
"""

from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
import re
from typing import Annotated

from pydantic import Field, PlainValidator, ValidationInfo, model_validator

from pgproxy.config.fields import (
    FilePath,
    Port,
    Section,
    Text,
    beside,
    choice,
    integer,
    listed,
    mismatch,
    service,
    size,
    text,
    wrong,
    yes_or_no,
)
from pgproxy.config.findings import validate
from pgproxy.config.models import Models
from pgproxy.config.urls import Url, has_user, postgres_url, speaks_tls, vault_url
from pgproxy.config.yaml import Document
from pgproxy.treatment.tokens import CAPACITY

_CATALOG_USER = (
    "names no user, and catalog.url is missing; expected catalog.url with a login that reads "
    "pg_catalog, such as postgresql://reader@127.0.0.1:5432"
)


_BOUND = (
    "pass-through does not work with TLS on both sides: a client binds its login to the "
    "certificate it sees, and that is the proxy's; expected `scram`, or TLS on one side only"
)


class AuthMethod(StrEnum):
    """Who checks the client's password."""

    PASS_THROUGH = "pass-through"
    SCRAM = "scram"


class Asked(StrEnum):
    """How a server may ask for a password besides SCRAM."""

    MD5 = "md5"
    CLEARTEXT = "cleartext"


class Provider(StrEnum):
    """Where the keys of the vault come from."""

    FILE = "file"
    ENV = "env"
    HASHICORP = "hashicorp"
    AWS_KMS = "aws-kms"


def _host(value: object) -> str:
    expected = "a host name or an address, such as 127.0.0.1"
    host = text(value, expected)
    if host.startswith("[") or any(char.isspace() or char in "/@" for char in host):
        raise mismatch(value, expected)
    if host.count(":") == 1:
        raise wrong(f"found a port; expected {expected}, and the port as `port`")
    return host


def _audit_path(value: object, info: ValidationInfo) -> str:
    name = text(value, 'a path, or "-" for standard output')
    return name if name == "-" else str(beside(name, info))


def _variable(value: object) -> str:
    expected = "the name of an environment variable, such as PGPROXY_KEYS"
    name = text(value, expected)
    if not (name.isascii() and name.isidentifier()):
        raise mismatch(value, expected)
    return name


def _network(value: object) -> IPv4Network | IPv6Network:
    expected = "an address or a network, such as 10.0.0.0/8"
    try:
        return ip_network(text(value, expected))
    except ValueError:
        raise mismatch(value, expected) from None


def _verifier(value: object) -> str:
    expected = "what the server stores of the password, SCRAM-SHA-256$… from pg_authid.rolpassword"
    found = text(value, expected)
    if not re.fullmatch(r"SCRAM-SHA-256\$[1-9][0-9]*:[^$:]+\$[^$:]+:[^$:]+", found):
        raise wrong(f"found something else; expected {expected}")
    return found


def _count(low: int, high: int) -> PlainValidator:
    return PlainValidator(lambda value: integer(value, low, high))


Network = Annotated[IPv4Network | IPv6Network, PlainValidator(_network)]
Host = Annotated[str, PlainValidator(_host)]
PostgresUrl = Annotated[Url, PlainValidator(postgres_url)]


class ListenTls(Section):
    """TLS on the clients' side: PEM files; ``client_ca`` turns on client certificates."""

    cert: FilePath = Field(description="the path of a certificate in PEM, such as server.pem")
    key: FilePath = Field(description="the path of its key in PEM, such as server.key")
    client_ca: FilePath | None = None
    require: Annotated[bool, PlainValidator(yes_or_no)] = False


class Listen(Section):
    """Where clients connect."""

    host: Host = "127.0.0.1"
    port: Port = 6432
    tls: ListenTls | None = None
    proxy_header_from: tuple[Network, ...] = ()


class Upstream(Section):
    """The server behind the proxy."""

    url: PostgresUrl = Field(description="a URL such as postgresql://127.0.0.1:5432")


class CatalogLogin(Section):
    """The login that reads pg_catalog; '' means that of ``upstream``: see ``catalog_url``."""

    url: PostgresUrl = Url("")


class ServiceLogin(Section):
    """The login at the server that stands for every client."""

    user: Text = Field(description="a role of the server")
    password: Text = Field(description='its password, such as "${PGPROXY_PASSWORD}"', repr=False)


class Auth(Section):
    """How a client proves who it is."""

    method: Annotated[AuthMethod, PlainValidator(choice(AuthMethod))] = AuthMethod.PASS_THROUGH
    users: dict[Text, Annotated[str, PlainValidator(_verifier)]] = Field(
        default_factory=dict, repr=False
    )
    url: PostgresUrl = Url("")
    service: ServiceLogin | None = None
    allow: tuple[Annotated[Asked, PlainValidator(choice(Asked))], ...] = ()

    @model_validator(mode="after")
    def _belongs(self) -> "Auth":
        if self.method is AuthMethod.PASS_THROUGH:
            for name in ("users", "url", "service"):
                if getattr(self, name):
                    message = f"`{name}` does not go with method `pass-through`"
                    raise wrong(f"{message}; expected `scram`")
        elif self.allow:
            raise wrong("`allow` does not go with method `scram`; expected `pass-through`")
        if self.service and self.url:
            raise wrong("`service` logs in whom `users` names, not the server's own; drop `url`")
        if self.service and not self.users:
            raise wrong("`service` logs in whom `users` names; `users` is missing")
        return self


class Keys(Section):
    """Where the vault's key file comes from, and the service that its secrets are wrapped by."""

    provider: Annotated[Provider, PlainValidator(choice(Provider))] = Field(
        description="`file`, `env`, `hashicorp` or `aws-kms`"
    )
    path: FilePath | None = None
    variable: Annotated[str | None, PlainValidator(_variable)] = None
    key: Text | None = None
    address: Annotated[str | None, PlainValidator(service)] = None
    token: Text | None = Field(default=None, repr=False)
    region: Text | None = None

    @property
    def location(self) -> str:
        """The path of the key file, or the environment variable that holds it."""
        return str(self.variable) if self.provider is Provider.ENV else str(self.path)

    @model_validator(mode="after")
    def _belongs(self) -> "Keys":
        needed, more = _KEYS_OF[self.provider]
        for name in ("path", "variable", "key", "address", "token", "region"):
            given = getattr(self, name) is not None
            if given and name not in needed + more:
                message = f"`{name}` does not go with provider `{self.provider}`"
                raise wrong(f"{message}; expected {listed(needed + more, 'and')}")
        for name in needed:
            if getattr(self, name) is None:
                raise wrong(f"`{name}` is missing; provider `{self.provider}` needs it")
        return self


# What each provider needs, and what it may have besides.
_KEYS_OF: dict[Provider, tuple[tuple[str, ...], tuple[str, ...]]] = {
    Provider.FILE: (("path",), ()),
    Provider.ENV: (("variable",), ()),
    Provider.HASHICORP: (("path", "address", "key", "token"), ()),
    Provider.AWS_KMS: (("path", "key"), ("region", "address")),
}


class VaultPlace(Section):
    """Where tokens are kept, and the keys that seal them."""

    url: Annotated[Url, PlainValidator(vault_url)] = Field(
        default=Url("sqlite:///vault.db"), validate_default=True
    )
    keys: Keys = Field(description="{provider: file, path: vault.key}")


class Admin(Section):
    """Where metrics, health and the admin page are served."""

    host: Host = "127.0.0.1"
    port: Port = 9187


class Audit(Section):
    """Where the audit trail goes: a path, or ``-`` for standard output."""

    path: Annotated[str, PlainValidator(_audit_path)] = "-"


class Limits(Section):
    """Bounds that keep one client from harming the others."""

    clients: Annotated[int, _count(1, 1_000_000)] = 10_000
    startup_seconds: Annotated[int, _count(1, 3600)] = 10
    drain_seconds: Annotated[int, _count(0, 86_400)] = 30
    token_cache_bytes: Annotated[
        int, PlainValidator(lambda value: size(value, 1 << 20, 1 << 40))
    ] = CAPACITY
    detokenize_per_second: Annotated[int, _count(1, 1_000_000)] = 1000
    message_bytes: Annotated[int, PlainValidator(lambda value: size(value, 1 << 16, 1 << 30))] = (
        1 << 30
    )


class ProxyConfig(Section):
    """A whole pgproxy.yaml; every path in it is seen from the folder of the file."""

    listen: Listen = Listen()
    upstream: Upstream = Field(description="{url: postgresql://127.0.0.1:5432}")
    catalog: CatalogLogin = CatalogLogin()
    auth: Auth = Auth()
    vault: VaultPlace = Field(description="{keys: {provider: file, path: vault.key}}")
    admin: Admin = Admin()
    audit: Audit = Audit()
    limits: Limits = Limits()
    models: Models | None = None
    policy: FilePath = Field(description="the path of the policy, such as policy.yaml")
    profiles: FilePath | None = None

    def verifiers_url(self) -> str:
        """The login that reads stored passwords: that of ``auth``, else that of the catalog.

        '' where a service logs in for all: nobody but ``users`` may come by it.
        """
        return "" if self.auth.service else self.auth.url or self.catalog_url()

    def catalog_url(self) -> str:
        """The login that reads pg_catalog: that of ``catalog``, else that of ``upstream``."""
        return self.catalog.url or self.upstream.url


def read_proxy(document: Document, base: Path) -> ProxyConfig | None:
    """The models of one file, or None; what is wrong is reported in the document."""
    config = validate(ProxyConfig, document, {"base": base})
    _across(document)
    return None if document.findings else config


def _across(document: Document) -> None:
    """Mistakes between two keys, seen on the raw values, which may be wrong in themselves."""
    upstream = _text_at(document, "upstream", "url")
    if upstream and _at(document, "catalog", "url") is None and not has_user(upstream):
        document.report(("upstream", "url"), _CATALOG_USER)
    tls_there = isinstance(_at(document, "listen", "tls"), dict)
    relayed = _at(document, "auth", "method", "pass-through") == "pass-through"
    if tls_there and relayed and upstream and speaks_tls(upstream):
        document.report(("auth", "method"), _BOUND)
    listen = (_at(document, "listen", "host", "127.0.0.1"), _at(document, "listen", "port", 6432))
    admin = (_at(document, "admin", "host", "127.0.0.1"), _at(document, "admin", "port", 9187))
    if listen == admin and listen[1] != 0:
        document.report(("admin", "port"), "the same as that of `listen`; expected another one")


def _at(document: Document, section: str, key: str, default: object = None) -> object:
    values = document.value.get(section) if isinstance(document.value, dict) else None
    return values.get(key, default) if isinstance(values, dict) else default


def _text_at(document: Document, section: str, key: str) -> str:
    value = _at(document, section, key)
    bad = document.is_broken((section, key)) or not isinstance(value, str)
    return "" if bad else str(value)
