"""The review over a fleet: the same desk, with cases of all machines."""

from collections.abc import Mapping
from dataclasses import replace

import orjson
import pytest
from fleet_world import NOW, FleetWorld
from textual.widgets import Input, Static

from core.case_vocabulary import shown
from core.decision import Decision, Verdict
from core.errors import ForbiddenError, InputError, SettingsError
from core.ids import utc_now
from core.review import (
    About,
    Action,
    CaseFilter,
    CaseStatus,
    Condition,
    Disposition,
    ReviewEvent,
    script_key,
)
from core.rights import Actor, Deed
from core.risk import risk_of
from core.stored import StoredRecord, UnreadableEntry
from core.vocabulary.kinds import tells_of_people
from fleet.held import Became, told, told_back
from hub.council import Agreed, agree
from hub.deeds import deeds_about
from hub.review_holds import HubHolds
from hub.review_store import HubCases
from hub.settings import POLICY_KEY
from tui.detail_pane import DetailPane
from tui.fleet_review import FleetReview, FleetScreen
from tui.live_queue import Reviewer
from tui.queue_view import QueueView
from tui.tab_strip import TabStrip
from tui.wording import case_sentence, health

ADA = Actor(name="ada", role="reviewer", channel="review")
ALL = CaseFilter(status=None)


@pytest.fixture(name="store")
def store_fixture(world: FleetWorld) -> HubCases:
    """Three machines of two groups that run the same scripts."""
    for number, group in enumerate(("finance", "finance", "tills")):
        member = world.member(f"machine-{number}", group)
        member.records(60, seed=number)
        member.round()
    return HubCases(database=world.hub.database, folder=world.folder / "hub", actor=ADA)


def event(store: HubCases, action: Action, **more: object) -> ReviewEvent:
    key = store.page(ALL, 0, 1)[0].key
    values = {"id": "1", "at": NOW, "case_key": key, "action": action, "who": "ada", **more}
    return ReviewEvent(**values)  # type: ignore[arg-type]


def test_a_record_whose_message_is_damaged_here_is_told_so(
    world: FleetWorld, store: HubCases
) -> None:
    """The desk shows the others, and does not say that a month was removed."""
    case = next(case for case in store.page(ALL, 0, 100) if case.user == "3 machines")
    assert all(isinstance(one, StoredRecord) for one in store.records(case.key))
    world.rows("UPDATE uploads SET blob = 'x' WHERE number = 1 RETURNING 1")
    found = store.records(case.key)
    unread = [one.why for one in found if isinstance(one, UnreadableEntry)]
    assert set(unread) == {"its message is damaged at the hub"}
    assert len(unread) < len(found)
    world.rows("DELETE FROM uploads WHERE number = 1 RETURNING 1")
    gone = [one.why for one in store.records(case.key) if isinstance(one, UnreadableEntry)]
    assert gone == ["its message is not at the hub any more"] * len(unread)


