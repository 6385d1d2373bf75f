"""Hunts that were saved find what comes later, the moment it comes."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from fleet_world import FleetWorld

from app.demo.simulated_endpoints import parts_of
from core.errors import InputError
from hub import saved_hunts, telling_hunts
from inventory.advisories.kept import import_advisories, load
from inventory.hunting import Wanted


def save(world: FleetWorld, name: str, version: str | None) -> int:
    with world.hub.database.work() as connection:
        wanted, now = Wanted(name=name, version=version), world.clock()
        return saved_hunts.save(connection, wanted, who="ada", note="advisory", now=now)


def listed(world: FleetWorld) -> list[dict[str, Any]]:
    with world.hub.database.work() as connection:
        return saved_hunts.hunts(connection)


HUNTS = [
    ("litellm", "1.82.7", True),
    ("LiteLLM", "1.82.7", True),
    ("litellm", "<2", True),
    ("litellm", None, True),
    ("litellm", "1.82.8", False),
    ("litellm", ">2", False),
    ("lite", None, False),
]


def test_what_comes_later_is_held_against_saved_hunts(world: FleetWorld) -> None:
    """A hit is an alarm of the endpoint, once; what is no hit raises none."""
    numbers = [save(world, name, version) for name, version, _ in HUNTS]
    member = world.member("till-1")
    member.records(80, seed=2)
    member.round(parts=parts_of)
    member.round(parts=parts_of)
    assert world.alarms() == ["hunted"] * sum(hit for _, _, hit in HUNTS)
    rows = listed(world)
    assert [row["number"] for row in rows] == numbers
    assert [(row["endpoints"], row["scripts"] > 0) for row in rows] == [
        (int(hit), hit) for _, _, hit in HUNTS
    ]
    assert "litellm" in "\n".join(telling_hunts.hunts(rows))


def test_what_is_known_already_is_found_when_a_hunt_is_saved(world: FleetWorld) -> None:
    """Without an alarm: whoever saves it sees it at once. An ended hunt finds nothing more."""
    member = world.member("till-1")
    member.records(80, seed=2)
    member.round(parts=parts_of)
    number = save(world, "litellm", None)
    assert listed(world)[0]["endpoints"] == 1
    with world.hub.database.work() as connection:
        assert saved_hunts.end(connection, number, who="bert", now=world.clock()) == "litellm"
    for wrong in (number, 0, -1, 77, 1 << 40):
        with pytest.raises(InputError), world.hub.database.work() as connection:
            saved_hunts.end(connection, wrong, who="bert", now=world.clock())
    other = world.member("till-2")
    other.records(80, seed=3)
    other.round(parts=parts_of)
    assert listed(world)[0]["endpoints"] == 1
    assert world.alarms() == []


def test_what_a_script_is_made_of_is_asked_again_while_it_is_used(world: FleetWorld) -> None:
    """The packages around a script change and its text does not: a day later the hub asks again,
    where the script was used since, and a saved hunt finds what is new.
    """
    member = world.member("till-1")
    asked: list[str] = []

    def parts(sha256: str) -> Any:
        asked.append(sha256)
        return parts_of(sha256)

    member.records(60)
    member.round(parts=parts)
    first = len(asked)
    member.round(parts=parts)
    world.clock.on(days=2)
    member.round(parts=parts)
    assert len(asked) == first > 0
    member.records(60)
    save(world, "wormhole", "6.6.6")

    def worse(sha256: str) -> Any:
        asked.append(sha256)
        return {"imports": [], "installed": [["wormhole", "6.6.6", False]], "used": []}

    member.round(parts=worse)
    assert len(asked) > first
    assert world.alarms() == ["hunted"]
    with world.hub.database.work() as connection:
        had = connection.execute("SELECT count(DISTINCT name) FROM packages").fetchone()
    assert had is not None and had[0] > 1  # what it had before is still known


def test_from_advisories_to_who_had_it(world: FleetWorld, tmp_path: Path) -> None:
    """What advisories name of what anybody had, malicious first; nothing that they do not name."""
    member = world.member("till-1")
    member.records(80, seed=2)
    member.round(parts=parts_of)
    lines = [
        {
            "id": id_,
            "modified": "2026-11-25T00:00:00Z",
            "summary": "hostile \x1b[2J text",
            "affected": [
                {"package": {"ecosystem": "PyPI", "name": name}, "versions": [version]},
            ],
        }
        for id_, name, version in (
            ("PYSEC-1", "requests", "2.31.0"),
            ("MAL-2026-1", "litellm", "1.82.7"),
            ("PYSEC-2", "polars", "0.1"),
        )
    ]
    source = tmp_path / "all.jsonl"
    source.write_bytes(b"\n".join(map(orjson.dumps, lines)))
    import_advisories(source, tmp_path / "kept", world.clock())
    known = load(tmp_path / "kept")
    assert known is not None
    with world.hub.database.work() as connection:
        found = saved_hunts.named_by(connection, known)
    assert [(row["name"], row["malicious"]) for row in found] == [
        ("litellm", True),
        ("requests", False),
    ]
    text = "\n".join(telling_hunts.named(found))
    assert "MAL-2026-1" in text
    assert "\x1b" not in text
    assert list(telling_hunts.named([])) == ["Advisories name nothing that any machine told of."]
