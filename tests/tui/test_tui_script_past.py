"""The history of a case's script, below the case."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from invented_day import finding, place, record, sender
from memory_case_store import MemoryCaseStore
from present import there

from core.classification import Category
from core.review import Action, CaseFilter, Disposition, ReviewEvent, ScriptVersion, script_event
from tui.case_reading import Reading, read_fully
from tui.script_past import past_section

PATH = "/srv/jobs/claims.py"
HOSTILE = "[b]\x1b[2J\u202ex"


def store_of(now: datetime) -> MemoryCaseStore:
    """One script, two versions, three places."""
    new = sender("claims.py")
    old = replace(new, script=replace(there(new.script), sha256="ab" * 32))
    hosts = ("a.example", "b.example", f"{HOSTILE}.example")
    records = [
        record(now - timedelta(days=n), who, place(host, None, Category.OTHER), finding("email", 3))
        for n, (who, host) in enumerate(zip((new, old, old), hosts, strict=True))
    ]
    return MemoryCaseStore(records)


def told(store: MemoryCaseStore, now: datetime) -> str:
    case = next(c for c in store.page(CaseFilter(status=None), 0, 9) if c.host == "a.example")
    reading = read_fully(store, Reading(case=case))
    rows = past_section(reading.past, case, now, UTC).rows
    return "\n".join(f"{row.label}|{row.text}" for row in rows)


def test_versions_approvals_and_other_cases_stand_below_the_case(now: datetime) -> None:
    """Whoever decides sees what was seen and decided of this script before."""
    store = store_of(now)
    text = told(store, now)
    assert "Seen|in 2 versions" in text
    assert "Approvals|none" in text
    assert "Cases|2 others, 2 open" in text
    assert "b.example: open" in text and "a.example:" not in text

    version = ScriptVersion(script=PATH, sha256="ab" * 32, first_at=now, last_at=now)
    store.append([script_event(version, approve=True, who="ada", at=now, note=HOSTILE)])
    other = next(c for c in store.page(CaseFilter(), 0, 9) if c.host == "b.example")
    closing = ReviewEvent(
        id="c", at=now, case_key=other.key, action=Action.CLOSE, who="ada",
        disposition=Disposition.FALSE_ALARM,
    )  # fmt: skip
    store.append([closing])
    text = told(store, now)
    assert "14:14, approved" in text and "14:14, not approved" in text
    assert "ada approved abababababab" in text
    assert "b.example: closed: false alarm" in text
    assert "Cases|2 others, 1 open" in text
    assert not {"\x1b", "\u202e"} & set(text)


def test_a_script_with_one_case_says_so(now: datetime) -> None:
    """Nothing is made up where there is nothing else; without a script there is no such section."""
    store = MemoryCaseStore(
        [record(now, sender("claims.py"), place("a.example", None, Category.OTHER))]
    )
    assert "This is its only case." in told(store, now)
    nobody = MemoryCaseStore(
        [record(now, sender("x", script=None), place("a.example", None, Category.OTHER))]
    )
    assert told(nobody, now) == ""