def test_the_desk_reads_cases_of_all_machines(world: FleetWorld, store: HubCases) -> None:
    """On how many machines, with versions, groups and days; the records as they came."""
    listed = store.page(ALL, 0, 100)
    assert len(listed) == store.count(ALL) > 3
    assert "3 machines" in {case.user for case in listed}
    risks = [risk_of(case).points for case in listed]
    assert risks == sorted(risks, reverse=True) and len(set(risks)) > 1
    widest = next(case for case in listed if case.user == "3 machines")
    assert max(case.inside.people for case in listed) > 0
    first = store.case(widest.key)
    assert first is not None and first.inside.machines == 3
    assert f"“{first.script}”, on 3 machines, sent" in case_sentence(first, world.clock())
    versions = first.inside.versions.values()  # each with its requests, not its machines
    assert sum(one.count for one in versions) == first.count
    assert max(one.last_at for one in versions) == first.last_at
    assert health(store.totals(), world.clock())[1].startswith("Last request")
    assert "skipped" not in health(store.totals(), world.clock())[1]  # it does not tell
    assert risk_of(first) == risk_of(widest)  # a list and what it opens say the same
    assert set(first.inside.named_machines) == {"machine-0", "machine-1", "machine-2"}
    assert first.inside.versions and first.inside.days and first.inside.users
    # Its users are no data subjects: those are at least as many as one request tells of.
    kept = store.records(first.key, first.count)
    sent = [one.record for one in kept if isinstance(one, StoredRecord)]
    found = [f for record in sent for f in record.findings]
    people = [f.distinct for f in found if tells_of_people(f.kind)]
    assert first.inside.people == max(people, default=0)
    assert first.values == max(f.distinct for f in found)
    assert first.records == max(f.records or 0 for f in found)
    assert not first.inside.people_exact and not first.inside.most_exact
    assert all(not one.distinct and not one.exact for one in first.inside.kinds.values())
    assert len({one.partition(" ")[0] for one in first.inside.groups}) == 2
    records = store.records(first.key, first.count)
    assert len(records) == first.count
    assert all(isinstance(one, StoredRecord) for one in records)
    assert store.totals()["open_cases"] == len(listed)
    assert store.case("fleet\x1f99999") is None and store.case("other") is None
    for wanted in (
        CaseFilter(text=first.script[:6].upper()),
        CaseFilter(destination=first.host),
        CaseFilter(kind=first.kinds[0]),
        CaseFilter(conditions=(Condition(about=About.SCRIPT, values=(first.script,)),)),
    ):
        assert first.key in {case.key for case in store.page(wanted, 0, 100)}
    held = (
        (About.SHOWN, "no such text", shown(About.KIND, first.kinds[0])),
        (About.SHOWN, first.script[:4]),
        (About.TIMES, str(first.count)),
    )
    missed = (
        (About.SCRIPT, first.script),
        (About.TIMES, str(first.count)),
        (About.SHOWN, "x", shown(About.ACCOUNT, first.account_kind)),
    )
    for negated, asked in ((False, held), (True, missed)):
        for about, *values in asked:
            one = Condition(about=about, values=tuple(values), negated=negated)
            keys = {case.key for case in store.page(CaseFilter(conditions=(one,)), 0, 100)}
            assert (first.key in keys) is not negated, one
    more = Condition(about=About.TIMES, values=(str(first.count + 1),))
    assert first.key not in {c.key for c in store.page(CaseFilter(conditions=(more,)), 0, 100)}
    assert store.count(CaseFilter(text="nothing is called so")) == 0


def test_no_name_is_read_where_pseudonyms_are_agreed_on(world: FleetWorld, store: HubCases) -> None:
    """Neither in a case nor in a record of it."""
    names = {name for (name,) in world.rows("SELECT name FROM people")}
    agreed = Agreed(pseudonyms=True, smallest_group=5, may_reveal=("ada", "bo"))
    with world.hub.database.work() as connection:
        agree(connection, agreed, who="ada", note="", now=NOW)
    for case in store.page(ALL, 0, 100):
        found = store.case(case.key)
        text = f"{found!r}{store.records(case.key, 5)!r}"
        assert not {name for name in names if name in text}
        assert "machine-" not in text


def test_who_counts_records_of_few_people_counts_no_pseudonyms(
    world: FleetWorld, store: HubCases
) -> None:
    """Where a case does not tell its people for they are too few, none of its records tells one."""
    for smallest, tells in ((5, False), (2, True)):
        agreed = Agreed(pseudonyms=True, smallest_group=smallest, may_reveal=("ada", "bo"))
        with world.hub.database.work() as connection:
            connection.execute("DELETE FROM council")
            agree(connection, agreed, who="ada", note="", now=NOW)
        of_many = {
            case.key
            for case in store.page(ALL, 0, 100)
            if (inside := store.case(case.key)) is not None and inside.inside.users
        }
        assert bool(of_many) is tells
        for case in store.page(ALL, 0, 100):
            kept = store.records(case.key, 9)
            users = {one.record.sender.user for one in kept if isinstance(one, StoredRecord)}
            assert any(str(user).startswith("person-") for user in users) is (case.key in of_many)
            assert case.key in of_many or users == {""}


