"""A gate of a fleet, with real processes: what is said at the hub reaches a running gate, which is
never started again.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fleet_world import a_server

from app.gate_registry import find, health
from app.home import Home
from core.ids import utc_now
from fleet.enrolling import enrol
from hub.answering import Hub
from hub.authority import load_authority, server_files
from hub.database import Database, bring_forward
from hub.enrolment import Enrolment
from hub.held import answer, holds
from hub.orders import approve
from hub.service import Serving, server_context
from hub.settings import init, policy_key, policy_public
from tests.scenarios.conftest import ROOT, Outgate

POLICY = """
version: 1
mode: enforce
rules:
  - id: approved-may
    description: Versions that somebody approved may send
    owner: privacy@nordwind-logistik.de
    when: {script: {approved: true}}
    then: {do: allow}
  - id: ask-first
    description: Bank data waits for a person
    owner: privacy@nordwind-logistik.de
    when:
      findings: {kinds: bank}
    then: {do: hold, for_seconds: 25}
"""
SEND = """
import sys, urllib.request, urllib.error
body = f"{sys.argv[1]}: iban DE90871318609139099603".encode()
try:
    answer = urllib.request.urlopen('https://files.example/in', data=body, timeout=40)
    print(answer.status, answer.read().decode())
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode())
"""


class AtHub:
    """Somebody at the hub."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.folder, self.database = folder, database

    def types(self, *words: str) -> str:
        """Run a command there."""
        command = [sys.executable, "-m", "app.cli", "hub", *words, "--hub", str(self.folder)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def holds(self) -> list[dict[str, Any]]:
        with self.database.work() as connection:
            return holds(connection, utc_now())

    def answers(self, number: int, *, approved: bool) -> None:
        with self.database.work() as connection:
            key, now = policy_key(self.folder), utc_now()
            answer(connection, key, number, approved=approved, who="ada", note="seen", now=now)

    def approves(self, sha256: str) -> None:
        with self.database.work() as connection:
            key, now = policy_key(self.folder), utc_now()
            approve(connection, key, sha256, approved=True, who="ada", note="seen", now=now)


@pytest.fixture(name="fleet", scope="module")
def fleet_fixture(serving: Outgate) -> Iterator[AtHub]:
    """A hub, and the running gate as a member of its fleet, shipping by a process of its own."""
    folder = Path(tempfile.mkdtemp(prefix="og-hub-")) / "hub"
    home = Home(serving.home)
    gate = find(home.running)
    assert gate is not None
    before = (health(gate) or {})["policy"]
    home.policy.write_text(POLICY)
    serving.wait_for(lambda: (health(gate) or {})["policy"] != before)
    with a_server() as server:
        init(folder, server.url, ("127.0.0.1",), "127.0.0.1:0", utc_now())
        bring_forward(server.url)
        authority = load_authority(folder)
        certificate = server_files(authority, folder, ["127.0.0.1"], utc_now())
        database = Database(server.url)
        hub = Hub(database=database, authority=authority, policy_key=policy_public(folder))
        with Serving(hub, server_context(certificate, folder / "authority.pem")) as running:
            token = Enrolment(database, authority, utc_now).token("all")
            url = f"https://127.0.0.1:{running.port}"
            enrol(home.fleet, url, token, folder / "authority.pem", name="till-1")
            shipping = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "fleet", "ship"], env=serving.environment
            )
            try:
                yield AtHub(folder, database)
            finally:
                shipping.terminate()
                shipping.wait(20)
        database.close()


@pytest.fixture(name="send")
def send_fixture(serving: Outgate, fleet: AtHub) -> Callable[[str], "subprocess.Popen[str]"]:
    """Starts the script, which waits in its request."""
    script = serving.script("send.py", SEND)

    def start(about: str) -> "subprocess.Popen[str]":
        command = [sys.executable, str(script), about]
        return subprocess.Popen(command, env=serving.behind(), stdout=subprocess.PIPE, text=True)

    return start


def test_a_held_request_is_answered_from_the_hub_while_it_waits(
    serving: Outgate, fleet: AtHub, send: Callable[[str], "subprocess.Popen[str]"]
) -> None:
    """Nothing has left while it waits; somebody at the hub lets one go and refuses another, and
    each script gets its answer. What was said is in the endpoint's own evidence.
    """
    for about, status in (("invoice", "200"), ("payroll", "403")):
        arrived = len(serving.internet.arrivals)
        script = send(about)
        (held,) = serving.wait_for(fleet.holds)
        assert (held["endpoint"], held["script"]) == ("till-1", "send.py")
        assert len(serving.internet.arrivals) == arrived
        if status == "200":
            fleet.types("answer", str(held["number"]), "approve", "--reason", "looked at it")
        else:
            fleet.answers(held["number"], approved=False)
        out, _ = script.communicate(timeout=30)
        assert out.startswith(status), out
        serving.wait_for(lambda: not fleet.holds())
    notes = [told["notes"] for told in serving.records()][-2:]
    assert "approved by" in str(notes[0])
    assert "refused by" in str(notes[1])


def test_a_version_approved_at_the_hub_passes_at_the_running_gate(
    serving: Outgate, fleet: AtHub, send: Callable[[str], "subprocess.Popen[str]"]
) -> None:
    """While a request of it waits, its version is approved for the fleet: the next one passes
    without anybody being asked.
    """
    waiting = send("third")
    (held,) = serving.wait_for(fleet.holds)
    fleet.approves(held["sha256"])
    member = Home(serving.home).fleet
    serving.wait_for((member / "approvals.orders").exists)
    fleet.answers(held["number"], approved=True)
    waiting.communicate(timeout=30)
    out, _ = send("fourth").communicate(timeout=20)
    assert out.startswith("200"), out
    serving.wait_for(lambda: not fleet.holds())
    assert serving.records()[-1]["decision"]["rule"] == "approved-may"
