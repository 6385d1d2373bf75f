"""Which version of a script ran, from whom and whence, and what it is made of."""

import hashlib
import os
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.identity.composition import Composition
from attribution.identity.contents import MOST_BYTES, ContentStore
from attribution.identity.distributions import Installed, installed
from attribution.identity.imports import ImportReader, read_imports
from attribution.identity.inline_metadata import read_inline_metadata
from attribution.identity.repository import repository_of
from attribution.identity.version import Since, identify, identify_code
from attribution.os_users import People
from tests.attribution.conftest import Clients, Gate

CLEAR = People("clear", None)
LATER = Since(at=float("inf"))
posix = pytest.mark.skipif(os.name == "nt", reason="change times are a POSIX matter")


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_a_script_is_known_by_its_hash(tmp_path: Path) -> None:
    """Approvals attach to the hash of what ran."""
    script = tmp_path / "job.py"
    script.write_text("print(1)\n")
    found = identify(str(script), Since(at=time.time() + 1))
    assert found.sha256 == sha("print(1)\n")
    assert found.size == 9
    assert found.note is None


@posix
def test_a_file_changed_after_the_start_has_no_hash_of_what_ran(tmp_path: Path) -> None:
    """A script overwritten after its start cannot borrow the hash of what now lies there."""
    script = tmp_path / "job.py"
    started = Since(at=time.time() - 5)
    script.write_text("harmless\n")
    os.utime(
        script, (time.time() - 100, time.time() - 100)
    )  # setting back the modification time does not help
    found = identify(str(script), started)
    assert found.sha256 is None
    assert found.sha256_now == sha("harmless\n")
    assert found.changed_since_start
    assert "changed after" in str(found.note)


def test_a_changed_file_is_a_new_version(tmp_path: Path) -> None:
    """The cache never answers for another content."""
    script = tmp_path / "job.py"
    hashes = []
    for text in ("a\n", "b\n"):
        script.write_text(text)
        os.utime(script, ns=(1, 1))
        hashes.append(identify(str(script), LATER).sha256)
    assert hashes == [sha("a\n"), sha("b\n")]


@pytest.mark.parametrize("path", ["/nonexistent/x.py", "/dev/null", "/", "bad\0name"])
def test_what_is_no_file_has_no_identity(path: str) -> None:
    """Devices, folders and absent files have no hash."""
    assert identify(path, LATER).sha256 is None


def test_code_is_identified_by_hash_alone() -> None:
    """Of `python -c` only a hash is kept, never the text."""
    found = identify_code("print('hunter2')")
    assert found.sha256 == sha("print('hunter2')")
    assert "hunter2" not in repr(found.to_json(CLEAR))


COMMIT = "a1" * 20


def repository(
    root: Path, head: str = "ref: refs/heads/main", url: str = "https://github.example/team/etl.git"
) -> None:
    git = root / ".git"
    (git / "refs/heads").mkdir(parents=True)
    (git / "HEAD").write_text(head + "\n")
    (git / "config").write_text(
        f'[core]\n\tbare = false\n[remote "origin"]\n\turl = {url}\n\tfetch = +refs/*\n[branch'
        ' "x"]\n\turl = no\n'
    )


def test_a_script_in_a_repository_has_its_commit(tmp_path: Path) -> None:
    """Commit, branch and remote are read from git's own files."""
    repository(tmp_path)
    (tmp_path / ".git/refs/heads/main").write_text(COMMIT + "\n")
    found = repository_of(str(tmp_path / "sub" / "job.py"))
    assert found is not None
    assert (found.commit, found.branch, found.remote) == (
        COMMIT,
        "main",
        "https://github.example/team/etl.git",
    )
    assert found.root == str(tmp_path)


