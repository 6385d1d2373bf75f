"""`inspect`: several exchanges under way at a time, records in order, a broken file after whole
ones.
"""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app import offline
from classifiers.credentials.detector import CredentialDetector
from core.classification import Category, Classification, Destination
from core.errors import InputError
from core.exchange import Exchange
from core.ids import utc_now
from tests.app.conftest import Runs


def entry(number: int, **request: Any) -> dict[str, Any]:
    base = {"url": f"https://host{number}.example/", "method": "POST", "headers": []}
    return {
        "request": {**base, **request},
        "response": {"status": 200, "headers": [], "content": {"text": "{}"}},
    }


def asked(number: int) -> Exchange:
    return Exchange(
        id=str(number),
        at=utc_now(),
        scheme="https",
        host=f"host{number}.example",
        port=443,
        method="POST",
        path="/",
    )


def where(exchange: Exchange) -> Destination:
    return Destination(
        scheme="https",
        host=exchange.host,
        port=443,
        path="/",
        service=None,
        category=Category.OTHER,
    )


def recording(path: Path, *entries: Any) -> Path:
    path.write_text(json.dumps({"log": {"entries": entries}}))
    return path


@pytest.fixture(autouse=True)
def our_rules_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """The long tail of secret rules takes ten seconds to compile and is not what is tested here."""
    whole = CredentialDetector.__init__

    def quick(self: CredentialDetector, cache: Any = None, *rest: Any, **options: Any) -> None:
        whole(self, cache, *rest, **{**options, "long_tail": False})

    monkeypatch.setattr(CredentialDetector, "__init__", quick)


def test_order_and_count_are_kept(outgate: Runs, home: Path) -> None:
    """One record for each exchange, in the order of the recordings, chained so that the output
    verifies by itself.
    """
    first = recording(home / "a.har", *(entry(n) for n in range(20)))
    second = recording(home / "b.har", *(entry(n) for n in range(20, 30)))
    told = outgate("inspect", "--no-names", "--format", "jsonl", str(first), str(second))

    records = [json.loads(line) for line in told.out.splitlines()]
    assert (told.code, told.err) == (0, "")
    assert [r["destination"]["host"] for r in records] == [f"host{n}.example" for n in range(30)]
    assert [r["chain"]["seq"] for r in records] == list(range(1, 31))
    (home / "out.jsonl").write_text(told.out)
    assert outgate("verify", str(home / "out.jsonl")).code == 0


@pytest.mark.parametrize("form", ["jsonl", "table"])
def test_a_broken_file_costs_only_itself(outgate: Runs, home: Path, form: str) -> None:
    """The records of a whole file are told before the one line on the broken file behind it."""
    whole = recording(home / "a.har", entry(1), entry(2))
    broken = recording(home / "b.har", entry(3), 7, entry(4))
    told = outgate("inspect", "--no-names", "--format", form, str(whole), str(broken))

    assert told.code == 2
    assert "Entry 1 of" in told.line
    assert [f"host{n}.example" in told.out for n in range(1, 5)] == [True, True, True, False]


def test_a_missing_file_is_told_at_once(outgate: Runs, home: Path) -> None:
    """A mistyped name is told before any work is done on the other files."""
    told = outgate(
        "inspect", "--format", "jsonl", str(recording(home / "a.har", entry(1))), "missing.har"
    )

    assert (told.code, told.out) == (2, "")
    assert "Cannot read missing.har" in told.line


def test_an_empty_recording_is_said_to_be_empty(outgate: Runs, home: Path) -> None:
    """A recording without exchanges is no error, and no empty table either."""
    told = outgate("inspect", "--no-names", str(recording(home / "a.har")))

    assert (told.code, told.out) == (0, "")
    assert told.line == "There is no exchange in this recording."


def test_several_are_under_way_but_not_all() -> None:
    """As many exchanges are under way as was asked for, never more, and slow ones keep their
    place.
    """
    running = most = 0

    async def work(number: int, _: object) -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        for _turn in range(20 - number):
            await asyncio.sleep(0)
        running -= 1
        return number

    pairs: Iterator[Any] = iter([(n, None) for n in range(20)])
    with asyncio.Runner() as runner:
        assert list(offline._in_order(runner, pairs, work, 5)) == list(range(20))
    assert most == 5


