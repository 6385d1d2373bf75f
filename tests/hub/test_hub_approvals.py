"""A version of a script approved for the whole fleet at the desk: by whom, whose script it is, who
has to agree, and what endpoints make of it.
"""

from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fleet_world import FleetWorld, Member
from policy_samples import policy, sender, situation
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input

from core.attribution import Certainty
from core.decision import Verdict
from core.errors import ForbiddenError
from core.review import Action, CaseFilter, ReviewEvent, ScriptVersion, script_event, script_key
from core.rights import Actor
from core.situation import ScriptHistory
from core.stored import StoredRecord
from fleet.approvals import FleetApprovals
from fleet.orders import KeptOrders
from hub import questions, telling
from hub.approvals import Asks
from hub.compositions import keep_parts
from hub.deeds import deeds_about
from hub.review_store import HubCases
from hub.settings import POLICY_KEY
from hub.verification import verify
from tui.approving import ApprovalDialog
from tui.fleet_review import FleetReview
from tui.live_queue import Reviewer
from tui.script_screen import ScriptScreen
from tui.version_screen import VersionScreen

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
ADA = Actor(name="ada", role="reviewer", channel="review")
APPROVED_MAY = """
  - id: approved
    when: {script: {approved: true}}
    then: allow
  - id: others
    then: block
"""


@pytest.fixture(name="member")
def member_fixture(world: FleetWorld) -> Member:
    """A machine that has shipped what scripts sent, and knows the organisation's key."""
    (world.folder / "hub" / POLICY_KEY).write_bytes(b"k" * 32)
    object.__setattr__(world.hub, "policy_key", KEY.public_key().public_bytes_raw())
    member = world.member("till-1")
    member.records(60)
    member.round()
    return member


@pytest.fixture(name="store")
def store_fixture(world: FleetWorld, member: Member) -> HubCases:
    return HubCases(database=world.hub.database, folder=world.folder / "hub", actor=ADA)


def a_version(store: HubCases) -> tuple[str, ScriptVersion]:
    """The key of the first case with a script, and that version of it."""
    for case in store.page(CaseFilter(), 0, 50):
        for one in store.records(case.key, 1):
            script = one.record.sender.script if isinstance(one, StoredRecord) else None
            if script is not None and script.path and script.sha256:
                times = {"first_at": case.first_at, "last_at": case.last_at}
                return case.key, ScriptVersion(script=script.path, sha256=script.sha256, **times)
    raise AssertionError("no script has sent")


def says(store: HubCases, version: ScriptVersion, *, approve: bool = True) -> Action:
    """What was done when somebody at the desk approved it, or took that back."""
    who, at = store.actor.name, version.last_at
    event = script_event(version, approve=approve, who=who, at=at, note="read it")
    (written,) = store.append([event])
    return written.action


def history(store: HubCases, version: ScriptVersion) -> list[ReviewEvent]:
    return [e for e in store.history(script_key(version.script)) if isinstance(e, ReviewEvent)]


def run_by(world: FleetWorld, version: ScriptVersion, name: str) -> None:
    """Say at the hub who runs it."""
    world.rows("INSERT INTO people (name) VALUES (%s) ON CONFLICT DO NOTHING RETURNING 1", (name,))
    world.rows(
        """UPDATE places SET person = (SELECT number FROM people WHERE name = %s)
            WHERE script = (SELECT number FROM scripts WHERE sha256 = %s) RETURNING 1""",
        (name, bytes.fromhex(version.sha256 or "")),
    )


class Desk:
    """The desk on a screen, with keys that are waited for."""

    def __init__(self, pilot: Pilot[int]) -> None:
        self.pilot = pilot

    async def press(self, *keys: str) -> None:
        for one in ("", *keys):
            if one:
                await self.pilot.press(one)
            await self.pilot.app.workers.wait_for_complete()
            await self.pilot.pause()

    def on[Kind: Screen[Any]](self, kind: type[Kind]) -> Kind:
        """The screen in front, which is of this kind."""
        app = self.pilot.app
        assert isinstance(app.screen, kind), [one.message for one in app._notifications]
        return app.screen

    def shown(self) -> str:
        return "\n".join(self.on(ScriptScreen)._lines)