def test_packed_and_detached_heads_and_worktrees_are_read(tmp_path: Path) -> None:
    """However git stores it, the commit is found."""
    repository(tmp_path / "packed")
    (tmp_path / "packed/.git/packed-refs").write_text(
        f"# pack-refs\n{'b2' * 20} refs/heads/main2\n{COMMIT} refs/heads/main\n"
    )
    repository(tmp_path / "detached", head=COMMIT)
    tree = tmp_path / "packed/.git/worktrees/side"
    tree.mkdir(parents=True)
    (tree / "HEAD").write_text("ref: refs/heads/main\n")
    (tree / "commondir").write_text("../..\n")
    (tmp_path / "side").mkdir()
    (tmp_path / "side/.git").write_text(f"gitdir: {tree}\n")
    for name in ("packed", "detached", "side"):
        found = repository_of(str(tmp_path / name / "job.py"))
        assert found is not None, name
        assert (found.commit, found.remote) == (COMMIT, "https://github.example/team/etl.git"), name


def test_a_token_in_a_remote_is_never_kept(tmp_path: Path) -> None:
    """A password or token in the address of a repository does not reach the evidence."""
    token = "tok" + "en12345"
    repository(tmp_path, url=f"https://user:{token}@github.example/team/etl.git?access={token}")
    found = repository_of(str(tmp_path / "job.py"))
    assert found is not None
    assert found.remote == "https://github.example/team/etl.git"
    assert token not in repr(found)


@pytest.mark.parametrize("head", ["ref: ../../etc/passwd", "ref: refs/../../x", "not a commit", ""])
def test_a_hostile_repository_gives_no_commit(tmp_path: Path, head: str) -> None:
    """A crafted repository cannot make the gate read other files or record nonsense."""
    repository(tmp_path, head=head)
    found = repository_of(str(tmp_path / "job.py"))
    assert found is None or found.commit is None


BLOCK = (
    '# /// script\n# requires-python = ">=3.12"\n# dependencies = [\n#   "requests<3",\n#  '
    ' "rich",\n# ]\n# ///\n'
)


def test_inline_dependencies_are_read() -> None:
    """What a single-file script says it needs is part of its identity."""
    found = read_inline_metadata(("#!/usr/bin/env python\n" + BLOCK + "import requests\n").encode())
    assert found is not None
    assert (found.dependencies, found.requires_python) == (("requests<3", "rich"), ">=3.12")


@pytest.mark.parametrize(
    "source",
    ["import os\n", BLOCK + BLOCK, "# /// script\n# x = [\n# ///\n", "# /// script\n# a = 1\n"],
)
def test_what_is_no_valid_block_is_none(source: str) -> None:
    """Two blocks, or one that does not parse, are no statement."""
    assert read_inline_metadata(source.encode()) is None


@given(st.binary(max_size=300))
def test_no_source_breaks_the_reader(source: bytes) -> None:
    """Hostile sources give an answer, never an error."""
    read_inline_metadata(b"# /// script\n" + source + b"\n# ///\n")
    read_imports(source)


def test_imports_at_any_depth_are_found() -> None:
    """Imports inside functions, under conditions and by name count as well."""
    source = b"""
import os, requests.sessions
from numpy import array
from . import near
def f():
    import boto3
    importlib.import_module("openai.types")
    __import__(name)
"""
    found = read_imports(source)
    assert found.third_party == ("boto3", "numpy", "openai", "requests")
    assert found.standard == ("os",)
    assert (found.relative, found.dynamic, found.readable) == (True, True, True)


def test_unreadable_source_is_said_to_be_so() -> None:
    """A source for another Python is not called free of imports."""
    assert not read_imports(b"print 'old'").readable


def test_imports_are_read_once_per_hash() -> None:
    """The same version is not parsed twice."""
    reader = ImportReader()
    assert reader.read(b"import a", "h") is reader.read(b"changed", "h")


def test_the_distributions_of_the_interpreter_are_listed() -> None:
    """What was installed where the script ran is known by name and version."""
    found = {
        entry.name: entry.version
        for entry in installed([path for path in sys.path if "site-packages" in path])
    }
    assert found["psutil"]
    assert found["pytest"]
    assert installed(["/nonexistent"]) == ()


def store(folder: Path) -> ContentStore:
    return ContentStore(folder, lambda text: text.replace("hunter2", "••••"))


