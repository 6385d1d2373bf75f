"""What the queue says in front of what was found: certainty of the name, and who acted."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from core.decision import HoldOutcome
from core.review import Action, Case, CaseFilter, CaseStatus, Disposition, HoldAnswer, HoldState
from tests.tui.conftest import FragileStore, Opens, Presses, ShowsText
from tui.case_remarks import case_remark, hold_remark, own_remark, sender_told

type Made = Callable[..., Case]


def answered(now: datetime, *, approved: bool, own: bool) -> HoldAnswer:
    return HoldAnswer(approved=approved, who="ada", at=now, own=own)


def test_a_name_that_is_only_likely_reads_probably(case_of: Made) -> None:
    """And where there is no name, nothing is probable."""
    assert sender_told(case_of(7)) == "job_7.py"
    assert sender_told(case_of(7, likely=True)) == "probably job_7.py"
    assert sender_told(case_of(7, script="", likely=True)) == "unknown sender"


CLOSED: dict[str, Any] = {"status": CaseStatus.CLOSED, "disposition": Disposition.FALSE_ALARM}


@pytest.mark.parametrize(
    ("more", "remark"),
    [
        ({}, ""),
        (CLOSED, "false alarm"),
        (CLOSED | {"own": frozenset({Action.CLOSE})}, "by the sender: closed · false alarm"),
        ({"own": frozenset({Action.CLOSE})}, ""),
        ({"own": frozenset({Action.REOPEN})}, "by the sender: reopened"),
        ({"own": frozenset({Action.APPROVE})}, "by the sender: let pass"),
        ({"own": frozenset({Action.REFUSE})}, "by the sender: refused"),
        ({"own": frozenset({Action.ASK_APPROVE})}, "by the sender: asked for"),
        ({"own": frozenset({Action.APPROVE_SCRIPT})}, "by the sender: script approved"),
        (
            {"own": frozenset({Action.APPROVE_SCRIPT, Action.APPROVE})},
            "by the sender: let pass, script approved",
        ),
    ],
)
def test_what_the_sender_did_stands_first(case_of: Made, more: Any, remark: str) -> None:
    """Nobody has to open a case to see that nobody else looked at it."""
    assert case_remark(case_of(1, **more)) == remark


def test_every_act_on_ones_own_has_words(case_of: Made) -> None:
    """An act that is added is not forgotten in the queue; a note decides nothing."""
    for action in set(Action) - {Action.NOTE, Action.CLOSE}:
        assert own_remark(case_of(1, own=frozenset({action}))), action
    assert own_remark(case_of(1, own=frozenset({Action.NOTE}))) == ""


@pytest.mark.parametrize("outcome", HoldOutcome)
def test_an_answer_of_the_sender_is_marked_however_the_hold_ended(
    case_of: Made, now: datetime, outcome: HoldOutcome
) -> None:
    """Released in time or approved for the next run, and not where somebody else did it."""
    for approved in (True, False):
        for own in (True, False):
            hold = HoldState(outcome=outcome, answer=answered(now, approved=approved, own=own))
            assert own_remark(case_of(1, hold=hold)).startswith("by the sender") is own


def test_what_waits_for_a_second_person_says_who_asked(now: datetime) -> None:
    """Names are inert."""
    asked = HoldState(outcome=HoldOutcome.TIMED_OUT, asked_by="ada\x1b[1m")
    assert hold_remark(asked) == "asked for by ada·[1m"
    assert hold_remark(replace(asked, asked_by="")) == "expired unseen"
    assert hold_remark(None) == ""


class Marked(FragileStore):
    """Every sender is likely, and let pass what was his own."""

    def page(self, wanted: CaseFilter, offset: int, limit: int) -> Sequence[Case]:
        own = frozenset({Action.APPROVE})
        return [replace(c, likely=True, own=own) for c in super().page(wanted, offset, limit)]


async def test_the_queue_shows_both(
    opened: Opens, store: FragileStore, screen_text: ShowsText, press: Presses
) -> None:
    """At the narrowest width, too, that it is likely is seen, and the name can be read."""
    async with opened(Marked(store._records), (80, 24)) as pilot:
        assert "≈ ledger_" in screen_text(pilot)
        assert "by the sender:" in screen_text(pilot)
        await press(pilot, "c")
        assert "probably ledger_upload.py" in screen_text(pilot)
