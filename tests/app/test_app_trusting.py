"""`outgate trust`: what it writes where, and that all of it can be taken out again."""

import io
import json
import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from app.settings import Settings
from app.trusting import variables_for
from certs.matrix import CLIENTS
from tests.app.conftest import Runs

pytestmark = pytest.mark.skipif(os.name != "posix", reason="places of Linux")


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's own folder."""
    folder = tmp_path / "person"
    folder.mkdir()
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "JUPYTER_DATA_DIR", "JUPYTER_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(folder))
    programs = tmp_path / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    return folder


type Seen = dict[str, tuple[int, bytes | str]]


def seen(folder: Path) -> Seen:
    """Every file, folder and link below, with mode and content."""
    found: Seen = {}
    for path in folder.rglob("*"):
        mode = stat.S_IMODE(path.lstat().st_mode)
        if path.is_symlink():
            found[str(path)] = (0, str(path.readlink()))
        else:
            found[str(path)] = (mode, path.read_bytes() if path.is_file() else "folder")
    return found


def laid(folder: Path, files: Mapping[str, str | bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


EVERYTHING = {
    ".profile": "a=1",
    ".bash_profile": ". ~/.profile\r\n",
    ".bashrc": "#!/bin/bash\ncase $- in *i*) ;; *) return;; esac\n",
    ".zshrc": "",
    ".config/fish/config.fish": "",
    ".config/Code/User/settings.json": '{\n  // mine\n  "a": 1,\n}',
    ".config/Cursor/User/keybindings.json": "[]",
    ".vscode-server/data/Machine/settings.json": "{}",
    ".local/share/jupyter/kernels/py/kernel.json": '{"argv": ["python"], "env": {"A": "1"}}',
}


def test_a_users_places_are_set_up_and_then_as_before(outgate: Runs, person: Path) -> None:
    """Shells, services, notebooks and editors get the variables; removal leaves every byte, mode
    and folder as it was, also after a second installation.
    """
    laid(person, EVERYTHING)
    (person / ".bashrc").chmod(0o444)
    before = seen(person)
    assert outgate("trust", "install", "--user", "--dry-run").code == 0
    assert seen(person) == before
    done = outgate("trust", "install", "--user", "--proxy")
    assert done.code == 0, done.err
    for name in (*EVERYTHING, ".zshenv", ".config/environment.d/90-outgate.conf"):
        told = (person / name).read_text() if (person / name).exists() else ""
        is_place = name not in {".zshrc", ".config/fish/config.fish"} and "keyb" not in name
        assert ("HTTPS_PROXY" in told) == is_place, name
        assert (str(person / name) in done.out) == is_place
    assert (person / ".config/fish/conf.d/outgate.fish").is_file()
    assert "HTTPS_PROXY" in (person / ".config/Cursor/User/settings.json").read_text()
    after = seen(person)
    assert outgate("trust", "install", "--user", "--proxy").out == "Nothing is to be changed.\n"
    assert seen(person) == after
    assert outgate("trust", "status", "--user").code == 0
    assert outgate("trust", "install", "--user").code == 0, "without the proxy again"
    assert "HTTPS_PROXY" not in (person / ".profile").read_text()
    assert outgate("trust", "remove", "--user").code == 0
    assert seen(person) == before
    assert outgate("trust", "status", "--user").code == 1
    assert "Nothing is to be changed" in outgate("trust", "remove", "--user").out


class Terminal(io.StringIO):
    """Somebody who types this and no more."""

    def isatty(self) -> bool:
        return True


def test_at_a_terminal_somebody_agrees_first(
    outgate: Runs, person: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What would be done is shown and asked about; without a yes nothing of it is done. Who says so
    beforehand is not asked, nor is a script.
    """
    laid(person, EVERYTHING)
    before = seen(person)
    unit = tmp_path / "image/etc/systemd/system/outgate.service"
    unit.parent.mkdir(parents=True)
    unit.write_text("[Unit]\n")
    trust = ("trust", "install", "--user")
    gone = ("uninstall", "--keep", "--root", str(tmp_path / "image"))
    for words in (trust, gone):
        for answer in ("n\n", "\n", ""):
            monkeypatch.setattr("sys.stdin", Terminal(answer))
            done = outgate(*words)
            assert done.code != 0, words
            assert "Do all this?" in done.out + done.err
        assert seen(person) == before
        assert unit.exists()
    for answer, more in (("y\n", ()), ("", ("--yes",))):
        monkeypatch.setattr("sys.stdin", Terminal(answer))
        assert outgate(*trust, *more).code == 0
        assert seen(person) != before
        assert outgate("trust", "remove", "--user", "-y").code == 0
    assert seen(person) == before
    assert outgate(*gone, "--yes").code == 0
    assert not unit.exists()


def test_links_stay_links(outgate: Runs, person: Path, tmp_path: Path) -> None:
    """A profile that lies elsewhere, as those who keep theirs in a repository have it, is changed
    there.
    """
    laid(tmp_path, {"dotfiles/profile": "a=1\n"})
    (person / ".profile").symlink_to(tmp_path / "dotfiles" / "profile")
    outgate("trust", "install", "--user")
    assert (person / ".profile").is_symlink()
    assert "SSL_CERT_FILE" in (tmp_path / "dotfiles/profile").read_text()
    outgate("trust", "remove", "--user")
    assert (person / ".profile").is_symlink()
    assert (tmp_path / "dotfiles/profile").read_text() == "a=1\n"


@pytest.mark.parametrize(
    ("files", "left"),
    [
        ({".config": "a file"}, "environment.d"),
        ({".local/share/jupyter/kernels/py/kernel.json": "{broken"}, "kernel.json"),
        ({".local/share/jupyter/kernels/py/kernel.json": b'{"\xff": 1}'}, "kernel.json"),
        ({".local/share/jupyter/kernels/py/kernel.json": '{"env": 3}'}, "kernel.json"),
    ],
)
def test_what_cannot_be_read_is_left_alone_and_named(
    outgate: Runs, person: Path, files: Mapping[str, str | bytes], left: str
) -> None:
    """One file of a kind that nobody foresaw stops nothing else, and is not touched."""
    laid(person, files)
    before = seen(person)
    done = outgate("trust", "install", "--user")
    assert done.code == 0
    assert left in done.err
    assert "left alone" in done.err
    assert {k: v for k, v in seen(person).items() if k in before} == before
    assert "SSL_CERT_FILE" in (person / ".profile").read_text()
    outgate("trust", "remove", "--user")
    assert seen(person) == before


def test_what_a_notebook_sets_itself_stays_and_is_told(outgate: Runs, person: Path) -> None:
    """A kernel with a proxy of its own keeps it."""
    kernel = ".local/share/jupyter/kernels/py/kernel.json"
    laid(person, {kernel: '{"env": {"HTTPS_PROXY": "http://mine"}}'})
    done = outgate("trust", "install", "--user", "--proxy")
    assert "sets HTTPS_PROXY itself: that stays" in done.err
    assert json.loads((person / kernel).read_text())["env"]["HTTPS_PROXY"] == "http://mine"


def test_kernels_of_an_environment_are_found_again(
    outgate: Runs, person: Path, home: Path, tmp_path: Path
) -> None:
    """Removal needs no list of the environments that were named at installation."""
    kernel = "venv/share/jupyter/kernels/python3/kernel.json"
    laid(tmp_path, {kernel: '{"argv": []}\n'})
    outgate("trust", "install", "--user", "--environment", str(tmp_path / "venv"))
    assert "SSL_CERT_FILE" in (tmp_path / kernel).read_text()
    outgate("trust", "remove", "--user")
    assert (tmp_path / kernel).read_text() == '{"argv": []}\n'
    assert not (home / "placed").exists()


_CRONTAB = """#!/bin/sh
[ "$1" = - ] && exec cat > {0}
[ -f {0} ] || {{ echo "no crontab" >&2; exit 1; }}
cat {0}
"""


@pytest.mark.parametrize("listed", ["0 1 * * * python a.py\n", "MAILTO=x\n0 1 * * * a", None])
def test_a_users_scheduled_jobs_get_the_variables(
    outgate: Runs, person: Path, tmp_path: Path, listed: str | None
) -> None:
    """They stand before the first job; a user without jobs gets no crontab."""
    kept = tmp_path / "kept"
    program = tmp_path / "programs" / "crontab"
    program.write_text(_CRONTAB.format(kept))
    program.chmod(0o755)
    if listed is not None:
        kept.write_text(listed)
    outgate("trust", "install", "--user")
    assert kept.exists() == (listed is not None)
    if listed is None:
        return
    assert kept.read_text().endswith(listed)
    assert 'SSL_CERT_FILE="' in kept.read_text()
    assert outgate("trust", "status", "--user").code == 0
    outgate("trust", "remove", "--user")
    assert kept.read_text() == listed


@pytest.mark.parametrize("client", [c for c in CLIENTS if c.trust], ids=lambda c: c.name)
def test_every_client_of_the_matrix_finds_a_variable(client: Any) -> None:
    """The block holds, for each client that reads any, a variable that it reads."""
    variables = variables_for(Settings(), "/bundle.pem", proxy=False)
    assert [name for name in client.trust if variables.get(name) == "/bundle.pem"]


@pytest.mark.parametrize(
    ("listen", "url"),
    [
        ("8899", "http://127.0.0.1:8899"),
        ("0.0.0.0:1", "http://127.0.0.1:1"),
        ("[::1]:2", "http://[::1]:2"),
        ("[::]:3", "http://[::1]:3"),
    ],
)
def test_clients_are_sent_where_the_gate_listens(listen: str, url: str) -> None:
    """The address is one that a client can connect to."""
    variables = variables_for(Settings(listen=listen), "/b", proxy=True)
    assert variables["HTTPS_PROXY"] == variables["https_proxy"] == url
    assert "localhost" in variables["NO_PROXY"]


LAYOUTS: dict[str, tuple[str, str, str]] = {
    "Debian": ("usr/local/share/ca-certificates", "usr/sbin/update-ca-certificates", ""),
    "openSUSE": ("etc/pki/trust/anchors", "usr/sbin/update-ca-certificates", ""),
    "Fedora": ("etc/pki/ca-trust/source/anchors", "usr/bin/update-ca-trust", "extract"),
    "Arch": ("etc/ca-certificates/trust-source/anchors", "usr/bin/update-ca-trust", ""),
}
_TOOL = """#!/bin/sh
echo "$0 $*" >> {0}
"""


@pytest.fixture
def image(tmp_path: Path) -> Callable[[str], Path]:
    def made(layout: str) -> Path:
        folder = tmp_path / layout
        anchors, tool, _ = LAYOUTS[layout]
        (folder / anchors).mkdir(parents=True)
        laid(folder, {tool: _TOOL.format("/ran"), "etc/environment": "A=1\n", "etc/crontab": "x"})
        (folder / tool).chmod(0o755)
        return folder

    return made


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_layout_of_a_system_is_found_by_what_is_there(
    outgate: Runs, image: Callable[[str], Path], layout: str
) -> None:
    """The root is laid where that system looks, and its own tool is to take it up; removal leaves
    the image as it was.
    """
    folder = image(layout)
    before = seen(folder)
    anchors, tool, argument = LAYOUTS[layout]
    done = outgate("trust", "install", "--system", "--root", str(folder))
    # chroot finds no shell for the tool in this image: told, and the rest is done.
    assert done.code == 1
    assert f"run     /{tool} {argument}".rstrip() in done.out
    [root] = (folder / anchors).iterdir()
    assert b"BEGIN CERTIFICATE" in root.read_bytes()
    assert "SSL_CERT_FILE" in (folder / "etc/environment").read_text()
    status = outgate("trust", "status", "--system", "--root", str(folder), "--json")
    told = {row["place"]: row["state"] for row in json.loads(status.out)}
    assert told[f"/{anchors}"] == "out of date", "laid, but not taken up"
    assert told["/etc/environment"] == "there"
    outgate("trust", "remove", "--system", "--root", str(folder))
    assert seen(folder) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("install", "--system", "--root", "nowhere"),
        ("install", "--system", "--root", "."),
        ("install", "--user", "--certificate", "nowhere.pem"),
        ("install", "--user", "--certificate", "/etc/passwd"),
        ("status", "--certificate", "/etc/passwd"),
    ],
)
def test_wrong_use_is_one_line_and_changes_nothing(
    outgate: Runs, person: Path, arguments: tuple[str, ...]
) -> None:
    """What cannot be done is said with what to do, and nothing is written."""
    done = outgate("trust", *arguments)
    assert done.code == 2
    assert done.line
    assert not seen(person)