def test_two_versions_of_a_script_can_be_compared(tmp_path: Path) -> None:
    """The reviewer sees what changed, without the secrets that stand in it."""
    kept, script, hashes = store(tmp_path / "s"), tmp_path / "job.py", []
    for text in ("a = 1\npassword = 'hunter2'\n", "a = 2\npassword = 'hunter2'\n"):
        script.write_text(text)
        hashes.append(sha(text))
        assert kept.keep(script.read_bytes(), hashes[-1])
    diff = kept.diff(*hashes)
    assert diff is not None
    assert "-a = 1" in diff
    assert "+a = 2" in diff
    assert "hunter2" not in "".join(diff)
    assert set(kept.hashes()) == set(hashes)


def test_no_secret_reaches_the_disk(tmp_path: Path) -> None:
    """What is written is the masked text, readable by the owner alone."""
    import zstandard

    store(tmp_path / "s").keep(b"password = 'hunter2'\n", sha("password = 'hunter2'\n"))
    (file,) = (tmp_path / "s").rglob("*.zst")
    assert b"hunter2" not in zstandard.ZstdDecompressor().decompress(
        file.read_bytes(), max_output_size=10_000
    )
    if os.name != "nt":
        assert file.stat().st_mode & 0o777 == 0o600


def test_only_what_ran_is_kept(tmp_path: Path) -> None:
    """A file that is no longer what ran, is binary or too large is not kept under that name."""
    kept = store(tmp_path / "s")
    assert not kept.keep(b"changed\n", sha("original\n"))
    assert not kept.keep(b"\0binary", hashlib.sha256(b"\0binary").hexdigest())
    long = b"x" * (MOST_BYTES + 1)
    assert not kept.keep(long, hashlib.sha256(long).hexdigest())
    assert not list(kept.hashes())
    with pytest.raises(ValueError, match="SHA-256"):
        kept.text("../../etc/passwd")


def test_a_version_can_be_erased(tmp_path: Path) -> None:
    """Erasure leaves nothing behind."""
    kept = store(tmp_path / "s")
    kept.keep(b"x\n", sha("x\n"))
    kept.forget(sha("x\n"))
    assert kept.text(sha("x\n")) is None
    assert kept.diff(sha("x\n"), sha("y\n")) is None


def test_composition_comes_from_the_interpreter_that_ran(gate: Gate, clients: Clients) -> None:
    """Imports and installed packages are those of the running script's own environment."""
    clients.write("import time\nimport requests\ns = dial()\nask(s)\ntime.sleep(60)\n")
    clients.python("client.py")
    (seen,) = gate.wait(1)
    found = gate.attributor.composition(seen.at_request)
    assert found is not None
    assert found.imports is not None
    assert found.imports.third_party == ("requests",)
    assert "requests" in {entry.name for entry in found.distributions}
    kept = store(clients.folder / "store")
    assert gate.attributor.keep_source(seen.at_request, kept)


def test_what_a_version_is_made_of_is_kept_and_forgotten_with_it(tmp_path: Path) -> None:
    """Names and versions come back as they were kept; a broken or foreign file is no answer;
    forgetting leaves nothing.
    """
    kept = store(tmp_path)
    parts = {"imports": ["pandas"], "installed": [["pandas", "2.2.3", False]]}
    kept.keep_parts(sha("a"), parts)
    assert kept.parts(sha("a")) == parts
    assert kept.parts(sha("b")) is None
    assert list(kept.hashes()) == []
    (place,) = tmp_path.rglob("*.zst")
    assert place.stat().st_mode & 0o077 == 0
    place.write_bytes(b"broken")
    assert kept.parts(sha("a")) is None
    kept.forget(sha("a"))
    assert list(tmp_path.rglob("*.zst")) == []


def test_names_of_packages_are_inert_before_they_are_kept() -> None:
    """A package's name and version come from a foreign file: what steers a terminal is taken out at
    once.
    """
    parts = Composition(
        imports=None, distributions=(Installed(name="x\x1b[2J\u202e", version="1\r\n2"),)
    ).to_json()
    assert parts["imports"] is None
    assert not {"\x1b", "\u202e", "\r", "\n"} & set("".join(parts["installed"][0][:2]))
