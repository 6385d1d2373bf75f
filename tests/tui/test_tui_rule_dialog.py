"""From a case to a rule in three keys, over a real policy file and real evidence."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from invented_day import finding, place, record, sample_records, sender

from app.case_rules import CaseRules
from core.attribution import Attribution, Certainty, LaunchedAs, ProcessRef, Script
from core.classification import AccountKind, Category
from core.decision import Verdict
from core.errors import InputError
from core.ids import uuid7
from core.observation import Kind, Observation
from core.record import Record
from core.review import Action, CaseFilter, Disposition, ReviewEvent
from core.situation import situation_of
from core.vocabulary.kinds import FINDABLE
from evidence.factory import open_evidence, open_store
from policy.loading import load_file
from policy.replay import replayed
from policy.rule_list import listed_rules
from tests.tui.conftest import Opens, Presses, Settles, ShowsText
from tui.evidence_acts import EvidenceActs, Verified
from tui.rule_making import RuleMaking, Wanted, Wish

POLICY = """\
# Ours.
version: 1
mode: enforce
rules:
  - id: all   # the rest
    when: {findings: anything}
    then: watch
"""


async def test_three_keys_make_a_rule(
    opened: Opens,
    press: Presses,
    settled: Settles,
    screen_text: ShowsText,
    written: Callable[[Path, Sequence[Record]], None],
    tmp_path: Path,
    now: datetime,
) -> None:
    """m, 2, Enter: its sentence and its effect are shown, and it stands in the file, watching."""
    written(tmp_path / "evidence.db", sample_records(now))
    policy = tmp_path / "outgate.yaml"
    policy.write_text(POLICY)
    store = open_store(tmp_path / "evidence.db", clock=lambda: now)
    case = store.page(CaseFilter(script="summarise"), 0, 1)[0]
    store.append(
        [
            ReviewEvent(
                id=uuid7(now),
                at=now,
                case_key=case.key,
                action=Action.CLOSE,
                who="dpo",
                disposition=Disposition.FALSE_ALARM,
            )
        ]
    )
    rules = CaseRules(store=store, policy=policy, who=lambda: "dpo")
    acts = EvidenceActs(
        verify=lambda: Verified(whole=True, words=()),
        export=lambda *_: 0,
        formats=(),
        rules=RuleMaking(propose=rules.propose, write=rules.write),
    )
    async with opened(store, (120, 44), acts=acts) as pilot:
        await press(pilot, "slash", "type:closed script:summarise", "enter", "m", "2")
        await settled(pilot)
        shown = screen_text(pilot)
        assert "“summarise_claims.py” sends bank account numbers or names of" in shown
        assert "organisation's own OpenAI account, it is stopped." in shown
        assert "matched 46 of 46 requests of this script: 46 of" in shown
        assert "[x] At first only watch" in shown
        for key in "14":  # what stops nothing does not watch at first, and the box says no other
            await press(pilot, key)
            await settled(pilot)
            shown = screen_text(pilot)
            assert "[x] In force as soon as it is written" in shown and "At first only" not in shown
        await press(pilot, "2")
        await settled(pilot)
        assert "[x] At first only watch" in screen_text(pilot)
        await press(pilot, "enter")
        await settled(pilot)
    store.close()
    text = policy.read_text()
    assert text.startswith("# Ours.") and "all   # the rest" in text
    first = listed_rules(policy).rules[0]
    assert (first.then, first.mode, first.id) == ("block", "watch", "stop-summarise-claims-openai")
    load_file(policy)


def test_the_rule_holds_for_the_case_and_for_nothing_else(
    written: Callable[[Path, Sequence[Record]], None], tmp_path: Path, now: datetime
) -> None:
    """Each wish makes a valid rule that matches all requests of its case, and is named anew."""
    written(tmp_path / "evidence.db", sample_records(now))
    policy = tmp_path / "outgate.yaml"
    store = open_store(tmp_path / "evidence.db", clock=lambda: now)
    rules = CaseRules(store=store, policy=policy, who=lambda: "dpo")
    for case in store.page(CaseFilter(), 0, 20):
        if case.script_path is None:
            continue
        for wish in set(Wish) - {Wish.OWN}:
            made = rules.propose(case, Wanted(wish=wish))
            matched = 0 if case.script == "notify.py" else case.count
            assert f"matched {matched} of {case.count} requests" in made.effect, made
            assert ("Of 1 nobody can tell" in made.effect) == (not matched)
            rules.write(case, Wanted(wish=wish))
    names = [rule.id for rule in listed_rules(policy).rules]
    assert len(names) == len(set(names)) > 12
    store.close()


def test_what_is_allowed_is_no_more_than_what_was_looked_at(
    written: Callable[[Path, Sequence[Record]], None], tmp_path: Path, now: datetime
) -> None:
    """Allowing bank details lets no health data pass beside them, nor what cannot be read, nor
    another account; stopping them stops them whatever stands beside.
    """
    claims = next(r for r in sample_records(now) if "summarise" in str(r.sender.script))
    written(tmp_path / "evidence.db", [claims])
    store = open_store(tmp_path / "evidence.db", clock=lambda: now)
    (case,) = store.page(CaseFilter(), 0, 9)
    store.close()
    more = replace(claims, findings=(*claims.findings, finding("health_data", 1)))
    unread = replace(claims, findings=(*claims.findings, finding("not_inspected", 1)))
    account = replace(claims.destination.account, kind=AccountKind.PERSONAL)
    other = replace(claims, destination=replace(claims.destination, account=account))
    for wish, hit in ((Wish.ALLOW, (True, False, False, False)), (Wish.STOP, (1, 1, 1, 0))):
        policy = tmp_path / f"{wish}.yaml"
        rules = CaseRules(store=store, policy=policy, who=lambda: "dpo")
        rules.write(case, Wanted(wish=wish, watch_first=False))
        name = listed_rules(policy).rules[0].id
        found = replayed(load_file(policy), [claims, more, unread, other])
        held = [one is not None and one.decision.rule == name for one in found]
        assert held == [bool(one) for one in hit], wish


def test_what_was_allowed_is_counted_beside_the_cases(
    written: Callable[[Path, Sequence[Record]], None], tmp_path: Path, now: datetime
) -> None:
    """A rule that stops anything would stop what stands in no case, too; other scripts, be their
    names longer ones, and what was only observed count nowhere.
    """
    where = place("files.example", None, Category.OTHER)
    late = record(now, sender("copy.py"), where, degraded=("classifiers: late",))
    fine = [
        record(now - timedelta(minutes=n), sender("copy.py"), where, verdict=Verdict.ALLOW)
        for n in range(1, 4)
    ]
    before = now - timedelta(minutes=9)
    other = record(before, sender("copy.py.old"), where, degraded=("classifiers: late",))
    written(tmp_path / "evidence.db", [late, *fine, other])
    store = open_store(tmp_path / "evidence.db", clock=lambda: now)
    rules = CaseRules(store=store, policy=tmp_path / "outgate.yaml", who=lambda: "dpo")
    case = next(one for one in store.page(CaseFilter(), 0, 9) if one.script == "copy.py")
    effect = rules.propose(case, Wanted(wish=Wish.STOP)).effect
    assert "matched 1 of 1 requests of this script" in effect
    assert "And 3 that were allowed and stand in no case." in effect
    store.close()


def test_an_organisations_own_kind_stands_in_rules_where_it_is_listed(
    written: Callable[[Path, Sequence[Record]], None], tmp_path: Path, now: datetime
) -> None:
    """Its effect is told as of any kind; where the policy does not know it, that is said."""
    made = record(now, sender("copy.py"), place("a.example", None, Category.OTHER), finding("g", 1))
    written(tmp_path / "evidence.db", [made])
    store, policy = (
        open_store(tmp_path / "evidence.db", clock=lambda: now),
        tmp_path / "outgate.yaml",
    )
    policy.write_text("version: 1\norganisation:\n  kinds: [g]\nrules: []\n")
    rules = CaseRules(store=store, policy=policy, who=lambda: "dpo")
    (case,) = store.page(CaseFilter(), 0, 9)
    for wish in set(Wish) - {Wish.OWN}:
        assert "matched 1 of 1 requests" in rules.propose(case, Wanted(wish=wish)).effect
        rules.write(case, Wanted(wish=wish))
        load_file(policy)
    policy.unlink()
    with pytest.raises(InputError, match="“g” under organisation"):
        rules.propose(case, Wanted(wish=Wish.STOP))
    store.close()


def test_what_could_not_be_read_is_never_let_pass_by_a_key(
    written: Callable[[Path, Sequence[Record]], None], tmp_path: Path, now: datetime
) -> None:
    """Nobody knows what stands in it: the sentence does not say so, and the effect says that."""
    where, unread = place("a.example", None, Category.OTHER), finding("not_inspected", 1)
    both = [
        record(now - timedelta(minutes=n), sender("copy.py"), where, *found)
        for n, found in enumerate([(finding("iban", 1),), (finding("iban", 1), unread)])
    ]
    alone = record(now, sender("dump.py"), place("b.example", None, Category.OTHER), unread)
    written(tmp_path / "evidence.db", [*both, alone])
    store = open_store(tmp_path / "evidence.db", clock=lambda: now)
    rules = CaseRules(store=store, policy=tmp_path / "outgate.yaml", who=lambda: "dpo")
    cases = {case.script: case for case in store.page(CaseFilter(), 0, 9)}
    allowed = rules.propose(cases["copy.py"], Wanted(wish=Wish.ALLOW))
    assert "read" not in allowed.sentence and "not_inspected" in str(allowed.lines)
    assert "matched 1 of 2 requests" in allowed.effect
    assert "What cannot be read is not let pass by it." in allowed.effect
    assert "matched 2 of 2" in rules.propose(cases["copy.py"], Wanted(wish=Wish.STOP)).effect
    assert "matched 1 of 1" in rules.propose(cases["dump.py"], Wanted(wish=Wish.ASK)).effect
    with pytest.raises(InputError, match="no rule can allow"):
        rules.propose(cases["dump.py"], Wanted(wish=Wish.ALLOW))
    store.close()


@pytest.mark.parametrize("mode", ["watch", "enforce"])
def test_a_rule_that_shall_stop_at_once_does_so(
    written: Callable[[Path, Sequence[Record]], None], tmp_path: Path, now: datetime, mode: str
) -> None:
    """In a file that only watches, too, as the shipped one does: its sentence says “is stopped”."""
    made = record(now, sender("copy.py"), place("a.example", None, Category.OTHER))
    late = replace(made, decision=replace(made.decision, degraded=("classifiers: late",)))
    written(tmp_path / "evidence.db", [late])
    store, policy = (
        open_store(tmp_path / "evidence.db", clock=lambda: now),
        tmp_path / "outgate.yaml",
    )
    policy.write_text(f"version: 1\nmode: {mode}\nrules: []\n")
    rules = CaseRules(store=store, policy=policy, who=lambda: "dpo")
    (case,) = store.page(CaseFilter(), 0, 9)
    for watch_first in (True, False):
        policy.write_text(f"version: 1\nmode: {mode}\nrules: []\n")
        wanted = Wanted(wish=Wish.STOP, watch_first=watch_first)
        told = (rules.propose(case, wanted).effect, rules.write(case, wanted))
        assert all(("only watches" in words) is watch_first for words in told)
        decided = load_file(policy).decide(situation_of(made))
        assert (decided.verdict is Verdict.BLOCK) is not watch_first
    store.close()


def test_a_sentence_of_very_many_kinds_still_says_what_happens(
    written: Callable[[Path, Sequence[Record]], None], tmp_path: Path, now: datetime
) -> None:
    """Its end is not cut off: how many more kinds there are is told instead."""
    kinds = [finding(kind, 1) for kind in sorted(FINDABLE)]
    made = record(now, sender("copy.py"), place("a.example", None, Category.OTHER), *kinds)
    written(tmp_path / "evidence.db", [made])
    store = open_store(tmp_path / "evidence.db", clock=lambda: now)
    rules = CaseRules(store=store, policy=tmp_path / "outgate.yaml", who=lambda: "dpo")
    (case,) = store.page(CaseFilter(), 0, 9)
    until = date(2027, 3, 1)
    for wish, ends in ((Wish.STOP, "it is stopped"), (Wish.ALLOW, "it is allowed")):
        said = rules.propose(case, Wanted(wish=wish, until=until)).sentence
        assert said.endswith(f"to a.example, {ends}, until 2027-03-01.") and len(said) <= 480
        assert "other kinds of its data" in said
        rules.write(case, Wanted(wish=wish, until=until))
    store.close()


NOBODY = Attribution(certainty=Certainty.UNKNOWN, method="none", reason="It was gone.")
CURL = Attribution(
    certainty=Certainty.EXACT,
    method="sock_diag",
    process=ProcessRef(pid=9, started_at=None, name="curl", exe="/usr/bin/curl"),
    user="ops",
)
INLINE = replace(
    CURL, script=Script(path=None, sha256=None, launched_as=LaunchedAs.COMMAND, name="-c")
)


@pytest.mark.parametrize(
    "who, says",
    [
        (NOBODY, "When a sender that nobody can name sends"),
        (replace(NOBODY, user="ops"), "When a sender that nobody can name, run by ops, sends"),
        (CURL, "When any program that ops runs sends"),
        (replace(CURL, user=None), "When any program sends"),
        (INLINE, "When “-c”, run by ops, sends"),
    ],
    ids=["nobody", "nobody of a user", "a program", "a program of nobody", "a command"],
)
def test_a_rule_of_a_sender_without_a_script_says_what_it_can(
    written: Callable[[Path, Sequence[Record]], None],
    tmp_path: Path,
    now: datetime,
    who: Attribution,
    says: str,
) -> None:
    """It stops what is like the case, or asks, and nothing of a script that is known; what it would
    let pass besides, it does not allow: the dialog says so and what to do.
    """
    where = place("a.example", None, Category.OTHER)
    made = record(now, who, where, finding("iban", 1))
    before, earlier = (now - timedelta(minutes=n) for n in (1, 2))
    other = record(before, replace(CURL, user="bo"), where, finding("iban", 1))
    known = record(earlier, sender("copy.py", "bo"), where, finding("iban", 1))
    written(tmp_path / "evidence.db", [other, known, made])
    store = open_store(tmp_path / "evidence.db", clock=lambda: now)
    rules = CaseRules(store=store, policy=tmp_path / "outgate.yaml", who=lambda: "dpo")
    case = next(c for c in store.page(CaseFilter(), 0, 9) if c.last_record == made.id)
    for wish in (Wish.STOP, Wish.ASK):
        told = rules.propose(case, Wanted(wish=wish))
        assert told.sentence.startswith(says), told
        everybody = who.user is None and who.certainty is Certainty.EXACT
        matched, tried = (3, 3) if everybody else (1, 1 if who is INLINE else 3)
        assert f"matched {matched} of {tried} requests" in told.effect, told
    rules.write(case, Wanted(wish=Wish.STOP, watch_first=False))
    name = listed_rules(tmp_path / "outgate.yaml").rules[0].id
    found = replayed(load_file(tmp_path / "outgate.yaml"), [made, known])
    assert [one is not None and one.decision.rule == name for one in found] == [True, everybody]
    if who is INLINE:
        assert "it is allowed" in rules.propose(case, Wanted(wish=Wish.ALLOW)).sentence
    else:
        with pytest.raises(InputError, match="would let pass what anything else"):
            rules.propose(case, Wanted(wish=Wish.ALLOW))
    store.close()


async def test_of_what_was_only_observed_the_dialog_says_why_there_is_no_rule(
    opened: Opens, press: Presses, screen_text: ShowsText, tmp_path: Path, now: datetime
) -> None:
    """An orphaned script sends nothing by itself: no rule is asked about it."""
    writing = open_evidence(tmp_path / "evidence.db")
    seen = Observation(
        id=uuid7(now), at=now, kind=Kind.ORPHAN, sender=INLINE, about="ada", notable=True
    )
    writing.writer.observed(seen, lambda _: None)
    writing.close()
    store = open_store(tmp_path / "evidence.db", clock=lambda: now)
    rules = CaseRules(store=store, policy=tmp_path / "outgate.yaml", who=lambda: "dpo")
    acts = EvidenceActs(
        verify=lambda: Verified(whole=True, words=()),
        export=lambda *_: 0,
        formats=(),
        rules=RuleMaking(propose=rules.propose, write=rules.write),
    )
    async with opened(store, (120, 44), acts=acts) as pilot:
        await press(pilot, "m", "2")
        assert "This was only observed on the machine" in " ".join(screen_text(pilot).split())
        await press(pilot, "enter")
    store.close()
    assert not (tmp_path / "outgate.yaml").exists()
