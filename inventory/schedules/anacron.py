"""anacron's table: period in days, delay, name of the job, command."""

from collections.abc import Iterator

from core.scanned import StartedBy
from core.vocabulary.sizes import counted
from inventory.commands import started_by

_PERIODS = {
    "1": "daily",
    "7": "weekly",
    "30": "monthly",
    "@daily": "daily",
    "@weekly": "weekly",
    "@monthly": "monthly",
}


class _Anacron:
    kind = "anacron"
    endings: tuple[str, ...] = ("anacrontab",)
    folders: tuple[str, ...] = ()

    def wants(self, folder: str, name: str) -> bool:
        return name == "anacrontab"

    def read(self, path: str, text: str) -> Iterator[StartedBy]:
        for line in text.splitlines():
            words = line.split(None, 3)
            if len(words) < 4 or line.lstrip().startswith("#") or not words[1].isdecimal():
                continue
            for started in started_by(words[3]):
                yield StartedBy(
                    kind=self.kind,
                    file=path,
                    when=_PERIODS.get(words[0]) or _every(words[0]),
                    account="root",
                    target=started.target,
                    interpreter=started.interpreter,
                    folder=started.folder,
                )


def _every(days: str) -> str:
    return f"every {counted(int(days), 'day')}" if days.isdecimal() and len(days) < 6 else days


READER = _Anacron()