@pytest.mark.parametrize(
    ("disposition", "back"),
    [(Disposition.ALLOWED_PURPOSE, False), (Disposition.CONFIRMED_LEAK, True)],
)
def test_a_case_is_closed_for_the_whole_fleet(
    world: FleetWorld, store: HubCases, disposition: Disposition, back: bool
) -> None:
    """With reason, person, role and door; a leak that happens again is open again."""
    before = store.count(CaseFilter())
    (written,) = store.append([event(store, Action.CLOSE, disposition=disposition, note="asked")])
    assert store.count(CaseFilter()) == before - 1
    (closed,) = store.page(CaseFilter(status=CaseStatus.CLOSED), 0, 9)
    assert (closed.key, closed.disposition) == (written.case_key, disposition)
    (act,) = store.history(closed.key)
    assert (act.who, act.role, act.channel, act.note) == ("ada", "reviewer", "review", "asked")
    assert (act.action, act.disposition) == (Action.CLOSE, disposition)
    world.clock.on(hours=1)
    again = world.member("machine-9")
    again.records(60, seed=0)
    again.round()
    status = {case.key: case.status for case in store.page(ALL, 0, 100)}[closed.key]
    assert status is (CaseStatus.OPEN if back else CaseStatus.CLOSED)
    store.append([replace(event(store, Action.REOPEN), case_key=closed.key)])
    assert store.count(CaseFilter(status=CaseStatus.CLOSED)) == 0


def test_whoever_may_not_decides_nothing(world: FleetWorld, store: HubCases) -> None:
    """A refusal leaves everything as it was, be it the first or the last of several."""
    store.refusal = lambda deed: f"To {deed} takes another role."
    with pytest.raises(ForbiddenError):
        store.append([event(store, Action.CLOSE, disposition=Disposition.TEST_DATA)])
    with pytest.raises(ForbiddenError):
        store.take(store.page(ALL, 0, 1)[0].key)
    store.refusal = lambda deed: None if deed is Deed.CLOSE else "no"
    both = [event(store, Action.CLOSE), event(store, Action.APPROVE, record_id="x")]
    with pytest.raises(ForbiddenError):
        store.append(both)
    store.refusal = lambda _: None
    with pytest.raises(SettingsError, match="signs orders"):
        store.append(both)
    assert world.rows("SELECT 1 FROM hub_deeds") == []


def test_a_held_request_is_answered_at_the_desk(world: FleetWorld, store: HubCases) -> None:
    """It waits there with what is known of it, and the endpoint is given the signed answer."""
    (store.folder / POLICY_KEY).write_bytes(b"k" * 32)
    member = world.member("till-1")
    record = replace(
        member.records(1)[0],
        at=utc_now(),
        decision=Decision(verdict=Verdict.HOLD, rule="ask", reason="why", hold_seconds=300),
    )
    body = orjson.dumps({"held": told([record])})
    world.clock.now = utc_now()
    assert member.line.send("/v1/holds", body).value["answers"] == []
    holds = HubHolds(world.hub.database, store.folder)
    (waiting,) = holds.waiting()
    assert waiting.sender.user == record.sender.user
    assert 299 < (waiting.decision.hold_seconds or 0) <= 300
    with world.hub.database.work() as connection:
        agreed = Agreed(pseudonyms=True, smallest_group=1, may_reveal=("ada", "bo"))
        agree(connection, agreed, who="ada", note="", now=NOW)
    (waiting,) = holds.waiting()
    assert waiting.sender.user is None  # it is one person's, and a list names its machine
    answer = {"record_id": waiting.id, "note": "agreed"}
    store.append([event(store, Action.APPROVE, **answer)])
    assert list(holds.waiting()) == []
    (said,) = member.line.send("/v1/holds", body).value["answers"]
    value = orjson.loads(said["body"])
    assert (value["approved"], value["who"], value["role"]) == (True, "ada", "reviewer")
    with pytest.raises(InputError, match="by ada already"):
        store.append([event(store, Action.REFUSE, **answer)])


