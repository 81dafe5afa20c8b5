"""`discover` and `check` against a live database: what is drafted is what would be asked for."""

from collections.abc import Iterator
import json
from pathlib import Path
import subprocess
import sys

import psycopg
import pytest
import yaml

from pgproxy.demo.postgres import Cluster
from pgproxy.demo.shop import CATALOG_READER, DATABASE, OWNER, policy
from pgproxy.vault.keys import new_key_file

pytestmark = pytest.mark.e2e

SETUP = """
CREATE SCHEMA found;
CREATE TABLE found.people (
    id int, "eMail" text, reach text, code text, "homePhone" text, dob date, note_count int,
    is_phone boolean, remark text, "odd.name" text
);
COMMENT ON COLUMN found.people.code IS 'the passport number, if any';
INSERT INTO found.people SELECT n, 'x', n || '@corp.test', 'c', 'p', '2000-01-01', 1, true, 'r',
    '4111 1111 1111 1111' FROM generate_series(1, 50) n;
CREATE TABLE found.plain (id int, colour text);
"""


@pytest.fixture(scope="module")
def folder(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with psycopg.connect(owner(cluster), autocommit=True) as connection:
        connection.execute(SETUP.encode())
    path = tmp_path_factory.mktemp("discover")
    (path / "vault.key").touch(mode=0o600)
    (path / "vault.key").write_text(new_key_file())
    (path / "policy.yaml").write_text(policy())
    server = f"{cluster.host}:{cluster.port}"
    reader = f"{CATALOG_READER.user}:{CATALOG_READER.password}"
    (path / "pgproxy.yaml").write_text(
        f'upstream: {{url: "postgresql://{server}"}}\n'
        f'catalog: {{url: "postgresql://{reader}@{server}/{{database}}"}}\n'
        "vault: {keys: {provider: file, path: vault.key}}\n"
        "policy: policy.yaml\n"
    )
    yield path
    with psycopg.connect(owner(cluster), autocommit=True) as connection:
        connection.execute("DROP SCHEMA found CASCADE")


def owner(cluster: Cluster) -> str:
    return cluster.dsn(OWNER.user, OWNER.password, DATABASE)


def run(folder: Path, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pgproxy", command, "-c", "pgproxy.yaml", "--database", DATABASE,
         *arguments],
        cwd=folder, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def classes(folder: Path, *arguments: str) -> dict[str, str]:
    done = run(folder, "discover", "--json", *arguments)
    assert done.returncode == 0, done.stderr
    found = {one["column"]: one["class"] for one in json.loads(done.stdout)}
    return {name: kind for name, kind in found.items() if name.startswith("found.")}


def test_names_types_and_comments_speak_for_themselves(folder: Path) -> None:
    assert classes(folder) == {
        "found.people.id": "",
        "found.people.eMail": "email",
        "found.people.reach": "",
        "found.people.code": "national_id",
        "found.people.homePhone": "phone",
        "found.people.dob": "birth_date",
        "found.people.note_count": "",
        "found.people.is_phone": "",
        "found.people.remark": "free_text",
        "found.people.odd.name": "",
        "found.plain.id": "",
        "found.plain.colour": "",
    }


def test_values_speak_too_and_are_not_printed(folder: Path, cluster: Cluster) -> None:
    given = ("--sample", "40", "--url", owner(cluster))
    found = classes(folder, *given)
    assert found["found.people.reach"] == "email"
    assert found["found.people.odd.name"] == "card"
    for output in (run(folder, "discover", *given), run(folder, "discover", "--json", *given)):
        assert "corp.test" not in output.stdout + output.stderr
        assert "4111" not in output.stdout + output.stderr


def test_the_draft_is_a_policy_that_can_be_checked(folder: Path) -> None:
    done = run(folder, "discover")
    assert done.returncode == 0, done.stderr
    written = yaml.safe_load(done.stdout)
    assert written["columns"]["found.people.eMail"] == "email"
    assert '# "found.plain.*": public' in done.stdout
    draft = folder / "draft"
    draft.mkdir()
    for name in ("pgproxy.yaml", "vault.key"):
        (draft / name).write_bytes((folder / name).read_bytes())
    (draft / "policy.yaml").write_text(done.stdout)
    checked = run(draft, "check", "--offline")
    assert (checked.returncode, checked.stderr) == (0, "")


def test_without_the_right_to_read_the_data_it_says_what_to_do(folder: Path) -> None:
    done = run(folder, "discover", "--sample", "10")
    assert done.returncode == 1
    assert "--url" in done.stderr
    assert done.stdout == ""


def test_check_tells_what_matches_nothing_and_what_cannot_work(folder: Path) -> None:
    text = policy().replace("columns: ", "columns:", 1)
    text = (
        text.replace(
            "  shop.customers.phone: phone\n",
            "  shop.customers.phone: phone\n  shop.customers.emial: phone\n"
            "  found.people.id: phone\n"
            '  "found.people.*": public\n',
        )
        .replace("role: analyst", "role: [analyst, analist]")
        .replace('"shop.customers.*": id', '"shop.customers.*": idd')
    )
    (folder / "policy.yaml").write_text(text)
    done = run(folder, "check")
    (folder / "policy.yaml").write_text(policy())
    told = [line.partition("warning: ")[2] for line in done.stderr.splitlines()]
    assert done.returncode == 0
    assert "`shop.customers.emial` matches no column of this database; did you mean" in done.stderr
    assert "the server has no role `analist`; did you mean `analyst`?" in told
    assert (
        "`partial` cannot yield the type of found.people.id: it is NULL for analyst, analist"
        in (told)
    )
    assert (
        "personas.customer: `shop.customers.*`: shop.customers has no column `idd`; "
        "did you mean `id`?" in told
    )
    assert "found.people.eMail looks like `email`, and a pattern makes it public" in told
    strict = run(folder, "check", "--strict")
    assert strict.returncode == 1


def test_check_of_the_demo_finds_only_what_is_not_in_the_shop(folder: Path) -> None:
    done = run(folder, "check")
    assert done.returncode == 0
    told = [line for line in done.stderr.splitlines() if " found." not in line]
    assert [line.partition("warning: ")[2] for line in told] == [
        "shop.support_tickets.body looks like `free_text` and has no class"
    ]
