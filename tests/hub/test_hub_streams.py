"""What goes on from the hub to other systems goes whole, and at least once."""

import hashlib
import hmac
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import orjson
import pytest
from fleet_world import FleetWorld
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError
from core.vocabulary.fleet import Alarm
from evidence.chain import genesis
from exports.outbox.collectors import NotDeliveredError, Parcel, collector_at, read_address
from hub.archive import archive, damaged_in, span
from hub.council import Agreed, Council
from hub.deliverers import ToFile, Webhook, appended, lines
from hub.streams import send, streams

NAMES = Council(agreed=Agreed(), key=b"")
COVERED = Council(
    agreed=Agreed(pseudonyms=True, smallest_group=5, may_reveal=("a", "b")), key=b"k" * 32
)


@dataclass
class Taking:
    """Another system, which breaks off as often as it is told to."""

    breaks: int = 0
    after: bool = False
    """It breaks off when it has the parcel already."""
    parcels: list[Parcel] = field(default_factory=list)

    def deliver(self, parcel: Parcel) -> int:
        if self.after or not self.breaks:
            self.parcels.append(parcel)
        if self.breaks:
            self.breaks -= 1
            raise NotDeliveredError("it broke off")
        return 0

    def places(self) -> list[tuple[str, int]]:
        found = [(e.link.chain_id, e.link.seq) for p in self.parcels for e in p.records]
        return found + [(e.link.chain_id, e.link.seq) for p in self.parcels for e in p.acts]


def fleet(world: FleetWorld, count: int = 2) -> None:
    for number in range(count):
        member = world.member(f"till-{number}")
        member.records(30, seed=number)
        member.round()


@pytest.mark.parametrize("after", [False, True])
def test_each_entry_goes_on_at_least_once(world: FleetWorld, after: bool) -> None:
    """A system that breaks off before or after it has a parcel gets that parcel again, and all
    others once; what comes later goes on from there; each stream has a cursor of its own.
    """
    fleet(world)
    other = Taking(breaks=1, after=after)
    with pytest.raises(NotDeliveredError):
        send(world.hub.database, "siem", other, NAMES, world.clock)
    sent = send(world.hub.database, "siem", other, NAMES, world.clock)
    assert (sent.records, sent.gone) == (60, 0)
    assert len(set(other.places())) == 60
    assert len(other.places()) == 60 + (30 if after else 0)
    assert send(world.hub.database, "siem", other, NAMES, world.clock).records == 0
    more = world.member("till-9")
    more.records(5, seed=7)
    more.round()
    with world.hub.database.work() as connection:
        assert [row["waiting"] for row in streams(connection)] == [5]
    assert send(world.hub.database, "siem", other, NAMES, world.clock).records == 5
    assert send(world.hub.database, "lake", Taking(), NAMES, world.clock).records == 65


def test_entries_keep_their_proof(world: FleetWorld) -> None:
    """Each goes with its chain, its number and the hash before: whoever gets them can check."""
    fleet(world, 1)
    other = Taking()
    send(world.hub.database, "siem", other, NAMES, world.clock)
    entries = [entry for parcel in other.parcels for entry in parcel.records]
    before = genesis(entries[0].link.chain_id)
    for entry in entries:
        assert entry.link.prev == before
        before = entry.link.hash
    told = [orjson.loads(line) for line in lines(other.parcels[0], "jsonl").splitlines()]
    assert {line["endpoint"] for line in told} == {other.parcels[0].machine}
    assert [line["chain"]["seq"] for line in told] == list(range(1, 31))
    events = [orjson.loads(line) for line in lines(other.parcels[0], "ocsf").splitlines()]
    assert len(events) >= 30
    assert all(event["metadata"]["version"] == "1.8.0" for event in events)


def damage(world: FleetWorld) -> str:
    """Break one message that is kept; return whose it was."""
    query = """UPDATE uploads SET blob = 'x' WHERE number = (SELECT min(number) FROM uploads)
        RETURNING (SELECT e.name FROM chains c JOIN endpoints e ON e.number = c.endpoint
            WHERE c.number = uploads.chain)"""
    return str(world.value(query))