def test_an_answer_that_does_not_count_yet_is_seen_at_the_desk(
    world: FleetWorld, store: HubCases
) -> None:
    """Who asked, where a second person is waited for; why, where the endpoint did not take it."""
    (store.folder / POLICY_KEY).write_bytes(b"k" * 32)
    member = world.member("till-1")
    decision = Decision(verdict=Verdict.HOLD, rule="ask", reason="a rule", hold_seconds=80_000)
    record = replace(member.records(1)[0], at=utc_now(), decision=decision)
    world.clock.now = utc_now()
    holds = HubHolds(world.hub.database, store.folder)

    def tell(*became: Mapping[str, str]) -> list[Mapping[str, str]]:
        body = orjson.dumps({"held": told([record]), "became": became})
        answers: list[Mapping[str, str]] = member.line.send("/v1/holds", body).value["answers"]
        return answers

    tell()
    (waiting,) = holds.waiting()
    store.append([event(store, Action.APPROVE, record_id=waiting.id)])
    (said,) = tell()
    tell(told_back(record.id, said["signature"], Became.REFUSED, "No such role."))
    (waiting,) = holds.waiting()
    assert "ada said was not taken there: No such role." in waiting.decision.reason
    assert "a rule" in waiting.decision.reason
    assert holds.asked_by([waiting.id]) == {}
    store.append([event(store, Action.APPROVE, record_id=waiting.id)])
    (said,) = tell()
    tell(told_back(record.id, said["signature"], Became.ASKED))
    assert [one.id for one in holds.waiting()] == [waiting.id]
    assert holds.asked_by([waiting.id, record.id, "hold-9"]) == {waiting.id: "ada"}
    with pytest.raises(ForbiddenError, match="asked for this yourself"):
        store.append([event(store, Action.APPROVE, record_id=waiting.id)])


def test_two_endpoints_that_hold_a_request_of_one_id_are_told_apart(
    world: FleetWorld, store: HubCases
) -> None:
    """Whoever gives a request the id of another's gets no answer that was meant for that one."""
    (store.folder / POLICY_KEY).write_bytes(b"k" * 32)
    till, copier = world.member("till-1"), world.member("till-2")
    record = replace(
        till.records(1)[0],
        at=utc_now(),
        decision=Decision(verdict=Verdict.HOLD, rule="ask", reason="why", hold_seconds=80_000),
    )
    world.clock.now = utc_now()
    for member, script in ((till, "payroll.py"), (copier, "copy.py")):
        value = {**told([record])[0], "script": script}
        member.line.send("/v1/holds", orjson.dumps({"held": [value]}))
    holds = HubHolds(world.hub.database, store.folder)
    by_script = {one.sender.script.name: one for one in holds.waiting() if one.sender.script}
    assert len({one.id for one in by_script.values()}) == 2
    store.append([event(store, Action.APPROVE, record_id=by_script["payroll.py"].id)])
    assert [one.id for one in holds.waiting()] == [by_script["copy.py"].id]
    body = orjson.dumps({"held": told([record])})
    answers = [m.line.send("/v1/holds", body).value["answers"] for m in (till, copier)]
    assert [len(said) for said in answers] == [1, 0]
    for other in (record.id, "hold-", "hold-x", "hold-99", "hold-" + "9" * 30):
        with pytest.raises(InputError, match="No such request"):
            store.append([event(store, Action.APPROVE, record_id=other)])


