"""The limits the house sets itself: sizes, prologues, rooms without logic in ``__init__``."""

import ast
from collections.abc import Iterator
from pathlib import Path
import re

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "pgproxy").rglob("*.py"))
MAX_FILE_LINES = 350
MAX_FUNCTION_LINES = 50
MAX_PARAMETERS = 6
# Rooms called so hold what has no home.
HOMELESS = re.compile(r"(utils?|helpers?|managers?|common_utils|base|misc)$")


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def identify(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=identify)
def test_a_file_fits_one_idea(path: Path) -> None:
    tree = parse(path)
    assert ast.get_docstring(tree), "the first lines say what the file is for"
    assert len(path.read_text("utf-8").splitlines()) <= MAX_FILE_LINES
    assert not HOMELESS.fullmatch(path.stem)


@pytest.mark.parametrize("path", SOURCES, ids=identify)
def test_a_function_fits_a_screen(path: Path) -> None:
    for function in functions(parse(path)):
        body = function.body[1:] if ast.get_docstring(function) else function.body
        lines = (function.end_lineno or 0) - body[0].lineno + 1 if body else 0
        assert lines <= MAX_FUNCTION_LINES, f"{function.name}: {lines} lines"
        arguments = function.args.posonlyargs + function.args.args + function.args.kwonlyargs
        named = [a for a in arguments if a.arg not in ("self", "cls")]
        # What typer reads is the command's own option list.
        if "commands" not in path.parts:
            assert len(named) <= MAX_PARAMETERS, f"{function.name}: {len(named)} parameters"


@pytest.mark.parametrize("path", [p for p in SOURCES if p.name == "__init__.py"], ids=identify)
def test_a_rooms_prologue_is_all_its_init_holds(path: Path) -> None:
    assert len(parse(path).body) == 1


def test_most_functions_are_short() -> None:
    lengths = sorted(
        (function.end_lineno or 0) - function.lineno + 1
        for path in SOURCES
        for function in functions(parse(path))
    )
    assert lengths[len(lengths) * 9 // 10] <= 30
