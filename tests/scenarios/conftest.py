"""A whole Outgate for scenario tests: its own home, the stand-in internet, the real command line,
real processes.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from patience import eventually
from warm_commands import WarmPopen, warm_up

from app.demo.internet import StandInInternet

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Outgate:
    """Runs the command line with a home of its own, in which the rule pack is compiled already."""

    folder: Path
    internet: StandInInternet
    pack: Path
    more: dict[str, str] = field(default_factory=dict)
    """What the environment holds besides."""
    _gates: list["subprocess.Popen[str]"] = field(default_factory=list)

    def __post_init__(self) -> None:
        from app.home import Home

        self.home.mkdir(mode=0o700)
        shutil.copytree(self.pack / "credentials", Home(self.home).cache / "credentials")

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
        return {
            **kept,
            "OUTGATE_HOME": str(self.home),
            "PYTHONPATH": str(ROOT),
            "OPENAI_API_KEY": "sk-proj-" + "t" * 48,
            **self.more,
        }

    @property
    def staging(self) -> list[str]:
        """Options that bring every host to the stand-in internet."""
        root = self.folder / "internet-root.pem"
        root.write_bytes(self.internet.authority.root_pem())
        options = ["--upstream-ca", str(root)]
        for route in self.internet.routes:
            options += ["--connect-to", route]
        return options

    def __call__(self, *arguments: str, **options: Any) -> "subprocess.CompletedProcess[str]":
        """Run one command to its end."""
        command = [sys.executable, "-m", "app.cli", *arguments]
        options = {"timeout": 240, "capture_output": True, **options}
        return subprocess.run(
            command, env=self.environment, cwd=self.folder, text=True, check=False, **options
        )

    def run(
        self, *program: str, options: tuple[str, ...] = (), **more: Any
    ) -> "subprocess.CompletedProcess[str]":
        """Run a program behind a private gate."""
        return self("run", *self.staging, *options, "--", *program, **more)

    def script(self, name: str, text: str) -> Path:
        """Write a script into the folder."""
        path = self.folder / name
        path.write_text(text)
        return path

    def start(self, *options: str, **more: Any) -> "subprocess.Popen[str]":
        """Start the gate as a service and wait until it is announced."""
        (self.home / "gate.json").unlink(
            missing_ok=True
        )  # what a killed gate left is no answer of the new one
        command = [
            sys.executable,
            "-m",
            "app.cli",
            "start",
            "--listen",
            "127.0.0.1:0",
            *self.staging,
            *options,
        ]
        piped: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        gate = subprocess.Popen(
            command, env=self.environment, cwd=self.folder, text=True, **piped, **more
        )
        self._gates.append(gate)
        self.wait_for(lambda: (self.home / "gate.json").exists() or gate.poll() is not None)
        assert gate.poll() is None, gate.stdout.read() if gate.stdout else ""
        return gate

    def behind(self) -> dict[str, str]:
        """Return the environment of a client behind the running gate."""
        from app.gate_registry import find
        from app.home import Home
        from certs.client_environment import client_environment

        gate = self.wait_for(lambda: find(self.home / "gate.json"))  # a full machine may need two
        return client_environment(gate.url, Home(self.home).bundle, self.environment)

    def records(self) -> list[dict[str, Any]]:
        """Return all records as an export writes them, oldest first, without observations."""
        return [told for told in self._entries() if told["schema"] == "outgate.record/1"]

    def observations(self) -> list[dict[str, Any]]:
        """Return what was observed beside the requests, oldest first."""
        return [told for told in self._entries() if told["schema"] == "outgate.observation/1"]

    def _entries(self) -> list[dict[str, Any]]:
        from evidence import open_store

        store = open_store(self.home / "evidence.db")
        return [entry.exported() for entry in store.iter_entries()]

    def wait_for(self, condition: Callable[[], Any]) -> Any:
        """Wait for something that happens in another process."""
        return eventually(condition)

    def close(self) -> None:
        for gate in self._gates:
            if gate.poll() is None:
                gate.terminate()
                try:
                    gate.wait(20)
                except subprocess.TimeoutExpired:
                    gate.kill()
            if gate.stdout:
                gate.stdout.close()


def summary(done: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    """Return the JSON summary of `run --json`."""
    value: dict[str, Any] = json.loads(done.stderr.strip().splitlines()[-1])
    return value


@pytest.fixture(scope="module", autouse=True)
def warm() -> Iterator[None]:
    """Commands start as forks, see `warm_commands`; a module of another folder starts real ones."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess, "Popen", WarmPopen)
        warm_up()
        yield


@pytest.fixture
def outgate(tmp_path: Path, rule_pack: Path) -> Iterator[Outgate]:
    with StandInInternet(tmp_path / "internet") as internet:
        whole = Outgate(tmp_path, internet, rule_pack)
        yield whole
        whole.close()


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory, rule_pack: Path) -> Iterator[Outgate]:
    """An Outgate with its gate running, shared by the tests of one file."""
    folder = tmp_path_factory.mktemp("serving")
    with StandInInternet(folder / "internet") as internet:
        whole = Outgate(folder, internet, rule_pack)
        whole.start()
        yield whole
        whole.close()


def is_sure_or_says_why(sender: dict[str, Any]) -> bool:
    """Return whether a sender is EXACT, or LIKELY with its reason: on a busy machine a look may
    come too late to be sure.
    """
    likely = sender["certainty"] == "likely" and bool(sender["reason"])
    return sender["certainty"] == "exact" or likely
