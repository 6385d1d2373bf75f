"""What the files of a sender's script tell, while its process lives. Off the event loop."""

import contextlib

from attribution import examination
from attribution.identity.composition import Composition
from attribution.identity.contents import MOST_BYTES, ContentStore
from attribution.identity.imports import Imports
from attribution.process_cache import Gallery
from attribution.reader import Reader
from attribution.reader_helpers import Unread
from core.attribution import Attribution

_COMPOSE_S = 10.0
_SOURCE_S = 5.0


class Examines:
    """Reads scripts of processes that are known."""

    def __init__(self, gallery: Gallery, reader: Reader) -> None:
        self.gallery = gallery
        self._reader = reader

    def imports(self, attribution: Attribution) -> Imports | None:
        """Return what the sender's script imports, while its process lives. Off the event loop."""
        portrait = self.gallery.behind(attribution)
        if portrait is None or portrait.script is None or portrait.script_facts is None:
            return None
        with contextlib.suppress(Unread):
            return self._reader.ask(
                _COMPOSE_S,
                examination.imports,
                portrait.script_facts,
                portrait.script_path,
                portrait.script.sha256,
            )
        return None

    def composition(self, attribution: Attribution) -> Composition | None:
        """Return the imports and installed distributions of the sender's script while it lives. Off
        the event loop.
        """
        portrait = self.gallery.behind(attribution)
        if portrait is None or portrait.script is None or portrait.script_facts is None:
            return None
        try:
            return self._reader.ask(
                _COMPOSE_S,
                examination.composition,
                portrait.script_facts,
                portrait.script_path,
                portrait.script.sha256,
            )
        except Unread:
            return None

    def keep_source(self, attribution: Attribution, store: ContentStore) -> bool:
        """Keep what the sender's script looks like, if it still is what ran. Off the event loop."""
        portrait = self.gallery.behind(attribution)
        if portrait is None or portrait.script is None or portrait.script_facts is None:
            return False
        path, sha256 = portrait.script_path, portrait.script.sha256
        if path is None or sha256 is None:
            return False
        if store.has(sha256):
            return True
        try:
            source = self._reader.ask(
                _SOURCE_S, examination.source, portrait.script_facts, path, sha256, MOST_BYTES
            )
        except Unread:
            return False
        return source is not None and store.keep(source, sha256)
