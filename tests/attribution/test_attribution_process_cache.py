"""Portraits of processes: made once for all who ask at the same moment."""

import os
import threading
from collections.abc import Callable
from typing import cast

from attribution.backends.linux import LinuxBackend
from attribution.examination import Examined
from attribution.facts import ProcessFacts
from attribution.os_users import People
from attribution.process_cache import Gallery
from attribution.reader import HelperReader, InPlace
from attribution.resolution import Resolution
from core.attribution import Certainty, LaunchedAs

_SOON_S = 0.2


class Slow(LinuxBackend):
    """Looks at this process only when another look was asked for meanwhile, or after a moment."""

    def __init__(self) -> None:
        super().__init__()
        self.looks = 0
        self._another = threading.Event()

    def process(self, pid: int) -> ProcessFacts | None:
        if pid == os.getpid():
            self.looks += 1
            if self.looks > 1:
                self._another.set()
            self._another.wait(_SOON_S)
        return super().process(pid)


def test_connections_opened_at_once_by_a_new_process_are_one_look_at_it() -> None:
    """A program that opens eight connections is looked at once, and each has the same name."""
    backend, reader = Slow(), HelperReader()
    gallery = Gallery(backend, People("clear", None), reader)
    found = []
    asking = [
        threading.Thread(target=lambda: found.append(gallery.portrait(os.getpid())))
        for _ in range(8)
    ]
    try:
        for thread in asking:
            thread.start()
        for thread in asking:
            thread.join()
        assert len(found) == 8
        assert found[0] is not None
        assert all(one is found[0] for one in found)
        assert backend.looks == 1
        assert gallery.portrait(os.getpid()) is found[0]
    finally:
        reader.close()
        backend.close()


class Starting(InPlace):
    """Reads of an interpreter that it says nothing at the first look, and its program later."""

    def __init__(self) -> None:
        self.looks = 0

    def ask[**P, T](
        self, seconds: float, what: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """See Reader.ask."""
        self.looks += 1
        note = "nothing said" if self.looks == 1 else None
        told = Resolution(launched_as=LaunchedAs.FILE, name="job.py", path="/job.py", note=note)
        unheard = self.looks == 1
        seen = Examined(owner=0, resolution=told, is_itself_python=True, unheard=unheard)
        return cast("T", seen)


def test_who_looks_in_passing_leaves_no_doubt_behind() -> None:
    """What follows the runs of programs asks for a name while the interpreter still starts; what
    sends a moment later is looked at again, and named.
    """
    backend = LinuxBackend()
    gallery = Gallery(backend, People("clear", None), Starting())
    try:
        first = gallery.portrait(os.getpid(), in_passing=True)
        assert first is not None
        assert first.certainty is Certainty.LIKELY
        second = gallery.portrait(os.getpid())
        assert second is not None
        assert second.certainty is Certainty.EXACT
    finally:
        backend.close()
