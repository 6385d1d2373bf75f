"""Programs that lie in `cron.hourly` and its like: the folder is their schedule."""

from collections.abc import Iterator

from core.scanned import StartedBy

_FOLDERS = ("/cron.hourly", "/cron.daily", "/cron.weekly", "/cron.monthly", "/cron.yearly")


class _CronFolders:
    kind = "cron"
    endings: tuple[str, ...] = ()
    folders: tuple[str, ...] = _FOLDERS

    def wants(self, folder: str, name: str) -> bool:
        return folder.endswith(_FOLDERS) and "." not in name

    def read(self, path: str, text: str) -> Iterator[StartedBy]:
        folder = path.rpartition("/")[0]
        yield StartedBy(
            kind=self.kind, file=path, when=folder.rpartition(".")[2], account="root", target=path
        )


READER = _CronFolders()
