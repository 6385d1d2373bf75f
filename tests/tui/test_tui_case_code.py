"""The code of a case: the lines around the one that sent, or why they are not shown."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from invented_day import sender
from present import there

from core.attribution import Attribution, Certainty, CodeLine
from tui.case_code import code_section
from tui.kept_code import Kept, lines_around, source_lines

SOURCE = "\n".join(f"line_{n} = {n}" for n in range(1, 41)) + "\n"


def at(file: str, line: int, *stack: str, certainty: Certainty = Certainty.EXACT) -> CodeLine:
    return CodeLine(file=file, line=line, function="send", certainty=certainty, stack=stack)


def shown(who: Attribution, kept: Kept | None = Kept(text=SOURCE)) -> str:  # noqa: B008
    return "\n".join(row.text for row in code_section(who, kept).rows)


OWN = "/srv/jobs/claims.py"


@pytest.mark.parametrize(
    ("line", "lit"),
    [
        (at(OWN, 20), "❯ 20 │ line_20 = 20"),
        (at(OWN, 1), "❯ 1 │ line_1 = 1"),
        (at(OWN, 40), "❯ 40 │ line_40 = 40"),
        (at("/srv/lib/post.py", 3, "/srv/lib/post.py:3 send", f"{OWN}:7 main"), "❯  7 │ line_7"),
    ],
    ids=["middle", "first", "last", "called from the script"],
)
def test_the_line_that_sent_is_lit_among_its_neighbours(line: CodeLine, lit: str) -> None:
    """Where a module of its own sent, the line of the script that called it is lit, and said."""
    text = shown(_with(line))
    assert lit in text
    assert text.count("❯") == 1
    assert ("of which no copy is kept" in text) == (line.file != OWN)
    assert "masked" in text.splitlines()[-1]


def _with(line: CodeLine | None, **more: object) -> Attribution:
    return replace(sender("claims.py"), line=line, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "line",
    [
        None,
        at("/srv/lib/post.py", 3, "/srv/lib/post.py:3 send"),
        at(OWN, 99),
        at(OWN, 0),
        at("x", 1, f"{OWN}:² main"),
    ],
    ids=["none", "elsewhere", "behind the end", "before the first", "no number"],
)
def test_without_a_line_the_script_begins(line: CodeLine | None) -> None:
    """No line is lit that did not send; what is not known is said."""
    text = shown(_with(line))
    assert "The script begins:" in text and "│ line_1 = 1" in text and "❯" not in text


def test_why_there_is_no_code_is_said() -> None:
    """Never an empty heading, and never somebody else's reason."""
    unknown = _with(None)
    unknown = replace(unknown, script=replace(there(unknown.script), sha256=None))
    assert "content of the script could not be read" in shown(unknown, Kept())
    likely = _with(None, certainty=Certainty.LIKELY)
    assert "proven to be the sender" in shown(likely, Kept(why="off"))
    assert shown(_with(None), Kept(why="The setting is off.")) == "The setting is off."
    assert code_section(_with(None), None).rows == ()
    assert code_section(_with(None, script=None), Kept(text="x")).rows == ()


def test_a_likely_line_is_called_likely() -> None:
    """A sample of how the program stood is not proof."""
    assert "Likely" in shown(_with(at(OWN, 4, certainty=Certainty.LIKELY)))
    assert "Likely" not in shown(_with(at(OWN, 4)))


def test_lines_are_counted_as_python_counts_them() -> None:
    """A form feed or a separator of Unicode's ends no line; each kind of line end does."""
    assert source_lines("a\x0cb\r\nc\u2028d\re\n") == ["a\x0cb", "c\u2028d", "e"]
    (only,) = lines_around("x = '\x1b[2J\u202e'\n", 1)
    assert not {"\x1b", "\u202e"} & set(only.text)


@given(st.text(max_size=400), st.integers(-3, 60))
def test_any_source_is_shown_inert(text: str, line: int) -> None:
    """Whatever a script holds, its lines are rows of one line each, at most one of them lit."""
    rows = code_section(_with(at(OWN, line)), Kept(text=text)).rows
    assert not any({"\n", "\r", "\x1b", "\u202e"} & set(row.text) for row in rows)
    assert sum(row.tone == "held" for row in rows) <= 1