@pytest.mark.parametrize("pseudonyms", [False, True])
def test_the_history_of_a_script_is_that_of_the_fleet(
    world: FleetWorld, store: HubCases, pseudonyms: bool
) -> None:
    """By the path that a record shows: versions of all machines, its cases, and who approved or
    withdrew one for everybody.
    """
    (store.folder / POLICY_KEY).write_bytes(b"k" * 32)
    with world.hub.database.work() as connection:
        agreed = Agreed(pseudonyms=pseudonyms, smallest_group=2, may_reveal=("bo", "cy"))
        agree(connection, agreed, who="ada", note="agreed", now=world.clock())
    case = next(one for one in store.page(ALL, 0, 9) if one.inside.machines > 1)
    record = next(one for one in store.records(case.key) if isinstance(one, StoredRecord))
    script = record.record.sender.script
    assert script is not None and script.path is not None and script.sha256 is not None
    inside = store.case(case.key)
    versions = store.script_versions(script.path)
    assert inside is not None
    assert set(inside.inside.versions) <= {one.sha256 for one in versions}
    assert case.key in {one.key for one in store.cases_of(script.path, 20)}
    key = script_key(script.path)
    assert not store.history(key) and not store.script_versions("/nowhere/else.py")
    for action in (Action.APPROVE_SCRIPT, Action.WITHDRAW_SCRIPT):
        store.append([event(store, action, script_sha256=script.sha256, note="read it")])
    said = [one for one in store.history(key) if isinstance(one, ReviewEvent)]
    assert [(one.action, one.who, one.script_sha256, one.note) for one in said] == [
        (Action.APPROVE_SCRIPT, "ada", script.sha256, "read it"),
        (Action.WITHDRAW_SCRIPT, "ada", script.sha256, "read it"),
    ]


@pytest.mark.parametrize(("size", "heads"), [((80, 24), "On "), ((200, 60), "Machines ")])
async def test_the_list_tells_on_how_many_machines_a_case_is(
    world: FleetWorld, store: HubCases, size: tuple[int, int], heads: str
) -> None:
    """In a column of its own at any width, with a number for each case; what no hub has at hand is
    offered nowhere.
    """
    app = FleetReview(store, Reviewer(who="ada", clock=world.clock, poll_seconds=None))
    machines = [case.inside.machines for case in store.page(CaseFilter(), 0, 5)]
    async with app.run_test(size=size) as pilot:
        await app.workers.wait_for_complete()
        await pilot.pause()
        heading = str(app.screen.query_one("#heading", Static).content)
        view = app.screen.query_one(QueueView)
        assert isinstance(app.screen, FleetScreen)
        told = [app.screen.unavailable(one) or "" for one in app.screen.ACTIONS]
        assert not [words for words in told if "at hand" in words or "command" in words]
        end = heading.index(heads) + len(heads) - 1
        for y, on in enumerate(machines):
            assert view.render_line(y).text[:end].endswith(f" {on}")
        await pilot.press("q")


async def test_the_app_takes_over_gives_and_comments(world: FleetWorld, store: HubCases) -> None:
    """T, A and C in the review itself; what was done stands in the case, with who did it."""
    reviewer = Reviewer(who="ada", clock=world.clock, poll_seconds=None)
    app = FleetReview(store, reviewer, HubHolds(world.hub.database, store.folder))
    key = store.page(CaseFilter(), 0, 1)[0].key
    async with app.run_test(size=(150, 45)) as pilot:
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert not app.screen.query(TabStrip)
        await pilot.press("2", "v")  # the overview and the verification of one machine
        assert isinstance(app.screen, FleetScreen) and not app._notifications
        for pressed, words in (("T", ""), ("A", "bo"), ("C", "asked finance")):
            await pilot.press(pressed)
            await pilot.pause()
            if words:
                app.screen.query_one("#note", Input).value = words
                await pilot.press("enter")
            await app.workers.wait_for_complete()
            await pilot.pause()
        pane = app.screen.query_one(DetailPane)
        assert "machines" in "".join(pane.render_line(y).text for y in range(pane.size.height))
        await pilot.press("q")
    with world.hub.database.work() as connection:
        deeds = deeds_about(connection, f"case {key.partition(chr(31))[2]}")
    assert [(one.word, one.who) for one in deeds] == [
        ("taken", "ada"),
        ("assigned", "ada"),
        ("commented", "ada"),
    ]
    assert (deeds[1].facts["to"], deeds[2].note) == ("bo", "asked finance")
    row = store.case(key)
    assert row is not None and str(row.user).endswith(" machines, given to bo")
