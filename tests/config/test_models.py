"""``models`` of pgproxy.yaml: what is read, what is told, and that the key is not."""

from decimal import Decimal
from pathlib import Path
import re

import pytest

from pgproxy.config.load import load
from pgproxy.config.models import Models, Price
from pgproxy.pools.prompts import Structured
from tests.config.told import POLICY, SMALLEST, proxy, proxy_told

EXAMPLE = Path(__file__).parents[2] / "config" / "pgproxy.yaml"


def test_the_example_reads_when_it_is_no_comment(tmp_path: Path) -> None:
    text = EXAMPLE.read_text()
    (found,) = re.findall(r"^# models:\n(?:#   .*\n)+", text, re.MULTILINE)
    block = re.sub(r"^# ", "", found, flags=re.MULTILINE)
    (tmp_path / "pgproxy.yaml").write_text(SMALLEST + block)
    (tmp_path / "policy.yaml").write_text(POLICY)
    models = load(tmp_path / "pgproxy.yaml", {"MODEL_KEY": "sk-hunter2"}).proxy.models
    assert models is not None
    assert set(re.findall(r"^  (\w+):", block, re.MULTILINE)) == set(Models.model_fields)
    assert models.key == "sk-hunter2"
    assert models.price_per_million == Price(input=Decimal("0.15"), output=Decimal("0.60"))
    default = Models(url=models.url, model=models.model, key=models.key)
    assert models.model_copy(update={"price_per_million": None}) == default
    assert default.structured is Structured.JSON_SCHEMA
    assert "hunter2" not in repr(models) + str(models)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{model: m}", ".url: missing; expected an address such as https://api.example.org/v1"),
        (
            "{url: 'https://h/v1'}",
            ".model: missing; expected the name of a model, as the endpoint lists it",
        ),
        (
            "{url: 'http://api.example.org/v1', model: m}",
            (
                ".url: found something else; expected an https address such as "
                "https://api.example.org/v1; http only to this machine"
            ),
        ),
        (
            "{url: 'https://h/v1/chat/completions', model: m}",
            ".url: ends with /chat/completions, which is put behind it; leave that out",
        ),
        (
            "{url: 'https://h/v1?key=hunter2', model: m}",
            ".url: found something else; expected an address such as https://api.example.org/v1",
        ),
        (
            "{url: 'https://h/v1', model: m, key: 'Bearer hunter2'}",
            ".key: a space stands in the key; expected the key alone, without `Bearer`",
        ),
        (
            "{url: 'https://h/v1', model: m, key: [hunter2]}",
            '.key: found something else; expected the key, such as "${MODEL_KEY}"',
        ),
        (
            "{url: 'https://h/v1', model: m, key: \"hunter2\\n\"}",
            '.key: found something else; expected the key, such as "${MODEL_KEY}"',
        ),
        (
            "{url: 'https://h/v1', model: m, structured: yaml}",
            (
                ".structured: found `yaml`; expected `json_schema`, `json_object`, "
                "`json_object_schema` or `none`"
            ),
        ),
        (
            "{url: 'https://h/v1', model: m, price_per_million: {input: 1}}",
            (
                ".price_per_million.output: missing; expected a price for a million tokens, "
                "such as 0.15"
            ),
        ),
        (
            "{url: 'https://h/v1', model: m, retires: 3}",
            ".retires: unknown key; did you mean `retries`?",
        ),
    ],
)
def test_what_is_wrong_is_told_without_the_key(text: str, expected: str) -> None:
    told = proxy_told(f"{SMALLEST}models: {text}\n")
    assert told == [f"4: models{expected}"]
    assert "hunter2" not in told[0]


def test_http_goes_to_this_machine_only_and_a_price_may_be_nothing() -> None:
    models = proxy(
        f"{SMALLEST}models: {{url: 'http://127.0.0.1:8080/v1/', model: m, "
        "price_per_million: {input: 0, output: 0.0}}\n"
    ).models
    assert models is not None
    assert models.url == "http://127.0.0.1:8080/v1"
    assert models.key is None
    assert models.price_per_million == Price(input=Decimal(0), output=Decimal(0))
