"""pgproxy.yaml: defaults, every key, and what is told about each mistake."""

from pathlib import Path

from pydantic import ValidationError
import pytest

from tests.config.told import SMALLEST, proxy, proxy_told

FOUR = "4: "


def told(text: str, environment: dict[str, str] | None = None) -> list[str]:
    """What is told about keys below the smallest file; the first of them is line 4."""
    return proxy_told(SMALLEST + text, environment)


def test_the_smallest_file_has_safe_defaults() -> None:
    config = proxy(SMALLEST)
    assert (config.listen.host, config.listen.port) == ("127.0.0.1", 6432)
    assert (config.admin.host, config.admin.port) == ("127.0.0.1", 9187)
    assert config.catalog_url() == config.upstream.url == "postgresql://me@127.0.0.1:5432"
    assert config.auth.method == "pass-through"
    assert config.vault.url == "sqlite:////etc/pgproxy/vault.db"
    assert (config.vault.keys.provider, config.vault.keys.path) == (
        "file",
        Path("/etc/pgproxy/vault.key"),
    )
    assert config.audit.path == "-"
    assert (config.limits.clients, config.limits.startup_seconds) == (10_000, 10)
    assert (config.limits.drain_seconds, config.limits.message_bytes) == (30, 1 << 30)
    assert config.policy == Path("/etc/pgproxy/policy.yaml")


def test_every_key_is_read() -> None:
    config = proxy(
        """
listen: {host: 0.0.0.0, port: 0}
upstream: {url: "postgresql://127.0.0.1:5432"}
catalog: {url: "postgresql://reader:x@127.0.0.1/{database}"}
auth: {method: pass-through}
vault: {url: "sqlite:////v.db", keys: {provider: env, variable: PGPROXY_KEYS}}
admin: {host: "::1", port: 80}
audit: {path: log/audit.jsonl}
limits: {clients: 5, startup_seconds: 1, drain_seconds: 0, message_bytes: 16MiB}
policy: /p.yaml
"""
    )
    assert (config.listen.host, config.listen.port) == ("0.0.0.0", 0)
    assert config.catalog_url() == "postgresql://reader:x@127.0.0.1/{database}"
    assert config.vault.url == "sqlite:////v.db"
    assert config.vault.keys.location == "PGPROXY_KEYS"
    assert (config.admin.host, config.admin.port) == ("::1", 80)
    assert config.audit.path == "/etc/pgproxy/log/audit.jsonl"
    assert (config.limits.clients, config.limits.startup_seconds) == (5, 1)
    assert (config.limits.drain_seconds, config.limits.message_bytes) == (0, 16 << 20)
    assert config.policy == Path("/p.yaml")


def test_numbers_and_words_can_come_from_the_environment() -> None:
    text = SMALLEST + "listen: {host: '${HOST}', port: '${PORT}'}\naudit: {path: '${LOG}.jsonl'}\n"
    config = proxy(text, {"HOST": "10.0.0.1", "PORT": "5555", "LOG": "/a"})
    assert (config.listen.host, config.listen.port) == ("10.0.0.1", 5555)
    assert config.audit.path == "/a.jsonl"


def test_the_models_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        proxy(SMALLEST).listen.port = 1


def test_an_empty_mapping_lacks_the_three_keys() -> None:
    assert proxy_told("{}") == [
        "1: upstream: missing; expected {url: postgresql://127.0.0.1:5432}",
        "1: vault: missing; expected {keys: {provider: file, path: vault.key}}",
        "1: policy: missing; expected the path of the policy, such as policy.yaml",
    ]


