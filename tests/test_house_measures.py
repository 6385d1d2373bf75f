"""What functions and expressions of the house may not grow to, and that the measures see it."""

import ast
from functools import cache
from pathlib import Path

import pytest
from house_measures import (
    MOST_LINES,
    MOST_WAYS,
    functions_in,
    lines_of,
    modules,
    nested_conditionals,
    unfolded,
    unformatted,
    ways_through,
)

ROOT = Path(__file__).resolve().parents[1]
LONG = {
    "app/desk_acts.py acts_of": "one part of the desk after the other, each a function of few lines",
    "app/gate_assembly.py build": "one part of the gate a line, where all of them are known",
    "attribution/beacon/child/beacon.py _watch": "its callbacks close over the tool that was free",
    "exports/ocsf/of_records.py _found": "a field of a class of OCSF a line",
}
"""Functions over 40 lines, and why they are."""


@cache
def measured() -> dict[str, tuple[int, int]]:
    """Return the ways through each shipped function, and its lines, by where it stands."""
    return {
        f"{path} {function.name}:{function.lineno}": (ways_through(function), lines_of(function))
        for path, tree in trees().items()
        for function in functions_in(tree)
    }


@cache
def trees() -> dict[str, ast.Module]:
    """Return the shipped modules by their path."""
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_bytes()) for path in modules(ROOT)
    }


def test_no_function_has_more_ways_than_a_reader_can_follow() -> None:
    """Each shipped function has at most fifteen ways through it."""
    assert {where: ways for where, (ways, _) in measured().items() if ways > MOST_WAYS} == {}
    assert len(measured()) > 5000


def test_a_long_function_has_a_reason() -> None:
    """A function over 40 lines stands in the list with a reason, and nothing else does."""
    long = {
        where.partition(":")[0] for where, (_, lines) in measured().items() if lines > MOST_LINES
    }

    assert long == LONG.keys()
    assert all(LONG.values())


def test_a_conditional_expression_has_two_clauses() -> None:
    """What has three outcomes is written as statements, or as a table."""
    nested = {path: nested_conditionals(tree) for path, tree in trees().items()}

    assert {path: lines for path, lines in nested.items() if lines} == {}


def test_the_formatter_is_switched_off_nowhere() -> None:
    """No shipped module is laid out by hand."""
    off = {path: unformatted((ROOT / path).read_text()) for path in trees()}

    assert {path: lines for path, lines in off.items() if lines} == {}


def test_sentences_and_tables_of_words_are_folded() -> None:
    """Over 100 columns stand patterns, programs in texts and single long words only."""
    wide = {path: unfolded((ROOT / path).read_text()) for path in trees()}

    assert {path: lines for path, lines in wide.items() if lines} == {}


@pytest.mark.parametrize(
    ("body", "ways"),
    [
        ("pass", 1),
        ("if a: pass", 2),
        ("if a: pass\n elif b: pass\n else: pass", 3),
        ("for x in a: pass\n else: pass", 2),
        ("while a and b and c: pass", 4),
        ("try: pass\n except A: pass\n except B: pass\n finally: pass", 3),
        ("return a if b else c", 2),
        ("return [x for y in a for x in y if x]", 3),
        ("return a or b and c", 3),
        ("return lambda x: x or 1", 2),
        ("assert a", 2),
        ("match a:\n  case 1: pass\n  case _: pass", 3),
        ("with a as b: pass", 1),
        ("def inner():\n  if a: pass\n  if b: pass", 1),
        ("class C:\n  def m(self):\n   if a: pass", 1),
    ],
)
def test_each_branch_is_a_way(body: str, ways: int) -> None:
    """A branch adds one way, and so does each further part of `and` and `or`; functions inside of
    another are counted for themselves.
    """
    tree = ast.parse(f"def planted():\n {body}\n")

    assert ways_through(next(functions_in(tree))) == ways


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_a_planted_function_is_seen(kind: str) -> None:
    """A method with a branch too many is over the measure, wherever it stands."""
    branches = "\n".join(f"            if a == {n}: pass" for n in range(MOST_WAYS))
    tree = ast.parse(f"if x:\n    class C:\n        {kind} planted(self, a):\n{branches}\n")

    assert [ways_through(one) for one in functions_in(tree)] == [MOST_WAYS + 1]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("def f(a): return a", 1),
        ("def f(\n    a,\n    b,\n):\n    return a", 1),
        ('def f():\n    """Say.\n\n    More.\n    """\n    return 1', 1),
        ('def f():\n    """Only said."""', 0),
        (
            "def f():\n    import a\n    from b import (\n        c,\n    )\n    a()\n    return c",
            2,
        ),
        ("def f():\n    a()\n    import b\n    return b", 3),
        ("def f():\n\n    # why\n    a(\n        1,\n    )\n", 3),
    ],
)
def test_the_lines_of_a_function_are_those_of_what_it_does(text: str, lines: int) -> None:
    """Parameters, what is told of it and what it loads first are not counted."""
    assert lines_of(next(functions_in(ast.parse(text)))) == lines


@pytest.mark.parametrize(
    ("expression", "nested"),
    [
        ("a if b else c", 0),
        ("a if b else c if d else e", 1),
        ("(a if b else c) if d else e", 1),
        ("a if (b if c else d) else e", 1),
        ("f(a if b else c) if d else e", 0),
        ("[a if b else c, d if e else f]", 0),
        ("a if b else c if d else e if g else h", 2),
    ],
)
def test_a_conditional_in_a_clause_of_another_is_seen(expression: str, nested: int) -> None:
    """One that is a clause of another is over two clauses; one inside of a call is not."""
    assert len(nested_conditionals(ast.parse(expression))) == nested


def test_a_place_that_is_not_formatted_is_seen() -> None:
    """Both ways to switch the formatter off are seen, and a text that speaks of it is none."""
    assert unformatted("a = 1\nb = (1,\n 2)  # fmt: skip\n# fmt: off\nc = 3\n") == [3, 4]
    assert unformatted('words = "fmt: skip"\n') == []


LONG_TEXT = "word " * 25


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (f'a = "{LONG_TEXT}"', [1]),
        (f'a = f"{LONG_TEXT}{{b}}"', [1]),
        (f"a = (\n    'x'\n    '{LONG_TEXT}'\n)", [3]),
        (f'a = b"{LONG_TEXT}"', [1]),
        (f"a = {'b' * 120}", [1]),
        (f"# {LONG_TEXT}", [1]),
        (f'a = r"{LONG_TEXT}"', []),
        (f'a = rf"{LONG_TEXT}{{b}}"', []),
        (f'a = """SELECT\n{LONG_TEXT}"""', []),
        (f'a = f"""{{b}}\n{LONG_TEXT}"""', []),
        (f'a = "{"b" * 120}"', []),
        (f"a = b(1)  # noqa: S301 - {LONG_TEXT}", []),
        ('a = "word"', []),
    ],
)
def test_a_text_that_could_be_folded_is_seen(text: str, lines: list[int]) -> None:
    """A wide sentence is seen, in a text of any kind; what is one piece is left."""
    assert unfolded(text) == lines
