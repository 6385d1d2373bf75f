"""A gate is replaced by another under load: no request is lost."""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import requests

from app.demo.internet import StandInInternet
from tests.scenarios.conftest import Outgate

_START = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
os.execv(sys.argv[2], sys.argv[2:])
"""
_CLIENTS, _UPGRADES = 4, 2


class Handing(Outgate):
    """An Outgate whose gates get their listener from somebody who keeps it, as systemd does."""

    listener: socket.socket

    def begin(self) -> "subprocess.Popen[str]":
        (self.home / "gate.json").unlink(missing_ok=True)
        number = self.listener.fileno()
        words = [sys.executable, "-m", "app.cli", "start", *self.staging]
        gate = subprocess.Popen(
            [sys.executable, "-IS", "-c", _START, str(number), *words],
            env=self.environment,
            cwd=self.folder,
            text=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[number],
        )
        self._gates.append(gate)
        self.wait_for(lambda: (self.home / "gate.json").exists() or gate.poll() is not None)
        assert gate.poll() is None
        return gate


@pytest.fixture
def handing(tmp_path: Path, rule_pack: Path) -> Iterator[Handing]:
    with StandInInternet(tmp_path / "internet") as internet, socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        whole = Handing(tmp_path, internet, rule_pack)
        whole.listener = listener
        yield whole
        whole.close()


class Load:
    """Clients that ask without a pause, each over connections that it keeps."""

    def __init__(self, handing: Handing) -> None:
        port = handing.listener.getsockname()[1]
        self.proxies = {"https": f"http://127.0.0.1:{port}"}
        self.bundle = str(handing.home / "bundle.pem")
        self.ended = threading.Event()
        self.answers: list[int] = []
        self.lost: list[str] = []
        self.threads = [threading.Thread(target=self.ask) for _ in range(_CLIENTS)]

    def ask(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while not self.ended.is_set():
                try:
                    answer = session.get(
                        "https://rates.example.com/eur",
                        proxies=self.proxies,
                        verify=self.bundle,
                        timeout=60,
                    )
                    self.answers.append(answer.status_code)
                except requests.RequestException as error:
                    self.lost.append(repr(error))

    def goes_on(self, before: int) -> bool:
        """Whether many more were answered since there were so many, or one was lost."""
        return len(self.answers) > before + 20 or bool(self.lost)

    def __enter__(self) -> "Load":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        for thread in self.threads:
            thread.join()


def test_an_upgrade_under_load_loses_nothing(handing: Handing) -> None:
    """While a gate ends and another one begins at the same listener, twice, every request of every
    client is answered, and each is on record once the last gate has ended, too.
    """
    gate = handing.begin()
    with Load(handing) as load:
        for _ in range(_UPGRADES):
            before = len(load.answers)
            handing.wait_for(partial(load.goes_on, before))
            _end(gate)
            gate = handing.begin()
        before = len(load.answers)
        handing.wait_for(partial(load.goes_on, before))
    assert load.lost == []
    assert set(load.answers) == {200}
    _end(gate)  # its last records are written behind the answers
    assert len(handing.records()) == len(load.answers)


def _end(gate: "subprocess.Popen[str]") -> None:
    gate.terminate()
    assert gate.wait(40) == 0
