"""Who is at the keyboard: by the kernel's word, for variables are anybody's to set."""

import getpass
import os

from core.errors import SettingsError

UNKNOWN_HERE = 65_534
"""As whose all users show that are not known in a namespace: root as well, in a seal."""
_SERVICE = "outgate"
"""The user of the service, as whom reviewers act by sudo."""


def reviewer() -> str:
    """Return the name that review events are signed with: the operating system's user, or whoever
    became the service's user, or root, by sudo.

    Raises SettingsError.
    """
    try:
        name = _user()
    except (OSError, KeyError, ImportError) as error:
        raise SettingsError(
            "Cannot tell which user this is.", remedy="Set the environment variable USER."
        ) from error
    by_sudo = os.environ.get("SUDO_USER", "")
    return by_sudo if by_sudo and name in {_SERVICE, "root"} else name


def is_service() -> bool:
    """Return whether this is the user of the service: the gate, or who acts as it by sudo."""
    return os.name == "posix" and _user() == _SERVICE


def _user() -> str:
    if os.name != "posix":
        return getpass.getuser()
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"
