"""Whose Python is run, as whom, and what it sees of us."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from app.probing.interpreters import Interpreter, environment_of, interpreters, rights_of
from core.errors import InputError


def test_anothers_python_sees_no_secret_of_root() -> None:
    """Root may try an analyst's environment without showing it what root's shell holds."""
    ours = {"PATH": "/bin", "OPENAI_API_KEY": "x", "HTTPS_PROXY": "http://127.0.0.1:1", "A": "1"}
    assert environment_of(None, ours) == ours
    assert environment_of(1000, ours) == {"PATH": "/bin", "HTTPS_PROXY": "http://127.0.0.1:1"}
    assert rights_of(None).user is None
    assert (rights_of(61234).user, rights_of(61234).groups) == (61234, ())


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root runs others' programs"
)
def test_anothers_python_is_never_run_as_root() -> None:
    """What lies in a user's environment is run with that user's rights."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        said = folder / "said"
        said.touch()
        said.chmod(0o666)
        program = folder / "venv" / "bin" / "python3"
        program.parent.mkdir(parents=True)
        program.write_text(f"#!/bin/sh\nid -u > {said}\n")
        program.chmod(0o755)
        os.chown(program, 61234, 61234)
        list(interpreters([folder / "venv"]))
        assert said.read_text().strip() == "61234"


def test_environments_are_found_once(tmp_path: Path) -> None:
    """Below a folder, by name or twice: one environment is one."""
    venv = tmp_path / "a" / "b" / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    named = [tmp_path, venv / "bin" / "python3", venv / "bin" / "python"]
    found = list(interpreters(named))
    assert len(found) == 1
    [one] = found
    assert isinstance(one, Interpreter)
    assert Path(one.prefix) == venv
    assert "urllib.request" in one.modules
    with pytest.raises(InputError):
        list(interpreters([tmp_path / "nowhere"]))


def test_an_environment_whose_python_is_gone_is_told(tmp_path: Path) -> None:
    """Of an environment that no longer works it is said so: silence would mean that all is well."""
    for name in ("whole", "broken", "empty"):
        folder = tmp_path / name
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    for program in (tmp_path / "broken" / "bin").glob("python*"):
        program.unlink()
        program.symlink_to("/nonexistent/python3")
    shutil.rmtree(tmp_path / "empty" / "bin")

    told = [one for one in interpreters([tmp_path]) if isinstance(one, str)]

    assert [str(tmp_path / "broken"), str(tmp_path / "empty")] == sorted(
        one.partition(" is an environment ")[0] for one in told
    )
    assert all("make it again" in one for one in told)
    assert list(interpreters([tmp_path / "empty"])) == [told[-1]], "named, it is told as well"


def _programs(folder: Path, scripts: dict[str, str]) -> None:
    for name, script in scripts.items():
        program = folder / name / "bin" / "python3"
        program.parent.mkdir(parents=True)
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)


def test_one_that_hangs_is_told_as_what_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.probing.interpreters._ANSWERS_S", 2)
    _programs(tmp_path, {"a": "exec sleep 60", "d": "exit 3"})
    assert list(interpreters([tmp_path])) == [
        f"{tmp_path}/a/bin/python3 gave no answer within 2 s",
        f"{tmp_path}/d/bin/python3 does not run as a Python",
    ]


def test_they_are_asked_beside_each_other(tmp_path: Path) -> None:
    """Two that end only when both run: none waits for the other's time-out."""
    meet = "touch {here}/{name}\nwhile [ ! -e {here}/{other} ]; do sleep 0.05; done\nexit 3"
    pairs = (("a", "b"), ("b", "a"))
    _programs(
        tmp_path,
        {n: meet.format(here=tmp_path, name=f"{n}.run", other=f"{o}.run") for n, o in pairs},
    )
    assert list(interpreters([tmp_path])) == [
        f"{tmp_path}/{name}/bin/python3 does not run as a Python" for name in "ab"
    ]