def test_what_is_missing_inside_a_section_is_told_where_the_section_is() -> None:
    text = "\nupstream: {}\nvault:\n  url: sqlite:///v.db\n  keys: {}\npolicy: p.yaml\n"
    assert proxy_told(text) == [
        "2: upstream.url: missing; expected a URL such as postgresql://127.0.0.1:5432",
        "5: vault.keys.provider: missing; expected `file`, `env`, `hashicorp` or `aws-kms`",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("listen: {prot: 1}", "listen.prot: unknown key; did you mean `port`?"),
        ("listen: {Port: 1}", "listen.Port: unknown key; did you mean `port`?"),
        (
            "limits: {startup-seconds: 1}",
            "limits.startup-seconds: unknown key; did you mean `startup_seconds`?",
        ),
        ("limts: {}", "limts: unknown key; did you mean `limits`?"),
        (
            "url: x",
            "url: unknown key here; `url` belongs under `auth`, `catalog`, `upstream` or `vault`",
        ),
        ("provider: x", "provider: unknown key here; `provider` belongs under `vault.keys`"),
        ("admin: {zzz: 1}", "admin.zzz: unknown key; expected `host` or `port`"),
    ],
)
def test_an_unknown_key_is_told_with_the_right_one(text: str, expected: str) -> None:
    assert told(text) == [FOUR + expected]


PORT = "expected a whole number from 0 to 65535"
SIZE = "expected a size from 64KiB to 1GiB, such as 16MiB"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("listen: {port: abc}", f"listen.port: found `abc`; {PORT}"),
        ("listen: {port: '6432'}", f'listen.port: found `"6432"`; {PORT}, without quotes'),
        ("listen: {port: 70000}", f"listen.port: found `70000`; {PORT}"),
        ("listen: {port: -1}", f"listen.port: found `-1`; {PORT}"),
        ("listen: {port: 1.5}", f"listen.port: found `1.5`; {PORT}"),
        ("listen: {port: true}", f"listen.port: found `true`; {PORT}"),
        ("listen: {port: null}", f"listen.port: found `null`; {PORT}"),
        ("listen: {port: [1]}", f"listen.port: found a list; {PORT}"),
        ("listen: {port: }", f"listen.port: found nothing; {PORT}"),
        (
            "listen: {port: 010}",
            (
                "listen.port: found `010` without quotes, "
                f"which not all YAML readers take for the same number; {PORT}"
            ),
        ),
        (
            "listen: {port: no}",
            (
                "listen.port: found `no` without quotes, "
                f"which some YAML readers take for false and others for a text; {PORT}"
            ),
        ),
        ("limits: {message_bytes: 2GiB}", f"limits.message_bytes: found `2GiB`; {SIZE}"),
        ("limits: {message_bytes: 16MB}", f"limits.message_bytes: found `16MB`; {SIZE}"),
        ("limits: {message_bytes: 100}", f"limits.message_bytes: found `100`; {SIZE}"),
        (
            "limits: {clients: 0}",
            "limits.clients: found `0`; expected a whole number from 1 to 1000000",
        ),
        (
            "listen: {host: 5}",
            (
                "listen.host: found `5`; expected a host name or an address, such as 127.0.0.1, "
                "in quotes"
            ),
        ),
        (
            "listen: {host: ''}",
            (
                "listen.host: found an empty text; "
                "expected a host name or an address, such as 127.0.0.1"
            ),
        ),
        (
            "listen: {host: 'localhost:6432'}",
            (
                "listen.host: found a port; "
                "expected a host name or an address, such as 127.0.0.1, and the port as `port`"
            ),
        ),
        (
            "admin: on",
            (
                "admin: found `on` without quotes, which some YAML readers take for true "
                "and others for a text; expected a mapping with `host` and `port`"
            ),
        ),
        ("admin:", "admin: found nothing; expected a mapping with `host` and `port`"),
        ("audit: audit.jsonl", "audit: found `audit.jsonl`; expected a mapping with `path`"),
        (
            "audit: {path: null}",
            'audit.path: found `null`; expected a path, or "-" for standard output',
        ),
        (
            "audit: {path: ~/audit.jsonl}",
            "audit.path: `~` is not read here; write ${HOME}, or the whole path",
        ),
        (
            "auth: {method: md5}",
            "auth.method: found `md5`; expected `pass-through` or `scram`",
        ),
    ],
)
def test_a_wrong_value_is_told_with_what_was_expected(text: str, expected: str) -> None:
    assert told(text) == [FOUR + expected]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("{provider: file}", "vault.keys: `path` is missing; provider `file` needs it"),
        ("{provider: env}", "vault.keys: `variable` is missing; provider `env` needs it"),
        (
            "{provider: env, path: a}",
            "vault.keys: `path` does not go with provider `env`; expected `variable`",
        ),
        (
            "{provider: file, path: a, variable: B}",
            "vault.keys: `variable` does not go with provider `file`; expected `path`",
        ),
        (
            "{provider: env, variable: a b}",
            (
                "vault.keys.variable: found another text; "
                "expected the name of an environment variable, such as PGPROXY_KEYS"
            ),
        ),
        (
            "{provider: aws-kms}",
            "vault.keys: `path` is missing; provider `aws-kms` needs it",
        ),
        (
            "{provider: hashicorp, path: a}",
            "vault.keys: `address` is missing; provider `hashicorp` needs it",
        ),
        (
            "{provider: fille, path: a}",
            (
                "vault.keys.provider: found `fille`; expected `file`, `env`, `hashicorp` or "
                "`aws-kms`; did you mean `file`?"
            ),
        ),
        (
            "{provider: aws-kms, path: a, key: b, token: c}",
            (
                "vault.keys: `token` does not go with provider `aws-kms`; "
                "expected `path`, `key`, `region` and `address`"
            ),
        ),
        (
            "{provider: hashicorp, path: a, key: b, token: c, address: 'http://vault:8200'}",
            (
                "vault.keys.address: found something else; expected an https address such as "
                "https://vault.example.org:8200; http only to this machine"
            ),
        ),
        (
            "vault.key",
            (
                "vault.keys: found `vault.key`; "
                "expected a mapping with `provider`, `path`, `variable`, `key`, `address`, "
                "`token` and `region`"
            ),
        ),
    ],
)
def test_the_place_of_the_keys_is_checked(keys: str, expected: str) -> None:
    text = f"upstream: {{url: 'postgresql://a@b'}}\nvault: {{keys: {keys}}}\npolicy: p.yaml\n"
    assert proxy_told(text) == [f"2: {expected}"]


