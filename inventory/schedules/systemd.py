"""Units of systemd: what a service starts, and the timer that starts the service, each with the
pieces that were put over it (`job.service.d/*.conf`).
"""

# paths as a unit file spells them
# ruff: noqa: PTH119, PTH120, PTH204

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from attribution.plain_files import text_of
from core.scanned import StartedBy
from inventory.commands import Started, started_by
from inventory.unit_specifiers import environment, filled, specifiers

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
_LEVELS = ("etc", "run", "usr/local/lib", "usr/lib", "lib", ".config")
"""Where units of one machine or user lie, the one that prevails first."""
_MOST_PIECES, _MOST_TIMERS = 32, 500
_PREFIXES = "@-:+!|"
_STAMPS = "/var/lib/systemd/timers"


type Timer = tuple[str, dict[str, list[str]], str]
"""Its file, what stands in it, and the unit that it starts."""


class _Systemd:
    kind = "systemd"
    endings: tuple[str, ...] = (".service",)
    folders: tuple[str, ...] = ()

    def wants(self, folder: str, name: str) -> bool:
        return name.endswith(".service")

    def read(self, path: str, text: str) -> Iterator[StartedBy]:
        folders, name = _folders(os.path.dirname(path)), os.path.basename(path)
        unit = _values("\n".join((text, *_pieces(folders, name))))
        timers = list(_timers(folders, name)) or [(path, {}, name)]
        for file, timer, runs in timers:
            for started in _started(unit, specifiers(path, runs)):
                yield StartedBy(
                    kind="systemd timer" if timer else "systemd service",
                    file=file,
                    when=_when(timer, unit),
                    account=_last(unit, "User"),
                    target=started.target,
                    interpreter=started.interpreter,
                    folder=started.folder,
                    last_run=_stamp(file.removesuffix(".timer")) if timer else None,
                )


def _started(unit: dict[str, list[str]], meanings: Mapping[str, str]) -> Iterator[Started]:
    folder = _last(unit, "WorkingDirectory")
    folder = None if folder is None else filled(folder.removeprefix("-"), meanings)
    known = environment(filled(line, meanings) for line in unit.get("Environment", ()))
    for name in sorted(_STARTS & unit.keys()):
        for command in unit[name]:
            line = command.lstrip(_PREFIXES)
            if "@" in command[: len(command) - len(line)]:  # the second word is a name for show
                words = line.split(None, 2)
                line = " ".join((*words[:1], *words[2:]))
            yield from started_by(filled(line, meanings), folder, known)


def _folders(own: str) -> tuple[str, ...]:
    """Return where units and their pieces lie beside those of this folder."""
    head, sign, kind = own.rpartition("/systemd/")
    level = next((one for one in _LEVELS if f"/{head}".endswith(f"/{one}")), None)
    if not sign or level is None:
        return (own,)
    root = head.removesuffix(level)
    return tuple(f"{root}{one}/systemd/{kind}" for one in _LEVELS)


def _names_in(folder: str, ending: str) -> list[str]:
    try:
        return [name for name in os.listdir(folder) if name.endswith(ending)]  # noqa: PTH208
    except OSError:
        return []


def _pieces(folders: Sequence[str], name: str) -> Iterator[str]:
    """Yield what is put over a unit, in the order of the pieces' names; of two of one name the one
    in the folder that prevails.
    """
    places: dict[str, str] = {}
    for folder in folders:
        for piece in _names_in(f"{folder}/{name}.d", ".conf"):
            places.setdefault(piece, f"{folder}/{name}.d/{piece}")
    for piece in sorted(places)[:_MOST_PIECES]:
        yield text_of(places[piece], _MOST).decode("utf-8", "replace")


def _timers(folders: Sequence[str], service: str) -> Iterator[Timer]:
    """Yield the timers that start a service: of its name, or by `Unit=`; of a template, for any
    instance.
    """
    known: set[str] = set()
    for folder in folders:
        for name in sorted(_names_in(folder, ".timer"))[:_MOST_TIMERS]:
            if name in known:
                continue
            known.add(name)
            text = text_of(f"{folder}/{name}", _MOST).decode("utf-8", "replace")
            timer = _values("\n".join((text, *_pieces(folders, name))))
            starts = _last(timer, "Unit") or f"{name.removesuffix('.timer')}.service"
            if timer and service in {starts, _template(starts)}:
                yield f"{folder}/{name}", timer, starts


def _template(unit: str) -> str:
    """Return the template of an instance: `job@daily.service` is one of `job@.service`."""
    name, sign, rest = unit.partition("@")
    return f"{name}@.{rest.rpartition('.')[2]}" if sign else unit


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
