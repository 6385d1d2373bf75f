"""Tables of cron: the machine's (with a user in each line), of `cron.d`, and each user's own."""

import posixpath
from collections.abc import Iterator

from core.scanned import StartedBy
from inventory.commands import started_by

_FIELDS = 5
_NAMED = frozenset(
    "@reboot @yearly @annually @monthly @weekly @daily @midnight @hourly @every_minute".split()
)
_OF_USERS = ("/crontabs", "/spool/cron", "/cron/tabs")
_NO_TABLES = frozenset({".placeholder", "README"})


class _Crontab:
    kind = "cron"
    endings: tuple[str, ...] = ("crontab",)
    folders: tuple[str, ...] = ("/cron.d", *_OF_USERS)

    def wants(self, folder: str, name: str) -> bool:
        if name in _NO_TABLES:
            return False
        return (
            folder.endswith(("/cron.d", *_OF_USERS))
            or name == "crontab"
            or name.endswith(".crontab")
        )

    def read(self, path: str, text: str) -> Iterator[StartedBy]:
        folder, name = posixpath.split(path.replace("\\", "/"))
        of_machine = folder.endswith(("/cron.d", "/etc"))
        owner = name if folder.endswith(_OF_USERS) else None
        known = {"HOME": "~"}
        for line in text.splitlines():
            when, account, command = _parts(line.strip(), with_user=of_machine)
            if command is None:
                known |= _variable(line)
                continue
            for started in started_by(command, known["HOME"], known):
                yield StartedBy(
                    kind=self.kind,
                    file=path,
                    when=when,
                    account=account or owner,
                    target=started.target,
                    interpreter=started.interpreter,
                    folder=started.folder,
                )


def _parts(line: str, *, with_user: bool) -> tuple[str, str | None, str | None]:
    """Return when, who and what; nothing for comments, assignments and what is no entry."""
    count = 1 if line.split(" ")[0].split("\t")[0] in _NAMED else _FIELDS
    words = line.split(None, count + with_user)
    if not line or line.startswith("#") or len(words) < count + with_user + 1:
        return "", None, None
    if count == _FIELDS and not all(_is_time(word) for word in words[:count]):
        return "", None, None
    command = words[-1].replace("\\%", "\0").partition("%")[0].replace("\0", "%")
    return " ".join(words[:count]), words[count] if with_user else None, command


def _variable(line: str) -> dict[str, str]:
    """Return what a line sets for those behind it: cron takes the value as it stands."""
    name, sign, value = line.partition("=")
    name, value = name.strip().strip("'\""), value.strip().strip("'\"")
    return {name: value} if sign and name.isidentifier() else {}


def _is_time(word: str) -> bool:
    return bool(word) and all(sign.isalnum() or sign in "*/,-~?#" for sign in word)


READER = _Crontab()
