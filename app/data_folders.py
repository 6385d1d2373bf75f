"""Folders of data, whose files are noted when a program opens them."""

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from app.settings import Settings
from core.text import printable

if TYPE_CHECKING:
    from attribution.attributor import SocketAttributor
    from attribution.backends.opened_files import OpenedFiles
    from attribution.remote.client import RemoteAttributor
    from core.sent_file import SenderFiles

log = logging.getLogger("outgate")


def opened_files_of(
    settings: Settings, attributor: "SocketAttributor | RemoteAttributor"
) -> "OpenedFiles | None":
    """Return what listens in this process to the folders that the settings name; None where they
    name none, or where the attributor service listens. That nobody can listen is said, in one
    sentence, and by every look at files.
    """
    if not settings.data_folders:
        return None
    from attribution.backends.opened_files import OpenedFiles
    from attribution.remote.client import RemoteAttributor

    if isinstance(attributor, RemoteAttributor):
        _tell(attributor.can_see_openings())
        return None
    opened = OpenedFiles([str(folder) for folder in settings.data_folders])
    _tell(opened.obstacle)
    return opened


def files_of(
    attributor: "SocketAttributor | RemoteAttributor", opened: "OpenedFiles | None"
) -> "SenderFiles":
    """Return what looks at files near senders, with what listens in this process."""
    from attribution.sender_files import FilesOfSenders

    files = attributor.files
    return replace(files, opened=opened) if isinstance(files, FilesOfSenders) else files


def _tell(why: str | None) -> None:
    if why is not None:
        log.error("data_folders: what programs open there is not seen: %s", printable(why, 300))
