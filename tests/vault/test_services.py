"""Keys wrapped by a key service: a transit double, and moto's KMS."""

from collections.abc import Iterator
import json
from pathlib import Path

import pytest

from pgproxy.demo.postgres import free_port
from pgproxy.errors import ConfigError, Unavailable
from pgproxy.vault.envelope import KeyService, unwrap_key_file, wrap_key_file
from pgproxy.vault.keys import KeyRing, new_key_file, rotated_key_file
from pgproxy.vault.providers import load_keys
from pgproxy.vault.services import Kms, Transit
from tests.vault.transit import TOKEN, Engine, transit


@pytest.fixture(scope="module")
def kms_address() -> Iterator[str]:
    moto_server = pytest.importorskip("moto.server")
    patch = pytest.MonkeyPatch()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        patch.setenv(name, "test")
    server = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=free_port(), verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()
    patch.undo()


@pytest.fixture
def kms_key(kms_address: str) -> str:
    client = pytest.importorskip("boto3").client(
        "kms", region_name="eu-central-1", endpoint_url=kms_address
    )
    return str(client.create_key()["KeyMetadata"]["KeyId"])


@pytest.fixture
def engine() -> Iterator[Engine]:
    with transit() as running:
        yield running


@pytest.fixture(params=["hashicorp", "aws-kms"])
def service(request: pytest.FixtureRequest) -> KeyService:
    if request.param == "hashicorp":
        return Transit(request.getfixturevalue("engine").address + "/", "pgproxy", TOKEN)
    address = request.getfixturevalue("kms_address")
    return Kms(request.getfixturevalue("kms_key"), "eu-central-1", address)


def test_a_wrapped_file_holds_no_secret_and_gives_the_same_ring(
    service: KeyService, tmp_path: Path
) -> None:
    plain = new_key_file()
    wrapped = wrap_key_file(plain, service)
    document = json.loads(plain)
    for secret in (document["index"], document["keys"][0]["secret"]):
        assert secret not in wrapped
    path = tmp_path / "vault.key"
    path.touch(mode=0o600)
    path.write_text(wrapped)
    ring, same = load_keys("hashicorp", str(path), service), KeyRing.from_json(plain, "plain")
    assert ring.fingerprint() == same.fingerprint()
    assert ring.proof(ring.primary) == same.proof(same.primary)
    with pytest.raises(ConfigError, match="expected 32 bytes"):
        load_keys("file", str(path))


def test_rotation_keeps_the_index_and_wraps_the_new_key(service: KeyService) -> None:
    plain = new_key_file()
    once = unwrap_key_file(wrap_key_file(plain, service), "once", service)
    twice = unwrap_key_file(wrap_key_file(rotated_key_file(once, "o"), service), "twice", service)
    old, new = KeyRing.from_json(plain, "old"), KeyRing.from_json(twice, "new")
    assert old.fingerprint() == new.fingerprint()
    assert sorted(new.states.values()) == ["enabled", "primary"]
    assert old.primary != new.primary


def test_secrets_cannot_be_swapped_nor_altered(service: KeyService) -> None:
    wrapped = json.loads(wrap_key_file(new_key_file(), service))
    swapped = {**wrapped, "index": wrapped["keys"][0]["secret"]}
    with pytest.raises(ConfigError, match=r"says \w+ to decrypt"):
        unwrap_key_file(json.dumps(swapped), "swapped", service)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"index": 1, "keys": [{}]}', '{"keys": 3}'])
def test_what_is_no_wrapped_file_says_so(service: KeyService, text: str) -> None:
    with pytest.raises(ConfigError, match="not a wrapped key file"):
        unwrap_key_file(text, "odd", service)


def test_a_transit_that_says_no_or_is_away_repeats_nothing(engine: Engine) -> None:
    service = Transit(engine.address, "pgproxy", TOKEN)
    wrapped = service.wrap("index", b"x" * 32)
    assert service.unwrap("index", wrapped) == b"x" * 32
    for fault, kind in ((503, Unavailable), (429, Unavailable), (404, ConfigError)):
        engine.fault = fault
        with pytest.raises(kind, match=str(fault)) as caught:
            service.unwrap("index", wrapped)
        assert "secret" not in str(caught.value)
    engine.fault = 307  # the token follows no redirection
    asked = len(engine.asked)
    with pytest.raises(ConfigError, match="307"):
        service.unwrap("index", wrapped)
    assert len(engine.asked) == asked + 1
    engine.fault, engine.body = 0, b"<html>a balancer</html>"
    with pytest.raises(Unavailable, match="answer that is none"):
        service.unwrap("index", wrapped)
    engine.body = b""
    with pytest.raises(ConfigError, match="403") as refused:
        Transit(engine.address, "pgproxy", "wrong-token").unwrap("index", wrapped)
    assert "wrong-token" not in str(refused.value)
    with pytest.raises(Unavailable, match="cannot be reached"):
        Transit(f"http://127.0.0.1:{free_port()}", "pgproxy", TOKEN).unwrap("index", wrapped)


def test_a_kms_that_says_no_or_is_away(
    kms_address: str, kms_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Kms(kms_key, "eu-central-1", kms_address)
    wrapped = service.wrap("index", b"x" * 32)
    with pytest.raises(ConfigError, match="NotFound"):
        Kms("alias/none", "eu-central-1", kms_address).wrap("index", b"x")
    monkeypatch.setattr("pgproxy.vault.services.SECONDS", 0.2)
    with pytest.raises(Unavailable, match="cannot be reached"):
        Kms(kms_key, "eu-central-1", f"http://127.0.0.1:{free_port()}").unwrap("index", wrapped)
    for name in ("AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    with pytest.raises(ConfigError, match="cannot be used"):
        Kms(kms_key)
