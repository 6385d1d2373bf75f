"""`forward` and `metrics` as an administrator uses them, and what a gate sends on by itself."""

import asyncio
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from collectors import OtlpCollector, SyslogCollector, unused_port
from invented_day import sample_records
from patience import PATIENT_S, soon

from app.forwarding import Courier, keep_forwarding, routes_of
from app.home import Home
from app.metrics_listener import server
from app.settings import Settings, load_settings
from core.duties import OWNER
from core.errors import InputError, SettingsError
from evidence import open_evidence, open_store
from evidence.store import Store
from tests.app.conftest import Runs

NOW = datetime(2026, 11, 20, 14, 14, tzinfo=UTC)


@pytest.fixture
def kept(home: Path) -> int:
    """Evidence of a day; returns how many records."""
    records = sample_records(NOW)
    evidence = open_evidence(home / "evidence.db")
    told = threading.Semaphore(0)
    for record in records:
        evidence.writer.close_record(record, lambda _: told.release())
        assert told.acquire(timeout=30)
    evidence.close()
    return len(records)


@pytest.fixture
def syslog() -> Iterator[SyslogCollector]:
    made = SyslogCollector()
    yield made
    made.close()


@pytest.fixture
def otlp() -> Iterator[OtlpCollector]:
    made = OtlpCollector()
    yield made
    made.close()


def settings(home: Path, **collectors: str) -> None:
    lines = "".join(f"  {name}: {address}\n" for name, address in collectors.items())
    (home / "settings.yaml").write_text(f"collectors:\n{lines}")


def test_everything_is_sent_and_what_waits_is_told(
    outgate: Runs, home: Path, kept: int, syslog: SyslogCollector, otlp: OtlpCollector
) -> None:
    """Each collector gets all; one that is away keeps its own waiting, and no other's."""
    with unused_port() as port:
        settings(
            home,
            away=f"syslog+tcp://127.0.0.1:{port}",
            logs=f"otlp+http://127.0.0.1:{otlp.port}",
            siem=f"syslog+tcp://127.0.0.1:{syslog.port}",
        )
        told = outgate("forward")
        assert told.code == 1
        assert f"away: {kept} records" in told.out and "did not take it" in told.out
        listed = {
            one["collector"]: one for one in json.loads(outgate("forward", "--list", "--json").out)
        }
        assert (listed["away"]["records"], listed["siem"]["records"]) == (kept, 0)
    assert len([one for one in syslog.messages if "|record|" in one]) == kept
    assert len([log for log in otlp.logs() if "record" in json.dumps(log)]) >= kept
    settings(home, away=f"syslog+tcp://127.0.0.1:{syslog.port}")
    assert outgate("forward").code == 0
    assert len([one for one in syslog.messages if "|record|" in one]) == 2 * kept


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://x", "begins with none of"),
        ("syslog+tcp://", "names no host"),
        ("otlp+http://user:canary@x", "scheme, host, port and path only"),
        ("otlp+http://x:abc", ""),
    ],
)
def test_a_wrong_address_is_told(outgate: Runs, home: Path, address: str, words: str) -> None:
    """At once, by every command, in one line and without a password."""
    settings(home, siem=address)
    told = outgate("forward")
    assert told.code == 2 and words in told.line and "canary" not in told.line


@pytest.mark.parametrize("name", ["../x", "a b", "", "x" * 41, "ü"])
def test_a_name_that_is_no_file_name_is_refused(home: Path, name: str) -> None:
    """A collector's name names a file, too."""
    (home / "settings.yaml").write_text(json.dumps({"collectors": {name: "syslog+tcp://x"}}))
    with pytest.raises(SettingsError):
        load_settings(home / "settings.yaml")


def test_without_collectors_or_evidence_it_says_what_to_do(outgate: Runs, home: Path) -> None:
    """One line, nothing made."""
    for command in ("forward", "metrics"):
        told = outgate(command)
        assert told.code == 2 and "no evidence yet" in told.line
    assert not (home / "evidence.db").exists()
    open_store(home / "evidence.db").close()
    told = outgate("forward")
    assert told.code == 2 and "collectors:" in told.line


def _samples(text: str) -> dict[str, float]:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


def test_metrics_are_what_was_recorded(outgate: Runs, home: Path, kept: int) -> None:
    """In Prometheus' text: every exchange is counted once, by destination, account and outcome."""
    told = outgate("metrics")
    found = _samples(told.out)
    exchanges = [v for k, v in found.items() if k.startswith("outgate_exchanges_total{")]
    assert (told.code, sum(exchanges), found["outgate_records"]) == (0, kept, kept)
    records = sample_records(NOW)
    left = sum(one.request.bytes for one in records if one.left)
    sent = [v for k, v in found.items() if k.startswith("outgate_sent_bytes_total{")]
    assert sum(sent) == left
    assert told.out.count("# TYPE outgate_exchanges_total counter") == 1