def test_somebody_must_read_the_catalog() -> None:
    text = SMALLEST.replace("me@", "")
    assert proxy_told(text) == [
        (
            "1: upstream.url: names no user, and catalog.url is missing; "
            "expected catalog.url with a "
            "login that reads pg_catalog, such as postgresql://reader@127.0.0.1:5432"
        )
    ]
    assert proxy(text + "catalog: {url: 'postgresql://reader@db'}").catalog_url()


def test_two_servers_cannot_share_a_port() -> None:
    assert told("admin: {port: 6432}") == [
        "4: admin.port: the same as that of `listen`; expected another one"
    ]
    assert proxy(SMALLEST + "listen: {port: 0}\nadmin: {port: 0}").admin.port == 0
    elsewhere = proxy(SMALLEST + "listen: {host: 10.0.0.1}\nadmin: {port: 6432}")
    assert elsewhere.admin.port == elsewhere.listen.port


def test_tls_of_the_clients() -> None:
    tls = proxy(SMALLEST + "listen: {tls: {cert: a.pem, key: /b.key, require: true}}").listen.tls
    assert tls is not None
    assert (tls.cert.name, tls.key.as_posix(), tls.client_ca, tls.require) == (
        "a.pem",
        "/b.key",
        None,
        True,
    )
    assert told("listen: {tls: {cert: a.pem, require: 1}}") == [
        "4: listen.tls.key: missing; expected the path of its key in PEM, such as server.key",
        "4: listen.tls.require: found `1`; expected `true` or `false`",
    ]


def test_balancers() -> None:
    text = SMALLEST + "listen: {proxy_header_from: [10.0.0.0/8, '::1']}"
    assert [str(n) for n in proxy(text).listen.proxy_header_from] == ["10.0.0.0/8", "::1/128"]
    (finding,) = told("listen: {proxy_header_from: [10.0.0.1/8]}")
    assert "expected an address or a network, such as 10.0.0.0/8" in finding


VERIFIER = "SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy"


def test_logins_that_the_proxy_checks() -> None:
    assert proxy(SMALLEST + "auth: {method: scram}").auth.users == {}
    found = proxy(SMALLEST + f'auth: {{method: scram, users: {{ann: "{VERIFIER}"}}}}')
    assert found.auth.users == {"ann": VERIFIER}
    assert VERIFIER not in repr(found)
    assert found.verifiers_url() == found.catalog_url()
    other = proxy(SMALLEST + "auth: {method: scram, url: 'postgresql://a:b@db/x'}")
    assert other.verifiers_url() == "postgresql://a:b@db/x"
    (secret,) = told("auth: {method: scram, users: {ann: hunter2}}")
    assert "auth.users.ann: found something else; expected what the server stores" in secret
    assert "hunter2" not in secret
    (finding,) = told(f'auth: {{users: {{ann: "{VERIFIER}"}}}}')
    assert "`users` does not go with method `pass-through`; expected `scram`" in finding


