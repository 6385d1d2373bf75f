"""Jobs of `at` and `batch`: shell scripts with the environment of who asked, and the command at
their end.

The file's name tells when: a letter for the queue, five hex digits for the number, eight for the
minute since 1970.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from core.scanned import StartedBy
from inventory.commands import started_by

_FOLDERS = ("/atjobs", "/spool/at", "/at/jobs", "/cron/atspool")
_NAME = 14


class _AtJobs:
    kind = "at"
    endings: tuple[str, ...] = ()
    folders: tuple[str, ...] = _FOLDERS

    def wants(self, folder: str, name: str) -> bool:
        return folder.endswith(_FOLDERS) and not name.startswith(".")

    def read(self, path: str, text: str) -> Iterator[StartedBy]:
        account, folder, at_environment = None, None, True
        known: dict[str, str] = {}
        for line in text.splitlines():
            words = line.split()
            if at_environment and _is_environment(line):
                name, _, value = line.partition("=")
                known[name] = value.rpartition(";")[0].replace("\\", "").strip("'\"")
            if line.startswith("# mail ") and len(words) > 2:
                account = words[2]
            elif line.startswith("cd ") and len(words) > 1 and at_environment:
                folder = words[1].replace("\\", "")
            elif (
                line.startswith(("#", "umask "))
                or _is_environment(line)
                or line in {"}", ""}
                or line.lstrip().startswith(("echo 'Execution", "exit 1"))
            ):
                continue
            else:
                at_environment = False
                for started in started_by(line, folder, known):
                    yield StartedBy(
                        kind=self.kind,
                        file=path,
                        when=_time_of(path.rpartition("/")[2]),
                        account=account,
                        target=started.target,
                        interpreter=started.interpreter,
                        folder=started.folder,
                    )


def _is_environment(line: str) -> bool:
    name, _, rest = line.partition("=")
    return name.isidentifier() and "export " in rest


def _time_of(name: str) -> str:
    try:
        at = datetime.fromtimestamp(int(name[6:_NAME], 16) * 60, UTC)
    except (ValueError, OverflowError, OSError):
        return "once"
    return f"once, {at:%Y-%m-%d %H:%M} UTC" if len(name) == _NAME else "once"


READER = _AtJobs()
