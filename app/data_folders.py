"""Folders of data, whose files are noted when a program opens them."""

import logging
from typing import TYPE_CHECKING

from app.settings import Settings
from core.text import printable

if TYPE_CHECKING:
    from attribution.backends.opened_files import OpenedFiles

log = logging.getLogger("outgate")


def opened_files_of(settings: Settings) -> "OpenedFiles | None":
    """Return what listens to the folders that the settings name; None where they name none. That it
    cannot listen is said, in one sentence, and by every look at files.
    """
    if not settings.data_folders:
        return None
    from attribution.backends.opened_files import OpenedFiles

    opened = OpenedFiles([str(folder) for folder in settings.data_folders])
    why = opened.obstacle
    if settings.attributor is not None:
        why = "a gate that asks the attributor service looks at no files"
    if why is not None:
        log.error("data_folders: what programs open there is not seen: %s", printable(why, 300))
    return opened
