"""Which environment really ran: whatever the interpreter was called by, and wherever the process
went since.
"""

import os
import sys
import venv
from pathlib import Path

import pytest

from attribution.beacon.claims import StartClaim
from attribution.facts import ProcessFacts
from attribution.filesystem import HostFiles
from attribution.identity.distributions import environment_in, installed
from attribution.identity.environment import package_folders, prefix_of

FILES = HostFiles()
BASE = os.path.realpath(sys.executable)
VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="environments of POSIX systems")


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two environments of the same interpreter, each with one distribution of its own."""
    root = tmp_path_factory.mktemp("two")
    for name in ("one", "other"):
        venv.create(root / name, with_pip=False, symlinks=True)
        folder = root / name / f"lib/python{VERSION}/site-packages/{name}_dist-1.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Name: {name}-dist\nVersion: 1.{len(name)}\n")
        (folder / "RECORD").write_text(f"{name}_module/__init__.py,,\n../../bin/x,,\n{name}.py,,\n")
    return root


def facts(called: str, cwd: Path, **env: str) -> ProcessFacts:
    return ProcessFacts(
        pid=1, start=1, exe=BASE, argv=(called, "job.py"), cwd=str(cwd), env=env, uid=os.getuid()
    )


def names(process: ProcessFacts, claim: StartClaim | None = None) -> set[str]:
    return {entry.name for entry in installed(package_folders(process, FILES, claim))}


@pytest.mark.parametrize(
    ("called", "env", "moved"),
    [
        ("{root}/one/bin/python", {}, False),
        ("one/bin/python", {}, False),
        ("./one/bin/../bin/python3", {}, False),
        ("one/bin/python", {"PWD": "{root}"}, True),
        ("python", {"PATH": "/nonexistent:{root}/one/bin:{root}/other/bin"}, False),
        ("python3", {"PATH": "one/bin:/usr/bin", "PWD": "{root}"}, True),
        ("python", {"PATH": "{root}/one/bin", "VIRTUAL_ENV": "{root}/other"}, False),
        (f"python{VERSION}", {"PATH": "{root}/one/bin"}, False),
    ],
)
def test_the_packages_are_those_of_the_environment_that_ran(
    two: Path, called: str, env: dict[str, str], moved: bool
) -> None:
    """Called by an absolute or relative path, or found through PATH alone: its own packages, and
    not the base's.
    """
    here = {name: value.format(root=two) for name, value in env.items()}
    process = facts(called.format(root=two), two / "other" if moved else two, **here)

    assert prefix_of(process, FILES) == str(two / "one")
    assert names(process) == {"one-dist"}


def test_the_processes_own_word_counts_only_where_the_kernel_agrees(
    two: Path, tmp_path: Path
) -> None:
    """What the beacon says of its environment is taken if the interpreter in it is the one that
    runs.
    """
    claim = StartClaim(
        mark=1, main="", sha256=None, cwd="/", prefix=str(two / "other"), version="3.13.0"
    )
    process = facts("python", tmp_path)
    assert prefix_of(process, FILES, claim) == str(two / "other")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").write_text("")
    lie = StartClaim(mark=1, main="", sha256=None, cwd="/", prefix=str(tmp_path), version="3.13.0")
    assert prefix_of(process, FILES, lie) == str(Path(BASE).parent.parent)


def test_packages_of_the_system_count_where_the_environment_lets_them_in(two: Path) -> None:
    """An environment that shows the system's packages has both."""
    config = two / "one" / "pyvenv.cfg"
    before = config.read_text()
    process = facts(str(two / "one/bin/python"), two)
    assert len(package_folders(process, FILES)) == 1
    config.write_text(before.replace("packages = false", "packages = true"))
    assert len(package_folders(process, FILES)) > 1
    config.write_text(before)


def test_an_import_leads_to_its_distribution_and_version(two: Path) -> None:
    """A module is not called like what brings it: the lists of the installed files tell."""
    folder = two / "one" / f"lib/python{VERSION}/site-packages"
    found = environment_in([str(folder)])
    for name in ("one_module", "one"):
        entry = found.bringing(name)
        assert entry is not None
        assert (entry.name, entry.version) == ("one-dist", "1.3")
    assert found.bringing("x") is None
    assert found.bringing("nothing") is None
