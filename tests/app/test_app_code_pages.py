"""What is printed can be printed: names of scripts, files and hosts in any writing, on a screen of
any code page.
"""

import io
import sys
from pathlib import Path

import pytest

from app.cli import main

PAGES = ("utf-8", "ascii", "latin-1", "cp1252", "cp437", "cp932", "gbk", "koi8-r")
NAMES = ("Übersicht", "日本語", "отчёт", "caf\udce9", "→–✓")


def _printed(monkeypatch: pytest.MonkeyPatch, page: str, *arguments: str) -> tuple[int, str, str]:
    """Run a command on a screen of this code page; return its code and what it printed."""
    screens = [io.TextIOWrapper(io.BytesIO(), encoding=page, newline="\n") for _ in "12"]
    monkeypatch.setattr(sys, "stdout", screens[0])
    monkeypatch.setattr(sys, "stderr", screens[1])
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    told = []
    for screen in screens:
        screen.flush()
        assert isinstance(screen.buffer, io.BytesIO)
        # What says that it is ASCII is mostly not set at all: typer writes UTF-8 to it.
        told.append(screen.buffer.getvalue().decode("utf-8" if page == "ascii" else page))
    return int(ended.value.code or 0), told[0], told[1]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("name", NAMES)
def test_a_name_in_any_writing_is_printed_on_any_page(
    home: Path, monkeypatch: pytest.MonkeyPatch, page: str, name: str
) -> None:
    """A letter that a screen does not know is written as its number; nothing ends because of it."""
    file = home / f"{name}.pac"
    file.write_text('function FindProxyForURL(u, h) { return "PROXY p.example:1"; }')
    code, out, err = _printed(monkeypatch, page, "doctor", "--pac", str(file))

    assert (code, err) == (0, "")
    assert "upstream_proxy: http://p.example:1" in out


@pytest.mark.parametrize("page", PAGES)
def test_an_error_is_printed_on_any_page(
    home: Path, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    """The line that says what is wrong is no fault of its own."""
    code, _, err = _printed(monkeypatch, page, "doctor", "--pac", str(home / "日本語.pac"))

    assert code == 2
    assert "cannot be read" in err and "fault in Outgate" not in err
