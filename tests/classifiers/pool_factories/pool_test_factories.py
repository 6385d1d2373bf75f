"""Classifiers that misbehave on demand, built inside worker processes by the pool's tests."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from core.classification import Category, Classification, Destination
from core.exchange import Exchange
from core.findings import Confidence, Finding


def answer(exchange: Exchange, note: str = "") -> Classification:
    """Return a classification that tells the size of the body and the worker's pid."""
    finding = Finding(
        kind="not_inspected",
        detector="test",
        confidence=Confidence.CERTAIN,
        count=len(exchange.body),
        distinct=os.getpid(),
        note=note,
    )
    destination = Destination(
        scheme="https", host=exchange.host, port=443, path="/", service=None, category=Category.LLM
    )
    return Classification(destination=destination, findings=(finding,))


class Obedient:
    """Does what the path of the exchange says."""

    def __init__(self, init: object) -> None:
        self.init = init

    def classify(
        self, exchange: Exchange, progress: Callable[[object], None] | None = None
    ) -> Classification:
        if exchange.path.startswith("/halfway") and progress is not None:
            progress(answer(exchange, "halfway"))
        match exchange.path:
            case "/hang" | "/halfway/hang":
                time.sleep(600)
            case "/halfway/exit":
                os._exit(3)
            case "/halfway/evil" if progress is not None:
                progress(Evil())
            case "/spin":
                while True:
                    pass
            case "/shared":  # as on a machine that gives it a quarter of a processor
                begun = time.process_time()
                while (had := time.process_time() - begun) < 0.15:
                    while time.process_time() - begun < had + 0.01:
                        pass
                    time.sleep(0.03)
            case "/raise":
                raise ValueError("a secret that must not travel")
            case "/exit":
                os._exit(3)
            case "/memory":
                hoard = []
                while True:
                    hoard.append(bytearray(16 << 20))
            case "/print":
                print("noise " * 10_000)  # noqa: T201
                sys.stdout.flush()
                os.write(1, b"more noise")
            case "/grow":
                self.hoard = bytearray(os.urandom(1 << 20) * 100)
            case "/evil":
                return Evil()  # type: ignore[return-value]
            case "/slow":
                time.sleep(0.3)
        return answer(exchange, repr(self.init))


class Evil:
    """Unpickles to a call of the system's shell."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("true",)


def build(init: object) -> Obedient:
    return Obedient(init)


def build_never(init: object) -> Obedient:
    raise RuntimeError("this classifier cannot be built")


def build_slowly(init: object) -> Obedient:
    time.sleep(600)
    return Obedient(init)


def build_when_told(init: object) -> Obedient:
    while not Path(str(init)).exists():
        time.sleep(0.01)
    return Obedient(init)