def test_a_fault_in_the_reading_comes_last() -> None:
    """What was read before a fault is told in full before the fault is."""

    def pairs() -> Iterator[Any]:
        yield from ((n, None) for n in range(3))
        raise InputError("broken")

    async def work(number: int, _: object) -> int:
        return number

    with asyncio.Runner() as runner:
        records = offline._in_order(runner, pairs(), work, 8)
        assert [next(records), next(records), next(records)] == [0, 1, 2]
        with pytest.raises(InputError):
            next(records)


def test_a_deadline_begins_when_a_worker_is_free() -> None:
    """An exchange that waits for its turn keeps its whole time: waiting is no reason to call it
    uninspected.
    """
    busy = most = 0

    class Pool:
        async def classify(self, exchange: Exchange, deadline_s: float) -> Classification:
            nonlocal busy, most
            busy += 1
            most = max(most, busy)
            await asyncio.sleep(0)
            busy -= 1
            return Classification(destination=where(exchange))

        async def classify_window(self, exchange: Exchange, deadline_s: float) -> Classification:
            raise AssertionError("a recording is read whole")

        async def close(self) -> None:
            pass

    async def all_of_them() -> list[Classification]:
        pool = offline._InTurn(Pool(), 2)
        return await asyncio.gather(*(pool.classify(asked(n), 1) for n in range(9)))

    answers = asyncio.run(all_of_them())
    assert [answer.destination.host for answer in answers] == [asked(n).host for n in range(9)]
    assert most == 2


def test_a_piped_table_is_plain(outgate: Runs, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Piped output is the same whatever the terminal's variables say: no colours, no cut at its
    width.
    """
    files = str(
        recording(home / "a.har", entry(1, postData={"text": "pay to DE90871318609139099603"}))
    )
    plain = outgate("inspect", "--no-names", files)
    for name, value in {
        "FORCE_COLOR": "1",
        "CLICOLOR_FORCE": "1",
        "TERM": "xterm-256color",
        "COLUMNS": "20",
    }.items():
        monkeypatch.setenv(name, value)
    forced = outgate("inspect", "--no-names", files)

    assert "1 bank account number" in plain.out
    assert "\x1b" not in forced.out
    assert forced.out == plain.out


def test_messages_of_a_websocket_are_inspected(outgate: Runs, home: Path) -> None:
    """What a client said in a WebSocket is read like a body, and its talk with a model is one."""
    spoken: list[dict[str, Any]] = [
        {"type": "send", "opcode": 1, "data": json.dumps({"setup": {"model": "models/gemini-x"}})},
        {"type": "receive", "opcode": 1, "data": json.dumps({"setupComplete": {}})},
        {
            "type": "send",
            "opcode": 1,
            "data": json.dumps(
                {"clientContent": {"turns": [{"parts": [{"text": "IBAN DE02120300000000202051"}]}]}}
            ),
        },
        {
            "type": "receive",
            "opcode": 1,
            "data": json.dumps(
                {
                    "serverContent": {"turnComplete": True},
                    "usageMetadata": {"promptTokenCount": 12, "responseTokenCount": 3},
                }
            ),
        },
    ]
    socket = {
        **entry(1, url="wss://voice.example/live", method="GET"),
        "_webSocketMessages": spoken,
    }
    told = outgate(
        "inspect", "--no-names", "--format", "jsonl", str(recording(home / "a.har", socket))
    )
    (record,) = map(json.loads, told.out.splitlines())
    assert [finding["kind"] for finding in record["findings"]] == ["iban"]
    assert record["destination"]["category"] == "llm"
    assert record["request"]["bytes"] == sum(len(m["data"]) for m in spoken if m["type"] == "send")
    assert (record["llm"]["input_tokens"], record["llm"]["output_tokens"]) == (12, 3)
    assert record["llm"]["model"] == "gemini-x"
    explained = outgate("inspect", "--no-names", "--explain", "1", str(home / "a.har"))
    assert "iban" in explained.out
