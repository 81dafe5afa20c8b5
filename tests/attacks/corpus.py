"""Reads the files of attacks."""

from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
OPTIONS = ("superuser", "alone", "same")


@dataclass(slots=True)
class Attack:
    """One attack: its steps, in order."""

    name: str
    steps: list[str] = field(default_factory=list)
    options: set[str] = field(default_factory=set)


def read(path: Path) -> list[Attack]:
    """The attacks of one file.  Raises ValueError, naming the line, for what is malformed."""
    attacks: list[Attack] = []
    lines: list[str] = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        where = f"{path.name}:{number}"
        if line.startswith("-- @ "):
            if lines:
                raise ValueError(f"{where}: the statement before does not end with `;`")
            attacks.append(Attack(f"{path.stem}/{line[5:].strip()}"))
        elif line.startswith("-- @"):
            option = line[4:].strip()
            if option not in OPTIONS or not attacks:
                raise ValueError(f"{where}: {option} is none of {', '.join(OPTIONS)}")
            attacks[-1].options.add(option)
        elif line.strip() and not line.startswith("--"):
            if not attacks:
                raise ValueError(f"{where}: a statement before the first `-- @ name`")
            lines.append(line)
            if line.endswith(";"):
                attacks[-1].steps.append("\n".join(lines))
                lines = []
    if lines:
        raise ValueError(f"{path.name}: the last statement does not end with `;`")
    return attacks


def corpus() -> list[Attack]:
    """Every attack of every file."""
    return [attack for path in sorted(HERE.glob("*.sql")) for attack in read(path)]
