"""URLs: which are taken, what is told about the others, and that no password is ever shown."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError
import pytest

from pgproxy.config.urls import Url, has_user, postgres_url, speaks_tls, vault_url

PORTS = "there are not as many ports as hosts; expected one for all, or one for each"
ESCAPE = "write `/` `?` `#` `@` `:` in a user name or password as %2F %3F %23 %40 %3A"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://127.0.0.1:5432",
        "postgres://db.example.com",
        "postgresql://me:p%40ss@[::1]:5432/shop?sslmode=disable",
        "postgresql://reader@db/{database}",
        "postgresql:///shop?host=/var/run/postgresql&port=5433&user=me",
        "postgresql://db?sslmode=prefer",
        "postgresql://one:5432,two/shop?target_session_attrs=any",
        "postgresql:///shop?host=one,two&port=5432,5433",
        "postgresql://db?sslmode=require",
    ],
)
def test_a_url_of_one_server_is_taken_as_it_is(url: str) -> None:
    assert postgres(url) == url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sslmode=verify-full&sslrootcert=ca.pem", "sslrootcert=/etc/pgproxy/ca.pem"),
        ("sslrootcert=/ca%20x.pem&sslmode=verify-ca", "sslrootcert=/ca%20x.pem&sslmode=verify-ca"),
        ("sslmode=verify-full&sslrootcert=system", "sslrootcert=system"),
        ("sslmode=require&sslcert=a&sslkey=b", "sslcert=/etc/pgproxy/a&sslkey=/etc/pgproxy/b"),
    ],
)
def test_files_of_tls_lie_beside_the_file_or_where_it_says(url: str, expected: str) -> None:
    found = postgres(f"postgresql://me:p%40ss@db/{{database}}?{url}")
    assert expected in found
    assert found.startswith("postgresql://me:p%40ss@db/{database}?")
    assert speaks_tls(found)
    assert not speaks_tls("postgresql://db?sslmode=prefer")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", "found an empty text; expected a URL such as postgresql://127.0.0.1:5432"),
        (5432, "found something else; expected a URL such as postgresql://127.0.0.1:5432"),
        ("localhost", "this is no URL; expected one such as postgresql://127.0.0.1:5432"),
        ("host=db", "this is no URL; expected one such as postgresql://127.0.0.1:5432"),
        (
            "mysql://db",
            "this is no PostgreSQL URL; expected one such as postgresql://127.0.0.1:5432",
        ),
        ("postgresql://", "names no host; expected one, as in postgresql://127.0.0.1:5432"),
        ("postgresql://me@:5432", "names no host; expected one, as in postgresql://127.0.0.1:5432"),
        ("postgresql://a,", "names no host; expected one, as in postgresql://127.0.0.1:5432"),
        (
            "postgresql:///?host=a,b&port=1,2,3",
            "there are not as many ports as hosts; expected one for all, or one for each",
        ),
        ("postgresql://db:abc", f"the port is not a number from 1 to 65535; {ESCAPE}"),
        ("postgresql://db:70000", f"the port is not a number from 1 to 65535; {ESCAPE}"),
        ("postgresql://db:0", f"the port is not a number from 1 to 65535; {ESCAPE}"),
        ("postgresql://db,other:x", f"the port is not a number from 1 to 65535; {ESCAPE}"),
        (
            "postgresql://db,other?target_session_attrs=primary",
            "`target_session_attrs` other than any is not there yet; leave it out",
        ),
        ("postgresql://db?port=x", f"the port is not a number from 1 to 65535; {ESCAPE}"),
        ("postgresql://db#x", f"found a `#`; {ESCAPE}"),
        ("postgresql://db?sslmode", f"the part after `?` is not name=value; {ESCAPE}"),
        (
            "postgresql://db?sslmode=verify-full",
            (
                "sslmode `verify-full` needs `sslrootcert`; expected the path of a root "
                "certificate, or `system`"
            ),
        ),
        (
            "postgresql://db?sslmode=on",
            (
                "the sslmode is none that libpq knows; expected `disable`, `allow`, `prefer`, "
                "`require`, `verify-ca` or `verify-full`"
            ),
        ),
        (
            "postgresql://db?sslrootcert=ca.pem",
            (
                "`sslrootcert` needs an sslmode that speaks TLS; expected `require`, `verify-ca` "
                "or `verify-full`"
            ),
        ),
        (
            "postgresql://db?sslmode=require&sslkey=x",
            "`sslcert` and `sslkey` go together; expected both",
        ),
        ("postgresql://db?sslcrl=x", "parameter `sslcrl` is not there yet; leave it out"),
        ("postgresql://db?options=-c", "parameter `options` is not there yet; leave it out"),
        (
            "postgresql://db?sslmod=disable",
            "found a parameter that libpq does not have; did you mean `sslmode`?",
        ),
        (
            "postgresql://db?zzz=1",
            (
                "found a parameter that libpq does not have; "
                "expected `dbname`, `host`, `password`, "
                "`port`, `sslmode`, `target_session_attrs`, `user`, "
                "`sslrootcert`, `sslcert` or `sslkey`"
            ),
        ),
        ("postgresql://db?user=a&user=b", "found a parameter twice; keep one of them"),
        (
            "postgresql://me:a b@db",
            "found a space or a control character; write it as %20 or leave it out",
        ),
        (
            "postgresql://me:a[b@db",
            (
                "the brackets do not match; only an IPv6 address stands in [ ]; "
                "write them in a password as %5B %5D"
            ),
        ),
    ],
)
def test_another_url_is_told(url: object, expected: str) -> None:
    with pytest.raises(PydanticCustomError) as caught:
        postgres(url)
    assert caught.value.message() == expected


def postgres(url: object) -> str:
    info: Any = SimpleNamespace(context={"base": Path("/etc/pgproxy")})
    return postgres_url(url, info)


def vault(url: object) -> str:
    info: Any = SimpleNamespace(context={"base": Path("/etc/pgproxy")})
    return vault_url(url, info)


_NAMES = (
    "a vault's URL names a user and a database; expected one such as "
    "postgresql://vault@127.0.0.1:5432/vault"
)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://me:secret@db/vault", "postgresql://me:secret@db/vault"),
        ("postgres://db?user=me&dbname=vault", "postgres://db?user=me&dbname=vault"),
        ("sqlite:///vault.db", "sqlite:////etc/pgproxy/vault.db"),
        ("sqlite:///data/vault.db", "sqlite:////etc/pgproxy/data/vault.db"),
        ("sqlite:////var/lib/vault.db", "sqlite:////var/lib/vault.db"),
    ],
)
def test_a_vault_lies_beside_the_file_or_where_it_says(url: str, expected: str) -> None:
    assert vault(url) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", "found no URL; expected sqlite:///vault.db"),
        (None, "found no URL; expected sqlite:///vault.db"),
        ("vault.db", "this is no vault URL; expected sqlite:///vault.db"),
        ("sqlite3:///vault.db", "this is no vault URL; expected sqlite:///vault.db"),
        ("postgresql://me:hunter2@db", _NAMES),
        ("postgresql://db/vault", _NAMES),
        (
            "postgres://me:hunter2@a,b/vault",
            "several hosts of a vault are not there yet; expected one",
        ),
        (
            "sqlite://vault.db",
            (
                "found fewer than three slashes; "
                "expected sqlite:///vault.db, or sqlite:////var/lib/vault.db"
            ),
        ),
        (
            "sqlite:///",
            "found no path: tokens must outlive the process; expected sqlite:///vault.db",
        ),
        (
            "sqlite:///:memory:",
            "found no path: tokens must outlive the process; expected sqlite:///vault.db",
        ),
        (
            "sqlite:///vault.db?mode=ro",
            "options after the path are not read; expected sqlite:///vault.db",
        ),
        ("sqlite:///~/vault.db", "`~` is not read here; write ${HOME}, or the whole path"),
    ],
)
def test_another_vault_is_told(url: object, expected: str) -> None:
    with pytest.raises(PydanticCustomError) as caught:
        vault(url)
    assert caught.value.message() == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://me@db", True),
        ("postgresql://me:x@db", True),
        ("postgresql://db?user=me", True),
        ("postgresql://db", False),
        ("postgresql://db?user=", False),
        ("postgresql://[", False),
    ],
)
def test_whether_a_url_names_its_user(url: str, expected: bool) -> None:
    assert has_user(url) is expected


def test_a_url_is_silent_in_repr_and_complete_as_text() -> None:
    url = Url("postgresql://me:hunter2@db")
    assert repr([url]) == "[Url(postgresql://…)]"
    assert str(url) == "postgresql://me:hunter2@db"
    assert repr(Url("hunter2")) == repr(Url("hunter2://x")) == "Url(…)"


# Passwords with every character that splits a URL, around a word that must not be told.
SPLITTERS = st.text(alphabet="/?#@:%[]&=, ", max_size=4)


@given(SPLITTERS, SPLITTERS, st.sampled_from(["", "/shop", "?sslmode=require", ":x", ",c"]))
def test_no_part_of_a_password_is_told(before: str, after: str, end: str) -> None:
    try:
        url = postgres(f"postgresql://me:{before}hunter2{after}@db{end}")
    except PydanticCustomError as error:
        assert "hunter2" not in error.message()
    else:
        assert "hunter2" not in repr(url)
