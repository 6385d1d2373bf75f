"""Which line an instruction stands for."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.location_table import line_at

STANDARD = sorted(Path(str(importlib.util.__file__)).parents[1].glob("[a-h]*.py"))


def codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from codes(inner)


@pytest.mark.parametrize("part", range(4))
def test_every_instruction_has_the_line_that_python_gives_it(part: int) -> None:
    """For all code of a quarter of the standard library: the same line, or none, as the
    interpreter itself says.
    """
    read = 0
    for path in STANDARD[part::12]:
        for code in codes(compile(path.read_bytes(), str(path), "exec", dont_inherit=True)):
            for begin, end, line in code.co_lines():
                for offset in range(begin, end, 2):
                    assert line_at(code.co_linetable, code.co_firstlineno, offset) == line
                    read += 1
            beyond = len(code.co_code)
            assert line_at(code.co_linetable, code.co_firstlineno, beyond) is None
    assert read > 1000


@given(st.binary(max_size=200), st.integers(-5, 1 << 31), st.integers(0, 1 << 20))
def test_any_table_ends_with_a_line_or_none(table: bytes, first: int, offset: int) -> None:
    """Bytes of another process are only ever a number, none, or a table cut short."""
    try:
        found = line_at(table, first, offset)
    except IndexError:
        return
    assert found is None or isinstance(found, int)


def test_a_long_statement_counts_lines_both_ways() -> None:
    """Lines that jump far back and forth are told, too."""
    far = "\n" * 3000
    code = compile(f"x = (1,{far}print,{far}2)\nfor y in x:\n pass\n", "f", "exec")
    lines = {line for *_, line in code.co_lines() if line is not None}
    table = code.co_linetable
    told = {line_at(table, code.co_firstlineno, at) for at in range(0, len(code.co_code), 2)}
    assert told - {None} == lines
    assert max(lines) > 6000
