"""Property lists of launchd (macOS), as XML or binary."""

import plistlib
from collections.abc import Iterator, Mapping
from typing import Any
from xml.parsers.expat import ExpatError

from core.scanned import StartedBy
from inventory.commands import of_words


class _Launchd:
    kind = "launchd"
    endings: tuple[str, ...] = (".plist",)
    folders: tuple[str, ...] = ()

    def wants(self, folder: str, name: str) -> bool:
        return name.endswith(".plist") and folder.endswith(("/LaunchAgents", "/LaunchDaemons"))

    def read(self, path: str, text: str) -> Iterator[StartedBy]:
        job = _job(text)
        words = [word for word in job.get("ProgramArguments") or () if isinstance(word, str)]
        program = job.get("Program")
        if isinstance(program, str):
            words = [program, *words[1:]]
        folder, account = job.get("WorkingDirectory"), job.get("UserName")
        for started in of_words(words, folder if isinstance(folder, str) else None):
            yield StartedBy(
                kind=self.kind,
                file=path,
                when=_when(job),
                account=account if isinstance(account, str) else None,
                target=started.target,
                interpreter=started.interpreter,
                folder=started.folder,
                enabled=job.get("Disabled") is not True,
            )


def _job(text: str) -> Mapping[str, Any]:
    try:
        found = plistlib.loads(text.encode("utf-8", "surrogateescape"))
    except (
        ValueError,
        ExpatError,
        plistlib.InvalidFileException,
        RecursionError,
        OverflowError,
        KeyError,
    ):
        return {}
    return found if isinstance(found, dict) else {}


def _when(job: Mapping[str, Any]) -> str:
    calendar = job.get("StartCalendarInterval")
    entries = calendar if isinstance(calendar, list) else [calendar]
    told = [_moment(entry) for entry in entries if isinstance(entry, dict)]
    if isinstance(job.get("StartInterval"), int):
        told.append(f"every {job['StartInterval']} s")
    if job.get("WatchPaths"):
        told.append("when a file changes")
    if job.get("RunAtLoad") is True or job.get("KeepAlive"):
        told.append("at start")
    return ", ".join(told) or "when asked for"


def _moment(entry: Mapping[str, Any]) -> str:
    return " ".join(f"{name} {value}" for name, value in entry.items() if isinstance(value, int))


READER = _Launchd()
