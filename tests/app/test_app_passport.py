"""One page of a script, who follows its owner, the good scripts handed on, scans in evidence."""

import csv
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from attribution.identity.contents import ContentStore
from benchmarks.habits_world import Sent
from core.attribution import Attribution
from core.decision import Verdict
from core.fate import Fate
from core.ids import uuid7
from core.observation import Kind, Observation, Seen
from core.record import Record
from core.review import CaseFilter
from evidence import open_evidence, open_store
from tests.evidence.conftest import make_observation, with_fate

from .conftest import Runs

SOURCE = 'import requests\nPASSWORD = "Tr0ub4dor-9-xkcd"\neval(input())\n'
PARTS = {
    "imports": ["requests"],
    "used": [["requests", "requests", "2.31.0"]],
    "installed": [["requests", "2.31.0", "x"], ["idna", "3.4", "y"]],
}


def write(home: Path, records: list[Record], *seen: Observation) -> None:
    evidence = open_evidence(home / "evidence.db")
    for record in records:
        evidence.writer.close_record(record, lambda _: None)
    for one in seen:
        evidence.writer.observed(one, lambda _: None)
    evidence.close()


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def job(home: Path, tmp_path: Path) -> Path:
    """A script with three weeks of evidence in two versions."""
    path = tmp_path / "jobs" / "payroll.py"
    path.parent.mkdir()
    path.write_text(SOURCE)
    now = datetime.now(UTC)
    sent = [
        Sent(
            at=now - timedelta(days=n, minutes=1),
            script=str(path),
            place="api.partner.example",
            size=10_000,
            kinds=("iban",),
            sha256=digest(SOURCE) if n < 5 else "b" * 64,
        )
        for n in range(20, 0, -1)
    ]
    sender = sent[-1].record().sender
    write(home, [one.record() for one in sent], *observations(sender, now - timedelta(days=1)))
    kept = ContentStore(home / "scripts", str)
    kept.keep(SOURCE.encode(), digest(SOURCE))
    kept.keep_parts(digest(SOURCE), PARTS)
    return path


def observations(sender: Attribution, at: datetime) -> list[Observation]:
    database = Observation(
        id=uuid7(at),
        at=at,
        kind=Kind.CONNECTION,
        about="postgresql at db.example:5432",
        sender=sender,
        facts={"database": Seen(value="ledger", how="the protocol's first message")},
        notable=True,
    )
    other = replace(sender, script=None)
    return [database, replace(database, id=uuid7(at), about="mysql at x:1", sender=other)]


def page(outgate: Runs, job: Path, *more: str) -> dict[str, list[str]]:
    told = outgate("scripts", str(job), "--format", "json", *more)
    assert told.code == 0, told.err
    value: dict[str, Any] = json.loads(told.out)
    assert value["schema"] == "outgate.passport/1"
    parts: dict[str, list[str]] = value["parts"]
    return parts


def test_one_page_says_all_that_is_known(outgate: Runs, job: Path) -> None:
    """Owner, versions, approvals, parts, dangers, destinations, people, databases, runs, habits."""
    named = ("--version", digest(SOURCE)[:8])
    assert outgate("scripts", "--approve", "--reason", "With finance", *named, str(job)).code == 0
    parts = page(outgate, job)
    assert (
        list(parts)
        == (
            "owner versions approvals made_of at_risk flaws credentials schedules destinations people"
            " databases listeners files runs baseline contract"
        ).split()
    )
    assert all(parts.values())
    assert parts["versions"][0].startswith(digest(SOURCE)[:12])
    assert "until it changes: “With finance”" in parts["approvals"][0]
    assert parts["made_of"][:2] == ["imports requests 2.31.0", "2 packages in its environment"]
    assert "not known: no advisories" in parts["at_risk"][0]
    assert any("eval" in line for line in parts["flaws"])
    assert any("line 2" in line for line in parts["credentials"])
    assert "Tr0ub4dor" not in json.dumps(parts)
    assert parts["destinations"][0].startswith("api.partner.example: 20 requests, 200.0 kB sent")
    assert "3 rows with bank account numbers" in parts["destinations"][0]
    assert parts["databases"][0].startswith("postgresql at db.example:5432, last ")
    assert parts["databases"][0].endswith("; Database: ledger")
    assert len(parts["databases"]) == 1
    assert parts["people"] == ["data of up to 3 people in one request"]
    assert parts["baseline"][0].startswith("known: ")
    assert "to api.partner.example: bank account numbers; " in parts["baseline"][2]
    assert outgate("policy", "learn", str(job), "--write").code == 0
    assert "may send" in page(outgate, job)["contract"][0]


