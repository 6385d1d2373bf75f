"""Which engine is in use: our own rules at once, the full pack from its cache or as soon as it has
been made.
"""

import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator

from classifiers.credentials.engines.engine import Engine, forget_compiled
from classifiers.credentials.engines.pack import load
from classifiers.credentials.rules.own import own_rules
from core.duties import OWNER, Duty

_BEAT_S = 5.0
"""How often whoever makes the pack says that it is still being made."""
_LOCK_STALE_S = 240.0
"""After so long without a word nobody makes it any more."""
_WORDS_MEANWHILE = "the long tail of secret rules is still being made: it is not looked for yet"


class Engines:
    """Holds the engine in use; replaces it as a whole when the full pack is ready."""

    def __init__(self, cache_dir: pathlib.Path | None, *, long_tail: bool) -> None:
        self._cache_dir = cache_dir
        full = load(cache_dir) if long_tail and cache_dir is not None else None
        self._current = full
        self._usable = threading.Event()
        self._choosing = threading.Lock()
        self.complete = full is not None
        making = long_tail and full is None
        self.failure = _WORDS_MEANWHILE if making else None
        """Why the long tail is missing, in plain words."""
        self._ready = threading.Event()
        if full is None:
            body = OWNER.guarded(Duty.SECRET_RULES, self._compile)
            threading.Thread(target=body, name="credentials-own", daemon=True).start()
        else:
            self._usable.set()
        if full is not None or not long_tail:
            self._ready.set()
        else:
            OWNER.begun(Duty.SECRET_RULES, _WORDS_MEANWHILE)
            body = OWNER.guarded(Duty.SECRET_RULES, self._make)
            threading.Thread(target=body, name="credentials-pack", daemon=True).start()

    @property
    def current(self) -> Engine:
        """The engine in use. Where our own rules are still being compiled (a second and a half of
        processor time, beside what else a gate starts with) whoever asks waits: nothing is read
        with less.
        """
        self._usable.wait()
        return self._current or self._compiled_here()

    @property
    def rule_count(self) -> int:
        """How many rules are in use, or will be at once."""
        return len(own_rules() if self._current is None else self._current.rules)

    def _compile(self) -> None:
        try:
            self._compiled_here()
        finally:
            self._usable.set()

    def _compiled_here(self) -> Engine:
        """Compile our own rules. Raises hyperscan.error."""
        own = Engine(own_rules())
        with self._choosing:
            self._current = self._current or own
            return self._current

    def wait(self, timeout_s: float) -> bool:
        """Wait until the full pack is in use or has failed; False when the time was too short."""
        return self._ready.wait(timeout_s)

    def _make(self) -> None:
        try:
            if self._cache_dir is None:
                with tempfile.TemporaryDirectory(prefix="outgate-") as folder:
                    self._make_in(pathlib.Path(folder))
            else:
                self._make_in(self._cache_dir)
        except BaseException as error:
            self.failure = (
                f"the long tail of secret rules could not be made ({type(error).__name__})"
            )
            raise
        finally:
            self._ready.set()

    def _make_in(self, cache_dir: pathlib.Path) -> None:
        cache_dir.mkdir(parents=True, exist_ok=True)
        with _only_one(lock := cache_dir / "credentials-pack.lock"):
            full = load(cache_dir)
            if full is None:
                _build(cache_dir, lock)
                full = load(cache_dir)
        if full is None:
            self.failure = "the long tail of secret rules could not be loaded from its cache"
            OWNER.lost(Duty.SECRET_RULES, None)
            return
        full.warm()
        with self._choosing:
            self._current = full
        self._usable.set()
        self.complete, self.failure = True, None
        forget_compiled()
        OWNER.done(Duty.SECRET_RULES)


def _build(cache_dir: pathlib.Path, lock: pathlib.Path) -> None:
    """Make the pack in a process of its own: it needs some 200 MB for some seconds of processor
    time, which it limits itself; how long it waits for a processor does not matter. Raises
    SubprocessError.
    """
    root = pathlib.Path(__file__).resolve().parents[3]
    kept = {"PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "TMPDIR", "TEMP"}
    environment = {k: v for k, v in os.environ.items() if k in kept}
    command = [sys.executable, "-m", "classifiers.credentials.engines.build", str(cache_dir)]
    process = subprocess.Popen(
        command,
        cwd=root,
        env={**environment, "PYTHONPATH": str(root)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    # To wait for it with a limit would wake this process twenty times a second.
    with _told(lock):
        failed = process.wait()
    if failed:
        raise subprocess.CalledProcessError(failed, command)


@contextlib.contextmanager
def _told(lock: pathlib.Path) -> Iterator[None]:
    """Have others know, at each beat, that the pack is still being made."""
    over = threading.Event()

    def tell() -> None:
        while not over.wait(_BEAT_S):
            with contextlib.suppress(OSError):
                lock.touch()

    body = OWNER.guarded(Duty.SECRET_RULES, tell)
    threading.Thread(target=body, name="credentials-pack-beat", daemon=True).start()
    try:
        yield
    finally:
        over.set()


@contextlib.contextmanager
def _only_one(lock: pathlib.Path) -> Iterator[None]:
    """Let one process make the pack while others wait for it, as long as it says that it does."""
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            break
        except FileExistsError:
            with contextlib.suppress(OSError):
                if time.time() - lock.stat().st_mtime > _LOCK_STALE_S:
                    lock.unlink()
            time.sleep(0.25)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            lock.unlink()
