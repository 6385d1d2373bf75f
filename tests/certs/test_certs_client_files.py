"""Where clients keep their roots: found by fixed names, in the program's own environment."""

import os
from pathlib import Path

from certs.client_files import client_files


def environment_at(folder: Path) -> Path:
    """Make an environment of Python with clients that bring their own roots."""
    packages = folder / "lib" / "python3.12" / "site-packages"
    for name in ("certifi/cacert.pem", "botocore/cacert.pem", "other/cacert.pem"):
        (packages / name).parent.mkdir(parents=True)
        (packages / name).write_text("roots")
    (folder / "bin").mkdir()
    (folder / "pyvenv.cfg").write_text("home = /usr/bin\n")
    for program in ("python3", "python"):
        (folder / "bin" / program).write_text("#!/bin/sh\n")
        (folder / "bin" / program).chmod(0o755)
    return packages


def found(folder: Path, *command: str, **environment: str) -> set[str]:
    env = {"PATH": "/nowhere", **environment}
    files = client_files(command, env, folder)
    return {path for path in files.bundles if path.startswith(str(folder))}


def test_the_programs_own_interpreter_is_looked_at(tmp_path: Path) -> None:
    """The roots below the interpreter that is named are found, and nothing that only looks so."""
    packages = environment_at(tmp_path / "own")
    wanted = {str(packages / "certifi/cacert.pem"), str(packages / "botocore/cacert.pem")}
    python = str(tmp_path / "own" / "bin" / "python3")
    assert found(tmp_path, python, "a.py") == wanted
    tool = tmp_path / "tool"
    tool.write_text(f"#!{python}\nprint()\n")
    tool.chmod(0o755)
    assert found(tmp_path, str(tool)) == wanted
    assert found(tmp_path, "python3", PATH=str(tmp_path / "own" / "bin")) == wanted
    assert found(tmp_path, "sh", VIRTUAL_ENV=str(tmp_path / "own")) == wanted
    assert found(tmp_path, "sh", PYTHONPATH=os.pathsep.join(["", str(packages)])) == wanted
    assert found(tmp_path, "sh") == set()


def test_the_projects_environment_is_found_from_below(tmp_path: Path) -> None:
    """`uv run` and its like use the environment of the project that a folder is in."""
    packages = environment_at(tmp_path / ".venv")
    below = tmp_path / "src" / "deep"
    below.mkdir(parents=True)
    files = client_files(["uv", "run", "x.py"], {"PATH": "/nowhere"}, below)
    assert str(packages / "certifi/cacert.pem") in files.bundles


def test_javas_store_is_found(tmp_path: Path) -> None:
    """The key store of the Java that is in use is among them."""
    store = tmp_path / "java" / "lib" / "security" / "cacerts"
    store.parent.mkdir(parents=True)
    store.write_bytes(b"x")
    files = client_files(
        ["sh"], {"PATH": "/nowhere", "JAVA_HOME": str(tmp_path / "java")}, tmp_path
    )
    assert str(store) in files.java