def test_a_message_that_is_damaged_here_keeps_nobody_from_those_behind_it(
    world: FleetWorld,
) -> None:
    """What was in it is told as gone; the rest goes on, of others and of the same."""
    fleet(world)
    damage(world)
    taking = Taking()
    sent = send(world.hub.database, "siem", taking, NAMES, world.clock)
    assert (sent.records, sent.gone) == (30, 30)
    assert send(world.hub.database, "siem", taking, NAMES, world.clock).gone == 0


def test_a_month_with_a_damaged_message_is_archived_and_says_so(
    world: FleetWorld, tmp_path: Path
) -> None:
    """The rest of the month is there, and the manifest names what is not."""
    pytest.importorskip("pyarrow.parquet")
    fleet(world)
    name = damage(world)
    with world.hub.database.work() as connection:
        made = archive(connection, tmp_path / "a", "2026-11", NAMES, world.clock())
    records, acts = orjson.loads(made.read_bytes())["files"]
    assert records["rows"] == 30
    assert [(one["name"], one["first"], one["last"]) for one in records["damaged"]] == [
        (name, 1, 30)
    ]
    assert acts["damaged"] == []
    assert damaged_in(made) == 1


def test_what_was_dropped_here_before_it_went_on_is_told(world: FleetWorld) -> None:
    """A month that was dropped is counted as gone, never as sent."""
    member = world.member("till-1")
    member.records(10)
    member.round()
    world.clock.on(days=31)
    member.records(5, seed=2)
    member.round()
    world.rows("WITH gone AS (DELETE FROM uploads WHERE last <= 10 RETURNING 1) SELECT * FROM gone")
    sent = send(world.hub.database, "siem", Taking(), NAMES, world.clock)
    assert (sent.records, sent.gone) == (5, 10)


def test_people_are_covered_on_the_way_out_too(world: FleetWorld) -> None:
    """Where pseudonyms were agreed on, no name of a person leaves the hub, in any format."""
    fleet(world)
    other = Taking()
    send(world.hub.database, "siem", other, COVERED, world.clock)
    names = {name for (name,) in world.rows("SELECT name FROM people")}
    for format_ in ("jsonl", "ocsf"):
        text = b"".join(lines(parcel, format_) for parcel in other.parcels).decode()
        assert not {name for name in names if f'"{name}"' in text or f"/{name}/" in text}
        assert "person-" in text


def test_a_stream_has_a_plain_name(world: FleetWorld) -> None:
    """It stands in lists and in the database."""
    for name in ("", "x" * 61, "A", "../x", "a b", "ä"):
        with pytest.raises(InputError):
            send(world.hub.database, name, Taking(), NAMES, world.clock)


@pytest.fixture(name="receiver", scope="module")
def receiver_fixture() -> Iterator[tuple[str, list[tuple[str, dict[str, str], bytes]], list[int]]]:
    """A web server on loopback, what it got, and how it answers."""
    got: list[tuple[str, dict[str, str], bytes]] = []
    answers: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((self.path, dict(self.headers), body))
            self.send_response(answers.pop(0) if answers else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.server_port}", got, answers
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_webhook_gets_signed_lines_and_otlp_its_logs(
    world: FleetWorld, receiver: tuple[str, list[tuple[str, dict[str, str], bytes]], list[int]]
) -> None:
    """What is not answered well is sent again, under the same key; OTLP goes as from a gate."""
    place, got, answers = receiver
    fleet(world, 1)
    hook = Webhook(f"http://{place}/in?x=1", "jsonl", b"shared")
    answers.append(500)
    with pytest.raises(NotDeliveredError, match="500"):
        send(world.hub.database, "hook", hook, NAMES, world.clock)
    assert send(world.hub.database, "hook", hook, NAMES, world.clock).records == 30
    (_, first, body), (path, headers, again) = got
    assert (path, body) == ("/in?x=1", again)
    assert first["Idempotency-Key"] == headers["Idempotency-Key"]
    mark = hmac.new(b"shared", body, hashlib.sha256).hexdigest()
    assert headers["Outgate-Signature"] == f"sha256={mark}"
    assert len(body.splitlines()) == 30
    assert "shared" not in repr(hook)
    got.clear()
    otlp = collector_at(read_address(f"otlp+http://{place}"))
    assert send(world.hub.database, "otlp", otlp, NAMES, world.clock).records == 30
    assert [path for path, _, _ in got] == ["/v1/logs"]


