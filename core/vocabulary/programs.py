"""Programs by name: which belong to an office, and what starts others by a schedule."""

SCHEDULERS = frozenset(("cron", "anacron", "at", "systemd-timer", "task-scheduler", "launchd"))
"""As `started_by` of a sender tells them."""
_OFFICE = (
    "soffice",
    "libreoffice",
    "localc",
    "lowriter",
    "excel",
    "winword",
    "powerpnt",
    "msaccess",
    "outlook",
    "gnumeric",
    "numbers",
)


def is_office(name: str) -> bool:
    """Return whether a program of this name belongs to an office suite."""
    folded = name.casefold()
    return any(word in folded for word in _OFFICE)
