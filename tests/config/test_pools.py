"""``pools`` of policy.yaml: what is read and told, and the files of those that are in use."""

from pathlib import Path
import re

import pytest

from pgproxy.config.load import load
from pgproxy.config.pool_rules import PoolEntry
from pgproxy.errors import ConfigError
from pgproxy.policy.pools import PoolRule
from pgproxy.policy.rules import Policy, Synthetic
from pgproxy.pools.editions import Header, whole_file
from pgproxy.pools.recipes import recipe
from tests.config.told import POLICY, SMALLEST, policy, policy_told

USED = POLICY + "    treat: {email: {synthetic: {pool: jobs}}}\n"
JOBS = "pools: {jobs: {file: p/jobs.jsonl, prompt: jobs in a bakery}}\n"


def write(folder: Path, text: str) -> Path:
    (folder / "pgproxy.yaml").write_text(SMALLEST)
    (folder / "policy.yaml").write_text(text)
    return folder / "pgproxy.yaml"


def keep(folder: Path, *values: str, name: str = "jobs", made_of: str = "") -> Path:
    """The file of the pool, whole."""
    rule = PoolRule(name, "", "jobs in a bakery")
    header = Header(name, 2, made_of or recipe(rule), "m", "then")
    path = folder / "p" / "jobs.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(whole_file(header, values))
    return path


def told(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(write(folder, text), {})
    return str(caught.value).replace(f"{folder}/", "")


def treatment(found: Policy) -> Synthetic:
    result = found.roles[0].treat["email"]
    assert isinstance(result, Synthetic)
    return result


def test_a_pool_is_read_with_its_schema() -> None:
    entry = (
        "{file: jobs.jsonl, prompt: p, description: d, locale: de-AT, count: 7, schema: "
        "{type: number, minimum: 0.5, maximum: 9, enum: [1, 2.5]}}"
    )
    (rule,) = policy(f"{POLICY}pools:\n  jobs: {entry}\n").pools
    assert rule == PoolRule(
        "jobs",
        "jobs.jsonl",
        "p",
        "d",
        "de-AT",
        '{"enum": [1, 2.5], "maximum": 9, "minimum": 0.5, "type": "number"}',
        7,
        7,
    )
    (rule,) = policy(POLICY + JOBS).pools
    assert (rule.schema, rule.count, rule.locale) == ('{"type": "string"}', 200, "en")


def test_the_example_reads_when_it_is_no_comment(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "config" / "policy.yaml").read_text()
    (found,) = re.findall(r"^# pools:\n(?:#   .*\n)+", text, re.MULTILINE)
    block = re.sub(r"^# ", "", found, flags=re.MULTILINE)
    (rule,) = policy(POLICY + block).pools
    assert set(re.findall(r"^    (\w+):", block, re.MULTILINE)) == {
        field.alias or name for name, field in PoolEntry.model_fields.items()
    }
    assert (rule.name, rule.count) == ("job_title", 500)
    assert rule.schema == '{"maxLength": 40, "type": "string"}'


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("{prompt: p}", ".file: missing; expected a path such as pools/job_title.jsonl"),
        (
            "{file: f}",
            ".prompt: missing; expected what the values are, such as `job titles in a bakery`",
        ),
        ("{file: f, prompt: p, promt: q}", ".promt: unknown key; did you mean `prompt`?"),
        (
            "{file: f, prompt: p, count: 0}",
            ".count: found `0`; expected a whole number from 1 to 100000",
        ),
        (
            "{file: f, prompt: p, schema: {type: object}}",
            ".schema.type: found `object`; expected `string`, `integer` or `number`",
        ),
        (
            "{file: f, prompt: p, schema: {maxLenght: 4}}",
            ".schema.maxLenght: unknown key; did you mean `maxLength`?",
        ),
        (
            "{file: f, prompt: p, schema: {type: integer, maxLength: 4}}",
            (
                ".schema: `maxLength` does not go with type `integer`; expected `minimum`, "
                "`maximum`, `exclusiveMinimum`, `exclusiveMaximum` and `multipleOf`"
            ),
        ),
        (
            "{file: f, prompt: p, schema: {pattern: '('}}",
            (
                ".schema.pattern: no regular expression can be read from it; expected a regular "
                'expression in quotes, such as "^[A-Z]"'
            ),
        ),
        (
            "{file: f, prompt: p, schema: {format: date-time}}",
            (
                ".schema.format: found `date-time`; expected `date`, `email`, `ipv4`, `ipv6` or "
                "`uuid`; did you mean `date`?"
            ),
        ),
        (
            "{file: f, prompt: p, schema: {type: number, multipleOf: 0}}",
            ".schema.multipleOf: found `0`; expected a number above 0",
        ),
        (
            "{file: f, prompt: p, schema: {enum: []}}",
            ".schema.enum: found a list; expected a list of texts or numbers",
        ),
    ],
)
def test_what_is_wrong_with_a_pool_is_told(entry: str, expected: str) -> None:
    assert policy_told(f"{POLICY}pools: {{jobs: {entry}}}\n") == [f"6: pools.jobs{expected}"]


