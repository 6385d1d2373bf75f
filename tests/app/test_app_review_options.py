"""The options of `outgate review`: none is passed over in silence."""

import io
import sys
from pathlib import Path

import pytest

from app.cli import main
from evidence import open_store
from tests.app.conftest import Runs

TOGETHER = [
    ("--demo", "--commands"),
    ("--web", "--plain"),
    ("--web", "--commands"),
    ("--plain", "--commands"),
    ("--demo", "--read-only"),
    ("--demo", "--case", "3f9a1c02b7de"),
    ("--demo", "--view", "mine"),
    ("--demo", "--web", "--plain"),
    ("--port", "8123"),
    ("--tls",),
    ("--idle-minutes", "3"),
]


@pytest.mark.parametrize("options", TOGETHER, ids=" ".join)
def test_options_that_cannot_be_kept_are_refused(outgate: Runs, options: tuple[str, ...]) -> None:
    """Who asks for two things at once is told that only one can be had, before anything starts."""
    done = outgate("review", *options)
    assert done.code == 2
    assert any(option in done.err for option in options)


@pytest.mark.parametrize("option", ["--plain", "--commands"])
@pytest.mark.parametrize("page", ["utf-8", "ascii", "cp1252", "latin-1"])
def test_plain_lines_take_commands_at_a_terminal_of_any_code_page(
    home: Path, monkeypatch: pytest.MonkeyPatch, option: str, page: str
) -> None:
    """One way to act by words, whatever the terminal can show; each answer ends with an empty
    line.
    """

    class Terminal(io.TextIOWrapper):
        def isatty(self) -> bool:
            return True

    open_store(home / "evidence.db").close()
    screen = Terminal(io.BytesIO(), encoding=page, newline="\n")
    typed = io.BytesIO("list “”\nhelp\nclose 1 false-alarm\nquit\n".encode())
    monkeypatch.setattr(sys, "stdin", Terminal(typed, encoding="ascii"))
    monkeypatch.setattr(sys, "stdout", screen)
    with pytest.raises(SystemExit) as ended:
        main(["review", option])
    screen.flush()
    assert isinstance(screen.buffer, io.BytesIO)
    told = screen.buffer.getvalue().decode("utf-8" if page == "ascii" else page)
    assert ended.value.code == 1
    assert told.startswith("Nothing needs you.") and "close N REASON" in told
    assert "nearest word" not in told  # to what has no letter none is near
    assert "Say which case by its number" in told and "fault" not in told