async def test_the_desk_approves_a_version_on_all_machines(
    world: FleetWorld, store: HubCases, member: Member
) -> None:
    """From the case to its script, to what is known of the version by its hash, to the reason: then
    every machine counts it approved where the sender is certain, and nobody else does.
    """
    key, version = a_version(store)
    sha256 = version.sha256 or ""
    with world.hub.database.work() as connection:
        parts = {"used": [], "installed": [["pandas", "2.1.0", "x"]]}
        endpoint = connection.execute("SELECT number FROM endpoints").fetchall()[0][0]
        assert keep_parts(connection, endpoint, sha256, parts, world.clock())
    app = FleetReview(store, Reviewer(who="ada", clock=world.clock, poll_seconds=None))
    place = [case.key for case in store.page(CaseFilter(), 0, 50)].index(key)
    async with app.run_test(size=(120, 40)) as pilot:
        desk = Desk(pilot)
        await desk.press(*["down"] * place, "s")
        assert "pandas 2.1.0" in desk.shown()
        assert "in its environments on all machines" in desk.shown()
        await desk.press("a")
        told = desk.on(VersionScreen)._found.said
        assert sha256 in told and "outgate scripts --source" in told and not app._notifications
        await desk.press("a")
        dialog = desk.on(ApprovalDialog)
        assert "on all machines" in str(dialog._heading)
        dialog.query_one("#note", Input).value = "read it with finance"
        await desk.press("enter")
        assert "approved by ada (reviewer)" in desk.shown()
        await desk.press("escape", "q")
    (said,) = history(store, version)
    assert (said.who, said.role, said.channel) == ("ada", "reviewer", "review")
    assert said.note == "read it with finance"
    known = FleetApprovals(member.home / "fleet", clock=lambda: 0.0)
    assert known.of(sha256) is None
    public, policy_file = member.membership.policy_key, member.home / "outgate.yaml"
    member.round(orders=KeptOrders(member.home / "fleet", public, policy_file, lambda _: None))
    known = FleetApprovals(member.home / "fleet", clock=lambda: 0.0)
    assert (known.of(sha256), known.of("ef" * 32)) == (True, None)
    rules = policy(APPROVED_MAY)
    for certainty, verdict in ((Certainty.EXACT, Verdict.ALLOW), (Certainty.LIKELY, Verdict.BLOCK)):
        past = ScriptHistory(approved=known.joined_with(None, sha256))
        who = sender(sha256=sha256, certainty=certainty)
        assert rules.decide(situation(sender=who, history=past)).verdict is verdict


def test_an_approval_of_the_own_script_is_marked_or_refused(
    world: FleetWorld, store: HubCases
) -> None:
    """Whoever runs it on any machine, however machine and directory write the name; taking an
    approval back is never refused.
    """
    _, version = a_version(store)
    assert says(store, version) is Action.APPROVE_SCRIPT
    run_by(world, version, "CORP\\Ada")
    assert says(store, version) is Action.APPROVE_SCRIPT
    assert [one.own for one in history(store, version)] == [False, True]
    strict = replace(store, asks=Asks(second_person=True))
    with pytest.raises(ForbiddenError, match="you run or own it"):
        says(strict, version)
    assert says(strict, version, approve=False) is Action.WITHDRAW_SCRIPT
    with pytest.raises(ForbiddenError, match="you run or own it"):
        says(strict, version)
    assert says(replace(strict, actor=Actor(name="bo")), version) is Action.APPROVE_SCRIPT


def test_whose_script_it_is_is_told_by_its_owner_too(world: FleetWorld, store: HubCases) -> None:
    """Where another account runs it; of pseudonyms alone, and where nothing is known, nobody can
    tell.
    """
    _, version = a_version(store)
    owner = world.value("SELECT name FROM people ORDER BY number LIMIT 1")
    run_by(world, version, "user-0123456789")
    says(store, version)
    says(replace(store, actor=Actor(name=owner)), version)
    world.rows("UPDATE records SET gone = true RETURNING 1")
    says(store, version)
    assert [one.own for one in history(store, version)] == [False, True, None]


def test_an_approval_takes_two_people_where_the_settings_say_so(
    world: FleetWorld, store: HubCases
) -> None:
    """The first one asks, another one confirms; nobody confirms the own request, by another name
    neither, and a request ends after a week or by a withdrawal.
    """
    _, version = a_version(store)
    ada = Actor(name="ada", subject="https://login 7")
    store = replace(store, asks=Asks(two=True), actor=ada)
    bo, again = replace(store, actor=Actor(name="bo")), Actor(name="a.l", subject=ada.subject)
    assert says(store, version) is Action.ASK_APPROVE_SCRIPT
    assert world.rows("SELECT 1 FROM orders") == []
    for one in (ada, again):
        with pytest.raises(ForbiddenError, match="second person"):
            says(replace(store, actor=one), version)
    assert says(bo, version) is Action.APPROVE_SCRIPT
    assert says(store, version, approve=False) is Action.WITHDRAW_SCRIPT
    assert says(bo, version) is Action.ASK_APPROVE_SCRIPT
    late = replace(version, last_at=version.last_at.replace(year=version.last_at.year + 1))
    assert says(store, late) is Action.ASK_APPROVE_SCRIPT
    asked = [Action.ASK_APPROVE_SCRIPT, Action.APPROVE_SCRIPT, Action.WITHDRAW_SCRIPT]
    told = [one.action for one in history(store, version)]
    assert told == [*asked, Action.ASK_APPROVE_SCRIPT, Action.ASK_APPROVE_SCRIPT]
    with world.hub.database.work() as connection:
        assert verify(connection).problems == []


def test_the_overview_says_which_versions_are_approved_by_whom(
    world: FleetWorld, store: HubCases
) -> None:
    _, version = a_version(store)
    for approve, told in ((True, "1 by ada"), (False, "–")):
        says(store, version, approve=approve)
        with world.hub.database.work() as connection:
            found = questions.scripts(connection)
            deeds = deeds_about(connection, f"script {version.sha256}")
        row = next(one for one in found if version.sha256 in one["versions"])
        assert row["approved"] == ({version.sha256: "ada"} if approve else {})
        lines = "\n".join(telling.scripts([row]))
        assert told in lines
        assert deeds[-1].word == ("approved" if approve else "withdrawn")
