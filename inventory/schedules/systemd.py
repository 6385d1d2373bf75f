"""Units of systemd: what a service starts, and the timer of the same name that
starts the service.
"""

# paths as a unit file spells them
# ruff: noqa: PTH204

import os
from collections.abc import Iterator
from datetime import UTC, datetime

from attribution.plain_files import text_of
from core.scanned import StartedBy
from inventory.commands import started_by

_MOST = 1 << 16
_STARTS = frozenset(
    {"ExecStart", "ExecStartPre", "ExecStartPost", "ExecReload", "ExecStop", "ExecCondition"}
)
_TIMES = (
    "OnCalendar",
    "OnBootSec",
    "OnStartupSec",
    "OnUnitActiveSec",
    "OnUnitInactiveSec",
    "OnActiveSec",
)
_STAMPS = "/var/lib/systemd/timers"


class _Systemd:
    kind = "systemd"
    endings: tuple[str, ...] = (".service",)
    folders: tuple[str, ...] = ()

    def wants(self, folder: str, name: str) -> bool:
        return name.endswith(".service")

    def read(self, path: str, text: str) -> Iterator[StartedBy]:
        unit = _values(text)
        stem = path.removesuffix(".service")
        timer = _values(text_of(f"{stem}.timer", _MOST).decode("utf-8", "replace"))
        folder = _last(unit, "WorkingDirectory")
        for name in _STARTS & unit.keys():
            for command in unit[name]:
                for started in started_by(command.lstrip("@-:+!|"), folder):
                    yield StartedBy(
                        kind="systemd timer" if timer else "systemd service",
                        file=f"{stem}.timer" if timer else path,
                        when=_when(timer, unit),
                        account=_last(unit, "User"),
                        target=started.target,
                        interpreter=started.interpreter,
                        last_run=_stamp(stem) if timer else None,
                    )


def _values(text: str) -> dict[str, list[str]]:
    """Return the settings of all sections; an empty value takes back those before it."""
    found: dict[str, list[str]] = {}
    for line in text.replace("\\\n", " ").splitlines():
        name, sign, value = line.partition("=")
        if not sign or line.lstrip().startswith(("#", ";")):
            continue
        if value.strip():
            found.setdefault(name.strip(), []).append(value.strip())
        else:
            found.pop(name.strip(), None)
    return found


def _last(unit: dict[str, list[str]], name: str) -> str | None:
    return unit[name][-1] if name in unit else None


def _when(timer: dict[str, list[str]], unit: dict[str, list[str]]) -> str:
    times = [
        f"{name.removeprefix('On')} {value}" for name in _TIMES for value in timer.get(name, ())
    ]
    if times:
        return ", ".join(times).removeprefix("Calendar ")
    return (
        f"restarted {unit['Restart'][-1]}"
        if "Restart" in unit
        else "when the machine or a person starts it"
    )


def _stamp(stem: str) -> datetime | None:
    """Return when a persistent timer last went off, by the stamp that systemd keeps below the same
    root.
    """
    root, sign, _ = stem.partition("/etc/systemd")
    stamp = f"{root if sign else ''}{_STAMPS}/stamp-{stem.rpartition('/')[2]}.timer"
    try:
        return datetime.fromtimestamp(os.path.getmtime(stamp), UTC)
    except OSError:
        return None


READER = _Systemd()