def test_the_page_counts_people_and_what_was_stopped_as_the_report_does(
    outgate: Runs, home: Path, job: Path
) -> None:
    """Stopped requests tell of people, too, and what was in them; examples of none; what failed
    nobody stopped.
    """
    now = datetime.now(UTC)
    sent = Sent(at=now, script=str(job), place="api.partner.example", size=1, kinds=("iban",))
    record = sent.record()
    (found,) = record.findings
    blocked = replace(record.decision, verdict=Verdict.BLOCK)
    example = replace(found, records=900, test_data=True)
    write(
        home,
        [
            replace(record, id=uuid7(), decision=blocked, findings=(replace(found, subjects=7),)),
            replace(record, id=uuid7(), findings=(example, replace(found, kind="secret"))),
            *(replace(with_fate(record, fate), id=uuid7()) for fate in Fate),
        ],
    )
    parts = page(outgate, job)
    assert parts["people"] == ["data of up to 7 people in one request"]
    assert parts["destinations"][0].startswith(
        "api.partner.example: 27 requests, at least 200.0 kB sent"
    )
    assert (
        ", 2 stopped (at least 3 rows with bank account numbers), 1 bypassed, 1 unsent, 1 failed, "
        "1 unfinished, last" in parts["destinations"][0]
    )


def test_the_page_is_the_same_for_terminal_and_browser(
    outgate: Runs, job: Path, tmp_path: Path
) -> None:
    """An officer prints the page; nothing in it is fetched or runs."""
    text = outgate("scripts", str(job)).out
    for title in ("Owner", "Credentials", "Sends to", "Databases", "Habits", "Contract"):
        assert f"\n  {title:<13} " in text
    out = tmp_path / "page.html"
    assert outgate("scripts", "payroll.py", "--format", "html", "--out", str(out)).code == 0
    html = out.read_text()
    assert "default-src 'none'" in html
    assert "<script" not in html
    assert "postgresql at db.example:5432" in html


def test_a_changed_file_is_told_as_changed(outgate: Runs, job: Path) -> None:
    """What is looked for in the file as it lies there is not said of the version that ran."""
    job.write_text("print(1)\n")
    parts = page(outgate, job)
    assert "it has changed since" in parts["credentials"][0]
    assert parts["credentials"][1:] == ["none"]
    job.unlink()
    parts = page(outgate, job)
    assert parts["credentials"] == ["not looked for: the file is gone"]
    assert "the file is gone" in parts["owner"][0]