def test_the_name_of_a_pool_is_a_word() -> None:
    (line,) = policy_told(POLICY + "pools: {'../a b': {file: f, prompt: p}}\n")
    assert "expected a name for the pool: letters, digits, `_` and `-`" in line


def test_two_pools_share_no_file() -> None:
    text = "pools: {a: {file: f, prompt: p}, b: {file: f, prompt: q}}\n"
    assert policy_told(POLICY + text) == [
        "6: pools.b.file: pool `a` has this file; expected one of its own"
    ]


def test_a_treatment_names_a_pool_that_is_there() -> None:
    assert policy_told(USED.replace("pool: jobs", "pool: job") + JOBS) == [
        "6: roles[0].treat.email.synthetic.pool: found `job`, no pool; did you mean `jobs`?"
    ]


def test_the_values_come_with_the_policy(tmp_path: Path) -> None:
    keep(tmp_path, "Baker", "Cook")
    config = load(write(tmp_path, USED + JOBS), {})
    assert config.warnings == ()
    pool = treatment(config.policy).pool
    assert pool is not None
    assert (pool.name, pool.edition, pool.values) == ("jobs", 2, ("Baker", "Cook"))
    assert "Baker" not in repr(config.policy)


def test_the_next_edition_is_another_policy(tmp_path: Path) -> None:
    keep(tmp_path, "Baker", "Cook")
    path = write(tmp_path, USED + JOBS)
    before, again = load(path, {}).policy, load(path, {}).policy
    keep(tmp_path, "Baker", "Chef")
    after = load(path, {}).policy
    assert before == again
    assert hash(treatment(before)) == hash(treatment(again))
    assert before != after


def test_a_pool_in_use_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    missing = "policy.yaml:7: pools.jobs: has no file yet; `pgproxy pool build jobs` makes it"
    assert told(tmp_path, USED + JOBS) == missing
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "jobs.jsonl.part").touch()
    assert told(tmp_path, USED + JOBS) == (
        "policy.yaml:7: pools.jobs: is not whole yet; `pgproxy pool build jobs` goes on with it"
    )


def test_a_damaged_pool_is_a_mistake_in_its_line(tmp_path: Path) -> None:
    path = keep(tmp_path, "Baker", "Cook")
    path.write_bytes(path.read_bytes().replace(b"Cook", b"Chef"))
    assert told(tmp_path, USED + JOBS) == (
        "p/jobs.jsonl:3: the line is not what was written there; restore the file, or "
        "`pgproxy pool build jobs --renew` makes another"
    )
    path.write_bytes(path.read_bytes()[:-5])
    assert told(tmp_path, USED + JOBS).startswith("p/jobs.jsonl:3: the line is cut off; ")
    keep(tmp_path, "Baker", name="towns")
    assert told(tmp_path, USED + JOBS).startswith("p/jobs.jsonl:1: the file is that of another")
    path.unlink()
    path.mkdir()
    assert told(tmp_path, USED + JOBS) == "p/jobs.jsonl: cannot be read: Is a directory"


def test_a_pool_that_nobody_uses_may_be_missing(tmp_path: Path) -> None:
    config = load(write(tmp_path, POLICY + JOBS), {})
    (warning,) = config.warnings
    assert str(warning).endswith("policy.yaml:6: pools.jobs: no treatment uses this pool")


def test_a_changed_prompt_is_a_warning_and_changes_no_value(tmp_path: Path) -> None:
    keep(tmp_path, "Baker", made_of="0" * 64)
    config = load(write(tmp_path, USED + JOBS), {})
    (warning,) = config.warnings
    assert "pools.jobs: edition 2 was made of another prompt" in str(warning)
    pool = treatment(config.policy).pool
    assert pool is not None
    assert pool.values == ("Baker",)


def test_what_treats_nothing_reads_no_pool(tmp_path: Path) -> None:
    config = load(write(tmp_path, USED + JOBS), {}, with_pools=False)
    pool = treatment(config.policy).pool
    assert pool is not None
    assert pool.values == ()
