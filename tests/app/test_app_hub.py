"""The commands of the fleet, as people type them: from an empty folder to an answer."""

import threading
from pathlib import Path
from typing import Any, TextIO

import orjson
import pytest
from hub_commands import hub_fixture, port_fixture, postgres_fixture  # noqa: F401 - fixtures

from app import current_user
from app.demo.simulated_endpoints import made_up_records, parts_of, write_evidence
from app.home import Home
from app.shipping import State, keep_shipping, kept_state
from attribution.identity.contents import ContentStore
from core.ids import utc_now
from core.vocabulary.fleet import Alarm
from fleet.line import HttpsLine
from fleet.shipper import Shipper
from hub.alarms import alarmed
from hub.database import connect
from hub.own_postgres import OwnPostgres
from hub.settings import load
from tests.app.conftest import Runs


def test_from_an_empty_folder_to_an_answer(outgate: Runs, home: Path, hub: Path, port: int) -> None:
    """Init, token, enrol, ship, ask, publish, approve, sweep, verify, revoke: each by a command."""
    write_evidence(home / "evidence.db", made_up_records(3, 60, utc_now()))
    for script in {
        r.sender.script.sha256 for r in made_up_records(3, 60, utc_now()) if r.sender.script
    }:
        assert script is not None
        parts = parts_of(script)
        assert parts is not None
        ContentStore(home / "scripts", lambda text: text).keep_parts(script, parts)
    token = outgate("hub", "token", "--group", "finance").out.strip()
    ca = str(hub / "authority.pem")
    url = f"https://127.0.0.1:{port}"
    assert outgate("fleet", "enrol", "--hub", url, "--token", token, "--ca", ca).code == 0
    assert outgate("fleet", "status").code == 1
    assert "Shipped 60 records" in outgate("fleet", "ship", "--once").out
    assert "Shipped 0 records" in outgate("fleet", "ship", "--once").out
    told = outgate("fleet", "status")
    assert told.code == 0
    assert "it has 60 records" in told.out

    known = orjson.loads(outgate("hub", "status", "--json").out)
    assert (known["endpoints"], known["records"], known["alarms"]) == (1, 60, 0)
    (endpoint,) = orjson.loads(outgate("hub", "endpoints", "--json").out)
    assert endpoint["group"] == "finance"
    scripts = orjson.loads(outgate("hub", "scripts", "--json").out)
    assert sum(one["records"] for one in scripts) == 60
    for command in ("status", "endpoints", "scripts", "cases", "alarms"):
        assert outgate("hub", command).code == 0
        orjson.loads(outgate("hub", command, "--json").out)
    package = parts_of(scripts[0]["versions"][0])
    assert package is not None
    name, version, _ = package["installed"][0]
    hunted = outgate("hub", "hunt", name, version, "--json")
    assert hunted.code == 1
    assert orjson.loads(hunted.out)["had"]
    assert outgate("hub", "hunt", "nobody-has-this", "<2").code == 0

    policy = home / "new.yaml"
    policy.write_text(outgate("policy", "preset", "no-personal-cloud").out)
    assert outgate("hub", "publish", str(policy)).code == 0
    sha256 = scripts[0]["versions"][0]
    assert outgate("hub", "approve", sha256, "--reason", "seen").code == 0
    outgate("fleet", "ship", "--once")
    assert (home / "outgate.yaml").read_text() == policy.read_text()
    of_it = [line for line in outgate("scripts").out.splitlines() if sha256[:6] in line]
    assert of_it and all("approved for all machines by " in line for line in of_it)
    assert "Version 1 of the fleet's policy is in force." in outgate("fleet", "status").out
    given = home / "given.yaml"
    given.write_text("locked: [fingerprint_days]\nfingerprint_days: 30\nhold_mb: 4\n")
    (home / "settings.yaml").write_text("fingerprint_days: 1\nhold_mb: 2\nspool_mb: 7\n")
    ordered = outgate("hub", "settings", str(given), "--reason", "shorter epochs")
    assert (ordered.code, "all" in ordered.out) == (0, True)
    outgate("fleet", "ship", "--once")
    outgate("fleet", "ship", "--once")
    told = outgate("hub", "settings", "--json")
    assert told.code == 0, told
    (kept,) = orjson.loads(told.out)
    assert (kept["followed_by"], kept["settings"]) == (1, given.read_text())
    shown = orjson.loads(outgate("settings", "show", "--json").out)
    fleets = {"value": 30, "origin": "the fleet's settings, version 1"}
    assert shown["fingerprint_days"] == fleets
    assert (shown["hold_mb"]["value"], shown["spool_mb"]["value"]) == (4, 7)
    assert "Version 1 of the fleet's settings is in force." in outgate("fleet", "status").out
    assert outgate("hub", "retention", "--days", "90", "--reason", "agreed").code == 0
    lists = ("policies", "settings", "retention", "hunts", "asked", "months", "streams", "holds")
    for command in (*lists, "council", "advisories", "review"):
        answer = outgate("hub", command, "--json")
        assert (answer.err == "" and orjson.loads(answer.out) is not None) or answer.code == 2
    assert "0 erasures done" in outgate("hub", "sweep").out
    assert "whole" in outgate("hub", "verify").out
    kept = outgate("hub", "months", "--keep", "12", "--reason", "agreed")
    assert (kept.code, "keeps 12 whole months" in kept.out, "here" in kept.out) == (0, True, True)
    assert outgate("hub", "revoke", endpoint["id"][:8]).code == 0
    refused = outgate("fleet", "ship", "--once")
    assert (refused.code, "revoked" in refused.line) == (1, True)
    assert "revoked" in outgate("fleet", "status").out


