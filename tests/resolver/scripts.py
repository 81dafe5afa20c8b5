"""Files written for psql as statements, with the lines that follow a COPY FROM STDIN."""

from dataclasses import dataclass
import re

from pglast import parser

_ENDED_BY_PSQL = re.compile(
    r"\\(?:g|gx|gset|gexec|gdesc|crosstabview|bind|watch|parse|bind_named)\b.*"
)
_COPY_IN = re.compile(r"^\s*copy\b.*\bfrom\s+stdin\b.*;\s*(?:--.*)?$", re.IGNORECASE)
# Temporary tables are of their session: the catalog of another one does not hold them.
_TEMPORARY = re.compile(
    r"^(\s*create\s+(?:or\s+replace\s+)?)(?:temp|temporary)(\s+(?:recursive\s+)?(?:table|view))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Step:
    """One statement; ``data`` is what COPY reads."""

    sql: str
    data: str = ""


def steps(text: str) -> list[Step]:
    """The statements of a script, psql's own commands left out."""
    found: list[Step] = []
    lines: list[str] = []
    rest = iter(text.splitlines())
    for line in rest:
        if line.startswith("\\"):
            continue
        lines.append(_TEMPORARY.sub(r"\1\2", _ENDED_BY_PSQL.sub(";", line)))
        if _COPY_IN.match(line):
            *before, copy = _split("\n".join(lines))
            data: list[str] = []
            for row in rest:
                if row == "\\.":
                    break
                data.append(f"{row}\n")
            found += [*map(Step, before), Step(copy, "".join(data))]
            lines = []
    return [*found, *map(Step, _split("\n".join(lines)))]


def _split(text: str) -> list[str]:
    try:
        return list(parser.split(text, with_parser=False))
    except parser.ParseError:
        return [part for part in text.split(";\n") if part.strip()]
