"""Habits learnt from evidence, asked by a real gate about a real program."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.habits_world import Sent
from core.record import Record
from evidence import open_evidence
from tests.scenarios.conftest import Outgate

SEND = """
import sys, urllib.request, urllib.error
for host in sys.argv[1:]:
    try:
        with urllib.request.urlopen(f'https://{host}/', data=b'hello', timeout=30) as answer:
            print(answer.status)
    except urllib.error.HTTPError as error:
        print(error.code, error.read().decode()[:400])
"""
RULES = """
mode: enforce
rules:
  - id: not-like-itself
    description: this script never did that
    when: {unusual: [destination, volume]}
    then: block
"""


def write(home: Path, records: list[Record]) -> None:
    evidence = open_evidence(home / "evidence.db")
    for record in records:
        evidence.writer.close_record(record, lambda _: None)
    evidence.close()


def past(script: Path, host: str, days: int) -> list[Record]:
    """Return what a script sent to a host on each of so many days before now."""
    now = datetime.now(UTC)
    return [
        Sent(at=now - timedelta(days=n), script=str(script), place=host, size=200).record()
        for n in range(days, 0, -1)
    ]


def test_a_gate_knows_what_a_script_never_did(outgate: Outgate) -> None:
    """After three weeks at one host, the same script is refused at another, with the reason; a
    script that nobody knows yet is not."""
    job, new = outgate.script("job.py", SEND), outgate.script("new.py", SEND)
    write(outgate.home, past(job, "files.example", 21))
    (outgate.home / "outgate.yaml").write_text(RULES)

    done = outgate.run(sys.executable, str(job), "files.example", "other.example")
    usual, unusual = done.stdout.split("\n", 1)
    assert usual == "200"
    assert unusual.startswith("403")
    assert "it never sent to other.example" in unusual
    assert [r["decision"]["verdict"] for r in outgate.records()[-2:]] == ["allow", "block"]

    fresh = outgate.run(sys.executable, str(new), "other.example")
    assert fresh.stdout.strip() == "200"
    last = outgate.records()[-1]["decision"]
    assert last["verdict"] == "allow"
    assert "learning, day 1 of 14" in last["reason"]

    told = outgate("policy", "replay", "--since", "30d")
    assert "not-like-itself" in told.stdout
    assert "learnt" in told.stdout


LIMITS = """
mode: enforce
rules:
  - {id: many, when: {destination: {host: files.example}, requests_per: {hour: 3}}, then: block}
  - {id: large, when: {destination: {host: large.example}, resources: {memory_at_least: 1 MB}}, then: block}
  - {id: huge, when: {destination: {host: other.example}, resources: {memory_at_least: 900 GB}}, then: block}
"""


def test_resources_and_many_requests_are_limits(outgate: Outgate) -> None:
    """The third request in an hour is stopped, and a script that holds too much memory."""
    job = outgate.script("job.py", SEND)
    (outgate.home / "outgate.yaml").write_text(LIMITS)
    hosts = ("files.example",) * 4 + ("large.example", "other.example")
    told = outgate.run(sys.executable, str(job), *hosts).stdout.splitlines()
    assert [line[:3] for line in told if line[:3].isdigit()] == "200 200 403 403 403 200".split()
    assert [r["decision"]["rule"] for r in outgate.records()][2:5] == ["many", "many", "large"]


def test_a_script_is_locked_to_what_it_did(outgate: Outgate) -> None:
    """Learnt from a day of real requests, enforced by a person, a locked script reaches what it
    reached before and nothing else; unlocked, it is free again."""
    job = outgate.script("job.py", SEND)
    (outgate.home / "outgate.yaml").write_text("mode: watch  # for now\nrules: []\n")

    def sent(*hosts: str) -> list[str]:
        told = outgate.run(sys.executable, str(job), *hosts).stdout.splitlines()
        return [line for line in told if line[:3].isdigit()]

    assert sent("files.example") == ["200"]
    learn = ("policy", "learn", "job.py")
    assert outgate(*learn, "--days", "1", "--write").returncode == 0
    assert sent("files.example", "other.example") == ["200", "200"]
    locked = outgate(*learn, "--enforce", "--reason", "It sends to one place only")
    assert "Of 3 requests" in outgate(*learn, "--days", "1").stdout
    assert "it would have stopped 1" in locked.stdout, locked.stdout + locked.stderr
    usual, other = sent("files.example", "other.example")
    assert usual == "200"
    assert other.startswith("403")
    assert "it may not send to other.example" in other
    assert outgate(*learn, "--unlock", "--reason", "A second place was agreed").returncode == 0
    assert sent("other.example") == ["200"]
    assert (outgate.home / "outgate.yaml").read_text().startswith("mode: watch  # for now\n")
    assert outgate("verify").returncode == 0
