"""Where programs get their environment from: the files of a machine, or of one user, in which a
block of variables reaches shells, services of a user, notebooks, editors and scheduled jobs.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from certs.placing.tree import Tree
from core.errors import InputError

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:@+,=- *[]")


class Form(StrEnum):
    """How variables are written there."""

    SHELL = "shell"
    FISH = "fish"
    ASSIGNMENTS = "assignments"
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One file, and whom what stands there reaches."""

    path: str
    form: Form
    reaches: str
    at_start: bool = False
    owner: str = ""
    """In JSON: the member that holds variables."""


_KERNELS = "/share/jupyter/kernels"
_EDITORS = (
    "Code/User",
    "Code - OSS/User",
    "Code - Insiders/User",
    "VSCodium/User",
    "Cursor/User",
    "Windsurf/User",
)
_REMOTES = (".vscode-server", ".cursor-server")
_TERMINAL = "terminal.integrated.env.linux"


def machine_places(tree: Tree) -> Iterator[Place]:
    """Yield the places for all users of a machine, as far as what reads them is there."""
    yield Place(
        path="/etc/environment",
        form=Form.ASSIGNMENTS,
        reaches="sessions of all users, and cron where it asks PAM",
    )
    yield Place(path="/etc/profile.d/outgate.sh", form=Form.SHELL, reaches="login shells")
    if tree.is_folder("/etc/zsh"):
        yield Place(path="/etc/zsh/zshenv", form=Form.SHELL, reaches="zsh")
    if tree.is_folder("/etc/fish"):
        yield Place(path="/etc/fish/conf.d/outgate.fish", form=Form.FISH, reaches="fish")
    if tree.is_folder("/etc/systemd") or tree.is_folder("/usr/lib/systemd"):
        yield Place(
            path="/etc/environment.d/90-outgate.conf",
            form=Form.ASSIGNMENTS,
            reaches="desktops and services of users (systemd --user)",
        )
    if tree.is_file("/etc/crontab"):
        yield Place(
            path="/etc/crontab",
            form=Form.ASSIGNMENTS,
            reaches="the machine's crontab",
            at_start=True,
        )
    yield from _kernels(tree, ("/usr/share/jupyter/kernels", "/usr/local/share/jupyter/kernels"))


def user_places(
    tree: Tree, home: str, environment: Mapping[str, str], prefixes: tuple[str, ...] = ()
) -> Iterator[Place]:
    """Yield the places of one user. `prefixes`: environments whose notebook kernels count, too."""
    yield from _shells(tree, home)
    config = environment.get("XDG_CONFIG_HOME") or f"{home}/.config"
    if tree.is_folder("/etc/systemd") or tree.is_folder("/usr/lib/systemd"):
        yield Place(
            path=f"{config}/environment.d/90-outgate.conf",
            form=Form.ASSIGNMENTS,
            reaches="the desktop and the user's services (systemd --user)",
        )
    data = environment.get("XDG_DATA_HOME") or f"{home}/.local/share"
    own = environment.get("JUPYTER_DATA_DIR") or f"{data}/jupyter"
    more = [p for p in environment.get("JUPYTER_PATH", "").split(":") if p.startswith("/")]
    folders = [f"{own}/kernels", *(f"{p}/kernels" for p in more)]
    yield from _kernels(tree, folders)
    yield from kernels_below(tree, prefixes)
    yield from _editors(tree, home, config)


def _shells(tree: Tree, home: str) -> Iterator[Place]:
    first = [n for n in (".bash_profile", ".bash_login") if tree.is_file(f"{home}/{n}")]
    for name in (*first, ".profile"):
        yield Place(path=f"{home}/{name}", form=Form.SHELL, reaches="login shells")
    if tree.is_file(f"{home}/.bashrc"):
        # Debian's own ends early where nobody types, such as for `ssh HOST command`.
        yield Place(
            path=f"{home}/.bashrc", form=Form.SHELL, reaches="bash in terminals", at_start=True
        )
    if any(tree.is_file(f"{home}/{n}") for n in (".zshenv", ".zshrc", ".zprofile")):
        yield Place(path=f"{home}/.zshenv", form=Form.SHELL, reaches="zsh")
    if tree.is_folder(f"{home}/.config/fish"):
        yield Place(path=f"{home}/.config/fish/conf.d/outgate.fish", form=Form.FISH, reaches="fish")


def kernels_below(tree: Tree, prefixes: Iterable[str]) -> Iterator[Place]:
    """Yield the kernels that are installed in these environments."""
    yield from _kernels(tree, [f"{prefix}{_KERNELS}" for prefix in prefixes])


def _kernels(tree: Tree, folders: Iterable[str]) -> Iterator[Place]:
    for folder in dict.fromkeys(folders):
        for name in tree.names(folder):
            path = f"{folder}/{name}/kernel.json"
            if tree.is_file(path):
                yield Place(
                    path=path, form=Form.JSON, owner="env", reaches="a kernel for notebooks"
                )


def _editors(tree: Tree, home: str, config: str) -> Iterator[Place]:
    folders = [f"{config}/{name}" for name in _EDITORS]
    folders += [f"{home}/{name}/data/Machine" for name in _REMOTES]
    for folder in folders:
        if tree.is_folder(folder):
            yield Place(
                path=f"{folder}/settings.json",
                form=Form.JSON,
                owner=_TERMINAL,
                reaches=f"terminals in {PurePosixPath(folder).parent.name}",
            )


def lines_for(place: Place, variables: Mapping[str, str], bundle: str) -> tuple[str, ...]:
    """Return the lines of the block. Raises InputError for a value that cannot stand there.

    Shells set nothing once the bundle is gone: variables that name no file break every client.
    """
    for value in variables.values():
        if not set(value) <= _PLAIN:
            raise InputError(
                "A path or host for the environment holds signs that shells and services read in"
                " different ways.",
                remedy="Use a folder whose path has letters, digits and ordinary signs only.",
            )
    if place.form is Form.SHELL:
        return (
            f'if [ -r "{bundle}" ]; then',
            *(f'export {name}="{value}"' for name, value in variables.items()),
            "fi",
        )
    if place.form is Form.FISH:
        return (
            f'if test -r "{bundle}"',
            *(f'set -gx {name} "{value}"' for name, value in variables.items()),
            "end",
        )
    return tuple(f'{name}="{value}"' for name, value in variables.items())
