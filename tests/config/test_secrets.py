"""No password leaves the files: not in a finding, not in a repr, whatever is wrong around it."""

import pytest

from tests.config.told import SMALLEST, policy_told, proxy, proxy_told

SECRET = "hunter2"


@pytest.mark.parametrize(
    "text",
    [
        "upstream: {url: 'postgresql://me:hunter2@a,b'}",
        "upstream: {url: 'postgresql://me:hunter2@db:x'}",
        "upstream: {url: 'http://me:hunter2@db'}",
        "upstream: {url: ['postgresql://me:hunter2@db']}",
        "upstream: 'postgresql://me:hunter2@db'",
        "postgresql://me:hunter2@db: 1",
        "vault: {url: 'postgresql://me:hunter2@db/vault'}",
        "vault: {keys: 'hunter2 hunter2'}",
        "listen: {host: 'postgresql://me:hunter2@db'}",
        "listen: {port: 'postgresql://me:hunter2@db'}",
        "listen: {port: '${PASSWORD}'}",
        "auth: {method: '${PASSWORD}'}",
        "vault: {keys: {provider: '${PASSWORD}'}}",
        "audit: {path: ['${PASSWORD}']}",
        "admin: '${PASSWORD}'",
        "policy: ['postgresql://me:hunter2@db']",
    ],
)
def test_no_secret_is_told(text: str) -> None:
    assert SECRET not in "\n".join(proxy_told(text, {"PASSWORD": SECRET}))


def test_a_value_from_the_environment_is_told_by_its_name() -> None:
    assert proxy_told(SMALLEST + "listen: {port: '${PORT}'}", {"PORT": SECRET}) == [
        "4: listen.port: found the value of ${PORT}; expected a whole number from 0 to 65535"
    ]


def test_no_secret_is_in_the_repr_of_the_models() -> None:
    text = SMALLEST.replace("me@", "me:hunter2@")
    config = proxy(text + "catalog: {url: 'postgresql://r:hunter2@db'}")
    assert SECRET in config.upstream.url
    assert SECRET not in repr(config) + str(config) + repr(config.catalog) + str(config.upstream)


@pytest.mark.parametrize(
    "text",
    [
        "version: 'hunter2 hunter2'",
        "classes: {email: {domain: ['postgresql://me:hunter2@db']}}",
        "columns: {'postgresql://me:hunter2@db': email}",
        "columns: {a.b.c: 'postgresql://me:hunter2@db'}",
        "roles: [{role: ['postgresql://me:hunter2@db', '*']}]",
        "roles: [{role: a, treat: {email: 'postgresql://me:hunter2@db'}}]",
        "roles: [{role: a, treat: {email: {'postgresql://me:hunter2@db': {}}}}]",
        "roles: [{role: a, treat: {email: {redact: 'postgresql://me:hunter2@db'}}}]",
    ],
)
def test_no_secret_of_a_policy_is_told(text: str) -> None:
    assert SECRET not in "\n".join(policy_told(text))
