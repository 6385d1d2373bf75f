"""Which program is a Python interpreter, by its name (pure)."""

import re

_PYTHON = re.compile(
    r"(?:python|pythonw|pypy|graalpy|micropython|ironpython|ipy)[0-9.]*t?d?(?:-(?:intel64|arm64|dbg))?(?:\.exe)?",
    re.IGNORECASE,
)
_NOT_PYTHON = frozenset(
    "bash sh dash zsh fish ksh tcsh csh busybox systemd init sshd login su sudo tmux screen curl"
    " wget git node npm deno bun java ruby perl php rclone aws-c docker containerd"
    " containerd-shim-runc-v2 dockerd tini dumb-init cron crond atd anacron uv uvx pixi xterm kitty"
    " alacritty gnome-terminal-server konsole claude codex make go cargo env timeout nohup xargs"
    " ssh openssl ncat nc socat".split()
)


def base_name(path: str) -> str:
    """Return the last part of a POSIX or Windows path."""
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2]


def is_python_program(path: str) -> bool:
    """True when the program file is named like a Python interpreter (any version, implementation or
    OS).
    """
    return _PYTHON.fullmatch(base_name(path)) is not None


def is_plainly_not_python(path: str) -> bool:
    """True for well-known programs that never hold an interpreter, so that their memory map need
    not be read.
    """
    return base_name(path) in _NOT_PYTHON


def is_other_python(path: str) -> bool:
    """True for implementations that are not built on CPython's core, by name."""
    name = base_name(path).lower()
    return name.startswith(("graalpy", "micropython", "ironpython", "ipy"))


def is_interpreter_name(word: str) -> bool:
    """True when the first word of a command line may be what an interpreter was called by."""
    return is_python_program(word.removeprefix("-")) or base_name(word).lower() in _LAUNCHERS


_LAUNCHERS = frozenset({"py", "py.exe", "pyw", "pyw.exe"})
