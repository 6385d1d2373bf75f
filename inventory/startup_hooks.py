"""What runs whenever an interpreter starts: lines of `.pth` files, `sitecustomize` and
`usercustomize`, the file that PYTHONSTARTUP names; each with the distribution that lists it as its
own.
"""

# paths by the thousand, as the walk found them
# ruff: noqa: PTH118, PTH119, PTH208

import ast
import os
import warnings
from collections.abc import Iterator, Sequence

from attribution.plain_files import text_of
from core.scanned import StartupHook
from inventory.environments import listed_path

_MOST = 1 << 20
_MOST_RECORD = 4 << 20
_CUSTOM = ("sitecustomize.py", "usercustomize.py", "sitecustomize.pyc", "usercustomize.pyc")
_SHELL_FILES = frozenset(
    (
        ".bashrc .bash_profile .bash_login .profile .zshrc .zprofile .zshenv .zlogin .kshrc "
        ".cshrc .tcshrc .xprofile .pam_environment bash.bashrc zshrc zshenv profile "
        "environment config.fish"
    ).split()
)
_BUILDS = (
    "exec( eval( compile( base64 b64decode zlib marshal fromhex urlopen urllib requests "
    "socket subprocess os.system popen __import__( codecs.decode rot13 ctypes"
).split()


def wants(folder: str, name: str) -> bool:
    """True for a file in which a shell is told what to set."""
    if name in _SHELL_FILES:
        return True
    return folder.endswith(("/profile.d", "/environment.d", "/conf.d")) and name.endswith(
        (".sh", ".conf", ".fish")
    )


def in_package_folder(folder: str) -> Iterator[StartupHook]:
    """Yield the hooks of one `site-packages`, or of the modules of an interpreter."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return
    hooks = [name for name in names if name.endswith((".pth", ".start")) or name in _CUSTOM]
    if not hooks:
        return
    owners = _owners(folder, names)
    for name in hooks:
        path = os.path.join(folder, name)
        text = text_of(path, _MOST).decode("utf-8", "replace")
        if name in _CUSTOM:
            yield _hook(name.partition(".")[0], path, None, owners.get(name), text)
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if _runs(name, line):
                yield _hook(
                    ".pth line" if name.endswith(".pth") else ".start line",
                    path,
                    number,
                    owners.get(name),
                    line,
                )


def _runs(name: str, line: str) -> bool:
    """True for a line that is run: in `.pth` files those that begin with `import`, in `.start`
    files all.
    """
    if name.endswith(".pth"):
        return line.startswith(("import ", "import\t"))
    return bool(line.strip()) and not line.startswith("#")


def custom_file(path: str) -> StartupHook | None:
    """Return the hook that a file anywhere is by its name: a search path may lead to it."""
    name = os.path.basename(path)
    if name not in _CUSTOM:
        return None
    return _hook(
        name.partition(".")[0], path, None, None, text_of(path, _MOST).decode("utf-8", "replace")
    )


def in_shell_file(path: str, text: str) -> Iterator[StartupHook]:
    """Yield what a shell's start-up file sets PYTHONSTARTUP to."""
    for number, line in enumerate(text.splitlines(), 1):
        before, sign, value = line.partition("PYTHONSTARTUP")
        if (
            not sign
            or before.lstrip().startswith("#")
            or before.strip() not in {"", "export", "setenv", "set -x", "set -gx"}
        ):
            continue
        named = value.lstrip("= ").strip().strip("\"'").partition(";")[0].strip()
        if named:
            yield StartupHook(
                kind="PYTHONSTARTUP", file=path, line=number, owner=None, imports=(named,)
            )


def _hook(kind: str, path: str, line: int | None, owner: str | None, text: str) -> StartupHook:
    return StartupHook(
        kind=kind,
        file=path,
        line=line,
        owner=owner,
        imports=_imports(text),
        builds_code=any(sign in text for sign in _BUILDS),
    )


def _imports(text: str) -> tuple[str, ...]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text[:65_536])
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    names: dict[str, None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update((alias.name.partition(".")[0], None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names[node.module.partition(".")[0]] = None
    return tuple(names)[:20]


def _owners(folder: str, names: Sequence[str]) -> dict[str, str]:
    """Return which distribution lists which file at the top of a package folder."""
    found: dict[str, str] = {}
    for name in names:
        if not name.endswith(".dist-info"):
            continue
        called = " ".join(name.removesuffix(".dist-info").split("-", 1))
        record = text_of(os.path.join(folder, name, "RECORD"), _MOST_RECORD).decode(
            "utf-8", "replace"
        )
        for line in record.splitlines():
            path = listed_path(line)
            if "/" not in path:
                found[path] = called
    return found
