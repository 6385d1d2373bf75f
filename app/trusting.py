"""Trust on this machine, or of this user: what `outgate trust` puts where, from the authority,
settings and places that there are.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.home import Home
from app.settings import Settings, parse_listen
from certs.client_environment import (
    BUNDLE_VARIABLES,
    WGET_VARIABLE,
    client_environment,
    wgetrc_beside,
)
from core.errors import InputError, SettingsError

if TYPE_CHECKING:
    from cryptography import x509

    from certs.placing.os_stores import FileStore
    from certs.placing.places import Place
    from certs.placing.plan import Plan, Write
    from certs.placing.tree import Tree

_PLACED = "/etc/outgate/placed"
_MADE = "# folders made for this file: "
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where a client finds it
_SWITCH = "UV_SYSTEM_CERTS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """For whom: the machine or one user; and what is known there."""

    machine: bool
    tree: "Tree"
    bundle: str
    store: "FileStore | None"
    places: tuple["Place", ...]
    memory: str = _PLACED
    """Where the environments are listed whose kernels were changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How one place is."""

    subject: str
    state: str
    words: str


def scope_of(
    home: Home,
    *,
    machine: bool,
    root: Path | None,
    environments: Sequence[Path] = (),
    public: Path | None = None,
) -> Scope:
    """Return the scope, with the places that there are. Raises SettingsError.

    `public`: where the gate of this machine says what to trust.
    """
    from certs.placing.os_stores import file_store
    from certs.placing.places import machine_places, user_places
    from certs.placing.tree import Tree

    tree = Tree(root or Path("/"))
    if not tree.root.is_dir():
        raise SettingsError(f"There is no folder {root}.", remedy="Check the path after --root.")
    if sys.platform != "linux":
        return Scope(machine=machine, tree=tree, bundle=str(home.bundle), store=None, places=())
    memory = _PLACED if machine else str(home.root / "placed")
    known = [*_remembered(tree, memory), *(str(p.absolute()) for p in environments)]
    if machine:
        from certs.placing.places import kernels_below

        store = file_store(tree)
        bundle = store.bundle if store is not None else ""
        places = (*machine_places(tree), *kernels_below(tree, known))
    else:
        store, bundle = None, str(home.bundle if public is None else public / "bundle.pem")
        places = tuple(user_places(tree, str(Path.home()), os.environ, tuple(known)))
    return Scope(
        machine=machine, tree=tree, bundle=bundle, store=store, places=places, memory=memory
    )


def variables_for(settings: Settings, bundle: str, *, proxy: bool) -> dict[str, str]:
    """Return the variables by which every client in the matrix trusts the authority; with `proxy`,
    those by which it uses the gate, too.
    """
    whole = client_environment(_gate_url(settings), bundle, {}, settings.direct_hosts)
    if not wgetrc_beside(bundle).is_file():  # of the machine's own bundle there is none
        del whole[WGET_VARIABLE]
    if proxy:
        return whole
    names = (*BUNDLE_VARIABLES, WGET_VARIABLE, _SWITCH)
    return {name: whole[name] for name in names if name in whole}


def _gate_url(settings: Settings) -> str:
    host, port = parse_listen(settings.listen)
    host = _EVERYWHERE.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def install_plan(
    scope: Scope,
    roots: Sequence["x509.Certificate"],
    variables: Mapping[str, str],
    environments: Sequence[Path] = (),
) -> "Plan":
    """Return what is to be done. Raises SettingsError where no place for roots is known."""
    from certs.placing.plan import Plan, Run, Write, crontab_in, roots_in, variables_in

    steps: list[Write | Run] = []
    if sys.platform != "linux":
        return _commands(scope, roots, add=True)
    if scope.machine:
        steps += roots_in(scope.tree, _store(scope), roots).steps
    put = variables_in(scope.tree, scope.places, variables, scope.bundle)
    steps += put.steps
    if (listed := _crontab(scope)) is not None:
        steps += crontab_in(listed, variables, _cron_place()).steps
    steps += _remember(scope, environments)
    return Plan(steps=tuple(steps), notes=put.notes)


def remove_plan(scope: Scope, roots: Sequence["x509.Certificate"]) -> "Plan":
    """Return what takes all of it out again."""
    from certs.placing.plan import Plan, Run, Write, crontab_out, roots_out, variables_out

    if sys.platform != "linux":
        return _commands(scope, roots, add=False)
    out = variables_out(scope.tree, scope.places)
    steps: list[Write | Run] = [*out.steps]
    if (listed := _crontab(scope)) is not None:
        steps += crontab_out(listed).steps
    # The roots last: until then variables may name the bundle that holds them.
    if scope.machine and scope.store is not None:
        steps += roots_out(scope.tree, scope.store).steps
    if scope.tree.is_file(scope.memory):
        words = "which environments were changed"
        steps.append(Write(path=scope.memory, after=None, words=words, folders=_folders(scope)))
    return Plan(steps=tuple(steps), notes=out.notes)


def states(
    scope: Scope, roots: Sequence["x509.Certificate"], wanted: Sequence[Mapping[str, str]]
) -> Iterator[Told]:
    """Yield how each place is."""
    from certs.placing.blocks import without_block
    from certs.placing.plan import State, is_taken_up, state_of

    if scope.machine and scope.store is not None:
        laid = {scope.store.path_of(root) for root in roots} <= set(scope.store.ours(scope.tree))
        taken = all(is_taken_up(scope.tree, scope.store, root) for root in roots)
        state = State.THERE if laid and taken and roots else State.MISSING
        words = f"{scope.store.name} trust store"
        if laid and roots and not taken:
            state, words = State.OTHER, f"{words}: laid there, not taken up by the system"
        yield Told(subject=scope.store.anchors, state=state, words=words)
    for place in scope.places:
        state = state_of(scope.tree, place, wanted, scope.bundle)
        yield Told(subject=place.path, state=state, words=place.reaches)
    if (listed := _crontab(scope)) is not None:
        there = without_block(listed).at is not None
        state = State.THERE if there else State.MISSING
        yield Told(subject="crontab", state=state, words="the user's scheduled jobs")


def roots_of(home: Home, public: Path | None) -> list["x509.Certificate"]:
    """Return the roots that clients here are to trust: those of the machine's gate, else those of
    this home's authority. Raises SettingsError.
    """
    from app.machine_gate import published_roots
    from certs.authority import open_authority
    from certs.rotation import trusted_besides

    if public is None:
        return [open_authority(home.authority).root, *trusted_besides(home.authority)]
    try:
        return published_roots(public)
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"What {public} says is to be trusted cannot be read ({type(error).__name__}).",
            remedy="Start the gate again: systemctl restart outgate",
        ) from error


def read_certificates(file: Path) -> list["x509.Certificate"]:
    """Return the roots in a PEM file. Raises InputError."""
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificates(file.read_bytes())
    except OSError as error:
        raise InputError(f"Cannot read {file}: {error.strerror}.") from error
    except ValueError as error:
        raise InputError(
            f"{file} holds no PEM certificate.", remedy="Write one: outgate ca export --out FILE"
        ) from error


def runner(tree: "Tree") -> "SystemPrograms":
    """Return what runs programs of the system, or of the image."""
    return SystemPrograms(None if tree.is_this_machine else tree.root)


@dataclass(frozen=True, slots=True)
class SystemPrograms:
    """Runs a program here, or inside an image by `chroot`."""

    image: Path | None

    def __call__(self, command: Sequence[str], stdin: bytes | None = None) -> tuple[int, bytes]:
        """Return its exit code and what it printed; 127 where it is not there."""
        inside = [] if self.image is None else ["chroot", str(self.image)]
        try:
            done = subprocess.run(
                [*inside, *command],
                input=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
                timeout=300,
            )
        except subprocess.TimeoutExpired:
            return 124, b"it did not end within 300 s"
        except OSError as error:
            return 127, (error.strerror or "it cannot be run").encode()
        return done.returncode, done.stdout


def _store(scope: Scope) -> "FileStore":
    if scope.store is None:
        raise SettingsError(
            "No trust store of a layout that Outgate knows is here (Debian, Fedora, Arch,"
            " openSUSE).",
            remedy="Install the package ca-certificates, or lay the root there by hand.",
        )
    return scope.store


def _commands(scope: Scope, roots: Sequence["x509.Certificate"], *, add: bool) -> "Plan":
    """Not run by us: for platforms whose stores only programs change."""
    from certs.placing.os_stores import COMMAND_STORES
    from certs.placing.plan import Plan, Run

    store = COMMAND_STORES.get(sys.platform)
    if store is None:
        raise SettingsError(f"Outgate knows no trust store of {sys.platform}.")
    named = Path(scope.bundle).with_name("root.pem")
    commands = [
        store.add(str(named), machine=scope.machine)
        if add
        else store.take_out(root, machine=scope.machine)
        for root in roots
    ]
    note = "This platform's commands are written from its manual and were not run by us."
    steps = tuple(Run(command=tuple(c), words="the system's trust store") for c in commands)
    return Plan(steps=steps, notes=(note,))


def _crontab(scope: Scope) -> bytes | None:
    """Return the user's crontab; None where there is none to speak of."""
    from certs.placing.plan import CRONTAB

    if scope.machine or not scope.tree.is_this_machine:
        return None
    code, listed = runner(scope.tree)(CRONTAB)
    return listed if code == 0 and listed.strip() else None


def _cron_place() -> "Place":
    from certs.placing.places import Form, Place

    return Place(path="crontab", form=Form.ASSIGNMENTS, reaches="cron", at_start=True)


def _remembered(tree: "Tree", memory: str) -> list[str]:
    try:
        content = tree.read(memory) or b""
    except OSError:
        return []
    return [line for line in content.decode("utf-8", "replace").splitlines() if line[:1] == "/"]


def _remember(scope: Scope, environments: Sequence[Path]) -> list["Write"]:
    from certs.placing.plan import Write

    known = _remembered(scope.tree, scope.memory)
    more = list(dict.fromkeys([*known, *(str(p.absolute()) for p in environments)]))
    if more == known:
        return []
    folders = _folders(scope) if known else scope.tree.missing_folders(scope.memory)
    content = "\n".join([f"{_MADE}{folders}", *more, ""]).encode()
    return [Write(path=scope.memory, after=content, words="so that removal finds them again")]


def _folders(scope: Scope) -> int:
    """Return how many folders were made for the memory."""
    first = (scope.tree.read(scope.memory) or b"").decode("utf-8", "replace").partition("\n")[0]
    count = first.removeprefix(_MADE)
    return int(count) if count in {"0", "1", "2", "3", "4"} else 0
