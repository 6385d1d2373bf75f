"""Commands run in this process, each test with an Outgate home of its own."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.cli import code_of


@dataclass(frozen=True)
class Told:
    """What one command told."""

    code: int
    out: str
    err: str

    @property
    def line(self) -> str:
        """The single line on standard error."""
        [line] = self.err.splitlines()
        return line


type Runs = Callable[..., Told]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("OUTGATE_HOME", str(folder))
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture
def outgate(home: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Runs]:
    """Run a command; its output is captured, as when it is piped. What a gate would log to ends
    with the test: its stream is closed, and a later command would be told of that.
    """
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    own = logging.getLogger("outgate").level

    def run(*arguments: str) -> Told:
        code = code_of(list(arguments))
        said = capsys.readouterr()
        return Told(code, said.out, said.err)

    yield run
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.getLogger("outgate").setLevel(own)
