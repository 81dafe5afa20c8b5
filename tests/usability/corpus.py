"""Reads the files of honest statements."""

from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(slots=True)
class Case:
    """One statement: who asks it, and what becomes of its fields."""

    where: str
    client: str
    sql: str
    expected: str = ""
    volatile: bool = False


def read(path: Path) -> list[Case]:
    """The statements of one file.  Raises ValueError for one that does not end."""
    cases: list[Case] = []
    lines: list[str] = []
    client = ""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not lines and line.startswith("--> "):
            cases[-1].expected = line[4:].strip()
        elif not lines and line.startswith("--~"):
            cases[-1].volatile = True
        elif not lines and line.startswith("-- client: "):
            client = line[11:].strip()
        elif not lines and (line.startswith("--") or not line.strip()):
            continue
        else:
            lines.append(line)
            if line.endswith(";"):
                cases.append(Case(f"{path.stem}:{number}", client, "\n".join(lines)))
                lines = []
    if lines:
        raise ValueError(f"{path.name}: the last statement does not end with `;`")
    return cases


def corpus() -> list[Case]:
    """Every statement of every file."""
    return [case for path in sorted(HERE.glob("*.sql")) for case in read(path)]


def written(treatments: list[str] | None) -> str:
    """Treatments as the files write them."""
    if treatments is None:
        return "no rows"
    runs = [(name, len(list(run))) for name, run in groupby(treatments)]
    return " ".join(name if times == 1 else f"{name}*{times}" for name, times in runs) or "nothing"