def test_a_second_init_keeps_the_keys(outgate: Runs, postgres: OwnPostgres, hub: Path) -> None:
    """After an update the same command brings the schema forward and changes no key."""
    before = {n: (hub / n).read_bytes() for n in ("authority.pem", "authority.key", "policy.key")}
    told = outgate(
        "hub", "init", str(hub), "--database", postgres.url, "--name", "hub.corp.example"
    )
    assert told.code == 0
    assert {name: (hub / name).read_bytes() for name in before} == before
    assert load(hub).names == ("hub.corp.example",)


class Chances:
    """Stops the shipper after so many rounds, and keeps how long it would have waited."""

    def __init__(self, rounds: int) -> None:
        self.left = rounds
        self.waits: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0)
        self.left -= 1
        return self.left < 0


def ship_at(place: Home, shipper: Shipper, out: TextIO, chances: Chances) -> None:
    """Ship as often as there are chances, without resting."""

    def rested(stop: threading.Event, rest: float, looking: object) -> bool:
        return stop.wait(rest)

    stop: Any = chances
    keep_shipping(place, shipper, out, chance=lambda: 0.5, stop=stop, rested=rested)


def test_a_shipper_that_is_refused_waits_longer_and_says_it_once(
    outgate: Runs, home: Path, hub: Path, port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """While the hub is away the shipper asks less and less often, tells it once, and says when it
    is over; what was known stays in its status.
    """
    import io

    from app.commands.fleet import _member
    from app.shipping import shipper_of

    write_evidence(home / "evidence.db", made_up_records(3, 5, utc_now()))
    token = outgate("hub", "token").out.strip()
    url, ca = f"https://127.0.0.1:{port}", str(hub / "authority.pem")
    outgate("fleet", "enrol", "--hub", url, "--token", token, "--ca", ca)
    place, out, chances = Home(home), io.StringIO(), Chances(1)
    shipper = shipper_of(place, _member(place))
    ship_at(place, shipper, out, chances)
    state = kept_state(place)
    assert state is not None
    assert (state.records, state.trouble, out.getvalue()) == (5, "", "")

    assert isinstance(shipper.line, HttpsLine)
    shipper.line.hub = "https://127.0.0.1:1"
    shipper.line.close()
    away = Chances(6)
    ship_at(place, shipper, out, away)
    assert away.waits[2:] == sorted(away.waits[2:])
    assert out.getvalue().count("\n") == 1
    later = kept_state(place)
    assert isinstance(later, State)
    assert (later.records, bool(later.trouble), later.at) == (5, True, state.at)
    assert outgate("fleet", "status").code == 1

    shipper.line.hub = url
    ship_at(place, shipper, out, Chances(1))
    assert kept_state(place) is not None


def test_alarms_that_stand_on_one_line_end_together(outgate: Runs, hub: Path) -> None:
    """All of them, or where one of the numbers is none, none."""
    with connect(load(hub).database) as connection:
        connection.execute(
            """INSERT INTO endpoints (id, name, grouped, enrolled_at, seen_at)
            VALUES (gen_random_uuid(), 'till-1', 'all', now(), now())"""
        )
        for chain in ("records:1", "acts:1"):
            alarmed(connection, 1, Alarm.FOREIGN, utc_now(), "till-2 began it", chain)
    (line,) = outgate("hub", "alarms").out.splitlines()
    assert line.startswith(" 1, 2  till-1: ")
    assert outgate("hub", "resolve", "1", "7", "--reason", "swapped back").code != 0
    assert len(orjson.loads(outgate("hub", "alarms", "--json").out)) == 2
    assert outgate("hub", "resolve", "1", "2", "--reason", "swapped back").code == 0
    assert outgate("hub", "alarms").out == "No alarm is open.\n"


def test_two_people_approve_a_script_where_the_machine_says_so(
    outgate: Runs, hub: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first asks, and nothing is signed; the same person confirms nothing, another one does."""
    (home / "settings.yaml").write_text("second_person_approvals: true\n")
    line = ("hub", "approve", "ab" * 32, "--reason", "read it")
    for who, said in (("ada", "Asked for"), ("ada", "a second person"), ("bo", "Approved for")):
        monkeypatch.setattr(current_user, "_user", lambda name=who: name)
        told = outgate(*line)
        assert said in told.out + told.err, told
        assert (told.code == 0) is (said != "a second person")
    assert outgate("hub", "verify").code == 0
