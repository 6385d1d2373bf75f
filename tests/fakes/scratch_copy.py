"""A copy of the house in which a test adds what a stranger would add, by CONTRIBUTING's table."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_LEFT_OUT = {".git", ".venv"}


@dataclass(frozen=True, slots=True)
class ScratchCopy:
    """The copy.

    Its folders come before the installed ones in each process that is started in it.
    """

    root: Path
    home: Path
    """Outgate's own folder of what is run there."""

    @classmethod
    def of(cls, folder: Path, *changed: str) -> "ScratchCopy":
        """Copy the house into `folder`; what is not `changed` there is only linked."""
        root, home = folder / "house", folder / "home"
        root.mkdir()
        home.mkdir(mode=0o700)
        for path in ROOT.iterdir():
            if path.name in _LEFT_OUT or path.name.startswith(
                (".mypy", ".ruff", ".pytest", ".hypo")
            ):
                continue
            if path.name in {*changed, "tests"}:
                shutil.copytree(
                    path, root / path.name, ignore=shutil.ignore_patterns("__pycache__")
                )
            else:
                (root / path.name).symlink_to(path)
        return cls(root, home)

    def add(self, name: str, text: str) -> None:
        """Write a new file. It is a new one: adding is not changing."""
        path = self.root / name
        assert not path.exists()
        path.write_text(text, encoding="utf-8")

    def put(self, name: str, before: str, text: str) -> None:
        """Put text before a place in a file that is there."""
        path = self.root / name
        old = path.read_text(encoding="utf-8")
        assert old.count(before) == 1, (name, before)
        path.write_text(old.replace(before, text + before), encoding="utf-8")

    def outgate(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the copy."""
        return self.python("-m", "app.cli", *arguments)

    def pytest(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run tests of the copy."""
        return self.python("-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments)

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Python in the copy."""
        environment = {
            **{name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"},
            "PYTHONPATH": f"{self.root}{os.pathsep}{self.root / 'tests' / 'fakes'}",
            "OUTGATE_HOME": str(self.home),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )


def passed(done: subprocess.CompletedProcess[str]) -> int:
    """Return how many tests passed in a run in which none failed."""
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    found = re.search(r"(\d+) passed", done.stdout)
    return 0 if found is None else int(found[1])