def test_metrics_are_served_on_loopback_only(tmp_path: Path) -> None:
    """For a Prometheus on this machine; other paths are not found, other addresses refused."""
    with server("127.0.0.1:0", lambda: "outgate_records 7\n") as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        port = serving.server_address[1]
        with urllib.request.urlopen(
            f"http://127.0.0.1:{port}/metrics", timeout=PATIENT_S
        ) as answer:
            assert answer.read() == b"outgate_records 7\n"
            assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=PATIENT_S)
        serving.shutdown()
    for address in ("0.0.0.0:0", "192.0.2.1:9", "example.org:9"):
        with pytest.raises(InputError, match="loopback"):
            server(address, str)


@pytest.fixture
def store(home: Path, kept: int) -> Iterator[Store]:
    opened = open_store(home / "evidence.db", clock=lambda: NOW)
    yield opened
    opened.close()


def test_a_gate_sends_on_by_itself(
    home: Path, store: Store, otlp: OtlpCollector, kept: int
) -> None:
    """Logs at once, metrics each minute."""
    chosen = Settings(collectors={"otel": f"otlp+http://127.0.0.1:{otlp.port}"})
    couriers = [Courier(route) for route in routes_of(Home(home), chosen, store)]

    async def for_a_while() -> None:
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(keep_forwarding(couriers))
            await soon(lambda: any(path.endswith("/v1/metrics") for path, _ in otlp.taken))
            task.cancel()

    asyncio.run(for_a_while())
    assert len(otlp.logs()) >= kept
    (metrics,) = [body for path, body in otlp.taken if path == "/v1/metrics"]
    told = metrics["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]
    names = {one["name"] for one in told}
    assert {"outgate.exchanges", "outgate.sent_bytes", "outgate.outbox_waiting"} <= names
    (exchanges,) = [one for one in told if one["name"] == "outgate.exchanges"]
    points = exchanges["sum"]["dataPoints"]
    assert sum(int(point["asInt"]) for point in points) == kept
    assert exchanges["sum"]["isMonotonic"] and exchanges["sum"]["aggregationTemporality"] == 2


def test_a_collector_that_is_away_is_asked_less_and_less(
    home: Path, store: Store, caplog: pytest.LogCaptureFixture, syslog: SyslogCollector
) -> None:
    """It is told once that it is away, and once that it is back."""
    now = 0.0
    with unused_port() as port:
        chosen = Settings(collectors={"siem": f"syslog+tcp://127.0.0.1:{port}"})
        (route,) = routes_of(Home(home), chosen, store)
        courier = Courier(route, clock=lambda: now)
        tries: list[float] = []
        for _ in range(2000):
            before = courier._failures
            courier.look()
            if courier._failures > before:
                tries.append(now)
            now += 1
    gaps = [b - a for a, b in pairwise(tries)]
    assert 5 <= len(tries) <= 25
    assert gaps[0] <= 11 and max(gaps) <= 301 and gaps[-1] > 100
    assert len([one for one in caplog.records if "siem" in one.getMessage()]) == 1


def test_a_fault_of_forwarding_ends_no_gate(
    home: Path, store: Store, otlp: OtlpCollector, nothing_has_ended: None
) -> None:
    """Whatever goes wrong beside the requests (a full disk, a fault of ours), it is told, and tried
    again; the gate goes on.
    """
    chosen = Settings(collectors={"otel": f"otlp+http://127.0.0.1:{otlp.port}"})
    (route,) = routes_of(Home(home), chosen, store)
    looks: list[BaseException] = []

    class Broken(Courier):
        def look(self) -> None:
            looks.append(RuntimeError("canary"))
            raise looks[-1]

    async def for_a_while() -> None:
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(keep_forwarding([Broken(route)], every_s=0.01))
            await soon(lambda: len(looks) > 1)
            task.cancel()

    asyncio.run(for_a_while())
    assert len(looks) > 1
    assert any("collectors" in one for one in OWNER.trouble)
    OWNER.forget()


def test_a_folder_that_cannot_be_written_is_a_collectors_trouble(
    home: Path, store: Store, otlp: OtlpCollector, caplog: pytest.LogCaptureFixture
) -> None:
    """It is told once in the log, and later tried again."""
    (home / "outbox").write_text("in the way")
    chosen = Settings(collectors={"otel": f"otlp+http://127.0.0.1:{otlp.port}"})
    (route,) = routes_of(Home(home), chosen, store)
    courier = Courier(route, clock=lambda: 0.0)
    courier.look()
    assert any("collector otel" in one.getMessage() for one in caplog.records)
    assert otlp.taken == []