def test_a_login_cannot_be_passed_through_between_two_certificates() -> None:
    text = SMALLEST.replace("postgresql://me@", "postgresql://me@").replace(
        ":5432", ":5432?sslmode=require"
    )
    assert proxy(text).upstream.url.endswith("sslmode=require")
    (finding,) = proxy_told(text + "listen: {tls: {cert: a, key: b}}\n")
    assert "auth.method: pass-through does not work with TLS on both sides" in finding


def test_every_mistake_is_told_at_once_and_once() -> None:
    text = """\
upstream:
  url: postgresql://me:hunter2@127.0.0.1:5432?sslmode=verify-ca
  urls: []
listen: {port: ${PORT}x, host: no}
listen: {port: 1}
vault:
  keys: {provider: file}
limits:
  clients: many
  message_bytes: 1 TiB
"""
    text = text.replace("${PORT}x", "'${PORT}'")
    assert proxy_told(text) == [
        "1: policy: missing; expected the path of the policy, such as policy.yaml",
        (
            "2: upstream.url: sslmode `verify-ca` needs `sslrootcert`; expected the path of a root "
            "certificate, or `system`"
        ),
        "3: upstream.urls: unknown key; did you mean `url`?",
        "4: listen.port: the environment variable PORT is not set",
        (
            "4: listen.host: found `no` without quotes, which some YAML readers take for false and "
            "others for a text; expected a host name or an address, such as 127.0.0.1"
        ),
        "5: listen: written twice (first on line 4); keep one of them",
        "7: vault.keys: `path` is missing; provider `file` needs it",
        "9: limits.clients: found `many`; expected a whole number from 1 to 1000000",
        f"10: limits.message_bytes: found another text; {SIZE}",
    ]


@pytest.mark.parametrize(
    ("auth", "expected"),
    [
        (
            "{service: {user: a, password: b}}",
            "`service` does not go with method `pass-through`; expected `scram`",
        ),
        (
            "{method: scram, service: {user: a, password: b}}",
            "`service` logs in whom `users` names; `users` is missing",
        ),
        (
            (
                f'{{method: scram, service: {{user: a, password: b}}, users: {{u: "{VERIFIER}"}}, '
                'url: "postgresql://r@db"}'
            ),
            "`service` logs in whom `users` names, not the server's own; drop `url`",
        ),
        (
            "{method: scram, allow: [md5]}",
            "`allow` does not go with method `scram`; expected `pass-through`",
        ),
    ],
)
def test_logins_that_cannot_be_combined(auth: str, expected: str) -> None:
    assert told(f"auth: {auth}") == [f"{FOUR}auth: {expected}"]


def test_with_a_service_nobody_but_the_users_of_the_file_may_come() -> None:
    users = f'users: {{u: "{VERIFIER}"}}'
    found = proxy(
        f"{SMALLEST}auth: {{method: scram, service: {{user: a, password: hunter2}}, {users}}}\n"
    )
    assert found.verifiers_url() == ""
    assert found.auth.service is not None
    assert found.auth.service.password == "hunter2"
    assert "hunter2" not in repr(found)


def test_what_the_server_may_ask_is_named() -> None:
    assert proxy(f"{SMALLEST}auth: {{allow: [md5, cleartext]}}\n").auth.allow == (
        "md5",
        "cleartext",
    )
    assert "`md5` or `cleartext`" in told("auth: {allow: [gss]}")[0]


def test_the_cache_of_tokens_has_a_size() -> None:
    assert proxy(SMALLEST).limits.token_cache_bytes == 192 << 20
    assert proxy(f"{SMALLEST}limits: {{token_cache_bytes: 16MiB}}\n").limits.token_cache_bytes == (
        16 << 20
    )
    assert "from 1MiB to" in told("limits: {token_cache_bytes: 1KiB}")[0]