def test_what_nobody_looked_at_is_never_told_as_clean(
    outgate: Runs, home: Path, job: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is too large, or no script of anybody's, and a policy that cannot be read, are
    told as what they are: not as gone, and not as nothing.
    """
    (home / "outgate.yaml").write_text("contracts: [\n")
    with job.open("ab") as file:
        file.truncate(80_000_000)
    parts = page(outgate, job)
    for part in ("flaws", "credentials"):
        assert parts[part][0] == "not all could be looked for: too large to be read"
        assert "none" not in parts[part]
    assert parts["contract"][0].startswith("not known: ")
    job.write_text(f"{SOURCE}print 'of Python 2'\n")
    unread, changed, found = page(outgate, job)["credentials"]
    assert "not Python of today" in unread and "changed" in changed and "Tr0ub4dor" not in found

    job.unlink()
    job.mkdir()
    parts = page(outgate, job)
    assert parts["flaws"] == ["not looked for: it is no file"]
    job.rmdir()
    job.write_text(SOURCE)
    monkeypatch.setattr("app.scanning.look_at", lambda *_: None)
    assert "but part of a package" in page(outgate, job)["credentials"][0]


def test_a_part_that_is_cut_says_how_much_is_not_shown(
    outgate: Runs, home: Path, job: Path
) -> None:
    """A page never reads like all that there is: the newest are shown, the others counted."""
    now = datetime.now(UTC)
    sent = [
        Sent(at=now - timedelta(minutes=n), script=str(job), place=f"p{n}.example", size=10)
        for n in range(30)
    ]
    write(home, [one.record() for one in sent])
    old = [seen_at(job, now - timedelta(hours=n), n) for n in range(25)]
    write(home, [], *old[::-1])
    job.write_text("".join(f'PASSWORD_{n} = "Tr0ub4dor-{n}-xkcd"\n' for n in range(24)))
    parts = page(outgate, job)
    assert len(parts["destinations"]) == 21 and parts["destinations"][-1].endswith("more")
    assert parts["databases"][0].startswith("database 0 at") and len(parts["databases"]) == 21
    assert parts["credentials"][-1].startswith("and ")


def seen_at(job: Path, at: datetime, number: int) -> Observation:
    """A connection of a script to a database of its own."""
    one = make_observation(100 + number, kind=Kind.CONNECTION)
    assert one.sender.script is not None
    script = replace(one.sender.script, path=str(job), name=job.name)
    sender = replace(one.sender, script=script)
    return replace(one, at=at, about=f"database {number} at x", sender=sender)


def accounts(tmp_path: Path, enabled: str) -> Path:
    import getpass

    path = tmp_path / "accounts.csv"
    path.write_text(f"account,enabled,successor\n{getpass.getuser()},{enabled},bo\n")
    return path


def test_an_owner_who_is_gone_asks_for_a_successor(
    outgate: Runs, job: Path, tmp_path: Path
) -> None:
    """The page says so until a person names one; who did, and why, stays in the evidence."""
    gone = ("--accounts", str(accounts(tmp_path, "no")))
    assert page(outgate, job, *gone)["owner"][1] == (
        f"name a successor: outgate scripts owner {job} --successor bo"
    )
    assert outgate("scripts", "owner", str(job)).code == 2
    named = outgate(
        "scripts", "owner", "payroll.py", "--successor", "cleo\x1b[31m", "--reason", "Ann left"
    )
    assert named.code == 0
    assert "\x1b" not in named.out
    owner = page(outgate, job, *gone)["owner"]
    assert owner[1].startswith("successor cleo")
    assert owner[2] == "“Ann left”"
    assert not any("name a successor" in line for line in owner)
    assert outgate("verify").code == 0


def test_a_scan_joins_the_evidence_where_that_is_asked_for(
    outgate: Runs, home: Path, job: Path, tmp_path: Path
) -> None:
    """An act says what was found; each script without an owner is a case, once, until somebody
    answers for it. A scan by itself writes nothing."""
    (job.parent / "never.py").write_text("import requests\n")
    before = (home / "evidence.db").read_bytes()
    scan = ("scan", str(job.parent), "--at-once", "--accounts", str(accounts(tmp_path, "no")))
    told = outgate(*scan, "--format", "json")
    seen = {Path(s["path"]).name: s["seen_running"] for s in json.loads(told.out)["scripts"]}
    assert seen == {"payroll.py": True, "never.py": False}
    assert (home / "evidence.db").read_bytes() == before

    assert "1 new case" in outgate(*scan, "--record").err
    assert "0 new cases" in outgate(*scan, "--record").err
    store = open_store(home / "evidence.db")
    (case,) = store.page(CaseFilter(kind="orphan"), 0, 9)
    assert case.script_path == str(job)
    assert case.host.startswith("the account of")
    (last,) = [v for v in store.script_versions(str(job)) if v.sha256 == digest(SOURCE)]
    assert last.last_at < datetime.now(UTC) - timedelta(hours=12)
    assert outgate("scripts", "owner", str(job), "--successor", "bo").code == 0
    assert "0 new cases" in outgate(*scan, "--record").err
    assert outgate("verify").code == 0


def test_without_evidence_a_scan_has_nothing_to_join(outgate: Runs, home: Path) -> None:
    """It is said before the work, and nothing is made."""
    told = outgate("scan", ".", "--record")
    assert told.code == 2
    assert "No gate" in told.line
    assert list(home.iterdir()) == []


def test_good_scripts_are_handed_on(outgate: Runs, home: Path, job: Path, tmp_path: Path) -> None:
    """Only approved ones, with masked source, pinned requirements and where they send."""
    folder = tmp_path / "good"
    nothing = outgate("scripts", "export", str(folder))
    assert nothing.code == 2
    assert "nothing to hand on" in nothing.line
    named = ("--version", digest(SOURCE)[:8])
    assert outgate("scripts", "--approve", "--reason", "=cmd()", *named, str(job)).code == 0
    assert outgate("scripts", "owner", str(job), "--successor", "bo").code == 0
    gone = ("--accounts", str(accounts(tmp_path, "no")))
    assert outgate("scripts", "export", str(folder), *gone).code == 0
    (row,) = csv.DictReader((folder / "scripts.csv").read_text().splitlines())
    assert row["script"] == str(job)
    assert row["owner"].endswith(" (disabled)") and row["successor"] == "bo"
    assert row["sends_to"] == "api.partner.example"
    assert row["reason"] == "'=cmd()"
    assert (folder / row["file"]).read_text() == SOURCE  # the store of this test masks nothing
    pinned = (folder / f"{row['file']}.requirements.txt").read_text().splitlines()
    assert pinned[1:] == ["requests==2.31.0"]
    again = outgate("scripts", "export", str(folder))
    assert again.code == 2
    assert "not empty" in again.line

    other = Sent(at=datetime.now(UTC), script=str(job), place="x.example", size=1, sha256="c" * 64)
    write(home, [other.record()])
    assert outgate("scripts", "export", str(tmp_path / "more")).code == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (lambda job: ("nowhere.py",), "was seen"),
        (lambda job: (job, job), "more than one"),
        (lambda job: (job, "--format", "pdf"), "no format"),
        (lambda job: (job, "--format", "json", "--out", "/nowhere/at/all"), "Cannot write"),
        (lambda job: (job, "--format", "json", "--accounts", "/nowhere"), "Cannot read"),
        (lambda job: ("owner",), "Say more"),
        (lambda job: ("export",), "Say more"),
        (lambda job: ("owner", job, "--successor", " "), "--successor"),
        (lambda job: ("--format", "json"), "--format does not go with the list"),
        (lambda job: (job, "--version", "aa"), "--version does not go with the page"),
        (lambda job: (job, "--diff", "--out", "x"), "--out does not go with --diff"),
        (lambda job: (job, "--successor", "bo"), "--successor does not go"),
        (lambda job: (job, "--diff", "--approve"), "one of --diff and --approve"),
        (lambda job: ("owner", job, "--successor", "bo", "--withdraw"), "one of --withdraw and"),
        (lambda job: ("export", job, "--out", "x"), "--out does not go with export"),
        (lambda job: ("--approve", "--reason", "x"), "Name one script"),
    ],
)
def test_what_cannot_be_shown_is_said_in_a_line(
    outgate: Runs, job: Path, arguments: Callable[[str], tuple[str, ...]], words: str
) -> None:
    """One line with what to do."""
    told = outgate("scripts", *arguments(str(job)))
    assert told.code == 2
    assert words in told.line
