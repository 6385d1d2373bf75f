"""Who is at the keyboard."""

import getpass

from core.errors import SettingsError


def reviewer() -> str:
    """Return the name that review events are signed with: the operating system's user.

    Raises SettingsError.
    """
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError) as error:
        raise SettingsError(
            "Cannot tell which user this is.", remedy="Set the environment variable USER."
        ) from error
