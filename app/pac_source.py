"""Where this machine's proxy auto-configuration file (PAC) is, and what it says."""

import shutil
import subprocess
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from core.errors import InputError
from core.text import printable

_MOST = 1 << 20
_PATIENCE_S = 5.0
_GNOME = ("gsettings", "get", "org.gnome.system.proxy", "autoconfig-url")


def pac_source(environment: Mapping[str, str]) -> str | None:
    """Return the address that the user's environment or desktop (GNOME) names; None where none
    does.
    """
    for name in ("auto_proxy", "AUTO_PROXY"):
        if environment.get(name, "").strip():
            return environment[name].strip()
    if shutil.which(_GNOME[0]) is None:
        return None
    try:
        done = subprocess.run(
            _GNOME, capture_output=True, text=True, timeout=_PATIENCE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip().strip("'") or None if done.returncode == 0 else None


def fetched(source: str) -> str:
    """Return the text of the file at this path or URL, asked for directly. Raises InputError."""
    try:
        parts = urlsplit(source)
        if parts.scheme in {"http", "https"}:
            content = _asked(source)
        else:
            path = parts.path if parts.scheme == "file" else source
            with Path(path).open("rb") as file:
                content = file.read(_MOST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise InputError(
            f"The proxy configuration at {shown(source)} cannot be read: {reason}.",
            remedy="Check the address, or name a file: outgate doctor --pac FILE",
        ) from error
    if len(content) > _MOST:
        raise InputError(f"The proxy configuration at {shown(source)} is larger than 1 MB.")
    return content.decode("utf-8", "replace")


def shown(source: str) -> str:
    """Return an address for people, without credentials."""
    scheme, mark, rest = source.rpartition("://")
    return printable(f"{scheme}{mark}{rest.rpartition('@')[2] if mark else rest}", 200)


def _asked(url: str) -> bytes:
    # The gate is not asked: what it should do is what is being looked for.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=_PATIENCE_S) as answer:
        content: bytes = answer.read(_MOST + 1)
    return content
