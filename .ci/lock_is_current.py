"""Fail when requirements.lock no longer fits pyproject.toml; `--write` makes it anew."""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.lock"


def compiled(folder: Path) -> str:
    """Return the lock for today's pyproject.toml, keeping every version that still fits."""
    out = folder / "requirements.lock"
    if LOCK.exists():
        out.write_text(LOCK.read_text())
    command = [
        *(
            "uv",
            "pip",
            "compile",
            "pyproject.toml",
            "--all-extras",
            "--universal",
            "--python-version",
            "3.12",
            "--generate-hashes",
        ),
        *("--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links", "--quiet"),
        *("--output-file", str(out)),
    ]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return out.read_text()


def main() -> int:
    """Compare, or write."""
    with tempfile.TemporaryDirectory() as folder:
        wanted = compiled(Path(folder))
    if "--write" in sys.argv:
        LOCK.write_text(wanted)
        return 0
    if LOCK.exists() and LOCK.read_text() == wanted:
        return 0
    sys.stderr.write(
        "requirements.lock is not current: run `uv run python .ci/lock_is_current.py --write`\n"
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