@pytest.mark.parametrize(
    "url",
    [
        "http://siem.corp.example/in",
        "ftp://127.0.0.1/",
        "https://",
        "https://user:pass@siem.corp.example/",
        "http://127.0.0.1.evil.example/",
    ],
)
def test_a_webhook_goes_by_https_or_stays_here(url: str) -> None:
    """Evidence crosses no network in the clear, and addresses hold no passwords."""
    with pytest.raises(InputError):
        Webhook(url, "jsonl")


@given(whole=st.lists(st.binary(max_size=40)), torn=st.binary(max_size=200))
def test_a_line_that_a_crash_cut_off_is_taken_off(
    tmp_path_factory: pytest.TempPathFactory, whole: list[bytes], torn: bytes
) -> None:
    """What follows begins on a line of its own, and no whole line is lost."""
    kept = b"".join(one.replace(b"\n", b" ") + b"\n" for one in whole)
    path = tmp_path_factory.mktemp("s") / "out"
    path.write_bytes(kept + torn.replace(b"\n", b" "))
    with appended(path) as file:
        file.write(b"next\n")
    assert path.read_bytes() == kept + b"next\n"


def test_a_file_is_its_owners_and_a_bad_place_is_told(world: FleetWorld, tmp_path: Path) -> None:
    """And nothing is taken for sent that is not in the file."""
    fleet(world, 1)
    path = tmp_path / "out.jsonl"
    with appended(path) as out:
        send(world.hub.database, "file", ToFile(out, "jsonl"), NAMES, world.clock)
    assert len(path.read_bytes().splitlines()) == 30
    assert path.stat().st_mode & 0o077 == 0
    with pytest.raises(InputError):
        appended(tmp_path)
    with pytest.raises(InputError):
        appended(tmp_path / "no" / "such")


def test_a_month_is_archived_with_a_manifest_of_all_its_chains(
    world: FleetWorld, tmp_path: Path
) -> None:
    """Parquet that needs no Outgate, and what proves that no entry of the month is missing; nothing
    is written over.
    """
    pyarrow = pytest.importorskip("pyarrow.parquet")
    fleet(world)
    with world.hub.database.work() as connection:
        made = archive(connection, tmp_path / "a", "2026-11", NAMES, world.clock())
        with pytest.raises(InputError, match="already"):
            archive(connection, tmp_path / "a", "2026-11", NAMES, world.clock())
        empty = archive(connection, tmp_path / "b", "2025-01", NAMES, world.clock())
    manifest = orjson.loads(made.read_bytes())
    records, acts = manifest["files"]
    assert (records["rows"], acts["rows"], manifest["whole"]) == (60, 0, False)
    path = made.parent / records["file"]
    assert hashlib.sha256(path.read_bytes()).hexdigest() == records["sha256"]
    assert {(c["name"], c["first"], c["last"]) for c in records["chains"]} == {
        ("till-0", 1, 30),
        ("till-1", 1, 30),
    }
    heads = world.rows("SELECT encode(head, 'hex') FROM chains WHERE kind = 'records'")
    assert {c["head"] for c in records["chains"]} == {head for (head,) in heads}
    table = pyarrow.read_table(path)
    assert table.num_rows == 60
    assert set(table["chain_id"].to_pylist()) == {c["chain"] for c in records["chains"]}
    assert orjson.loads(empty.read_bytes())["files"][0]["rows"] == 0
    assert world.alarms() == [] and Alarm.GAP not in world.alarms()


@pytest.mark.parametrize("month", ["", "2026", "2026-13", "11-2026", "2026-1-1", "november"])
def test_a_month_is_a_year_and_a_number(month: str) -> None:
    """December ends with the year."""
    with pytest.raises(InputError):
        span(month)
    december = datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    assert span("2026-12") == december
