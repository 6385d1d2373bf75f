"""Did it leave? One fact of the decision, from which every sum, screen and report is made."""

import pytest

from core.decision import Decision, HoldOutcome, Verdict, left_by, lets_out

STOPPED = {HoldOutcome.REFUSED, HoldOutcome.TIMED_OUT, None}


@pytest.mark.parametrize("verdict", Verdict)
@pytest.mark.parametrize("hold", [None, *HoldOutcome])
def test_what_was_blocked_or_not_released_has_not_left(
    verdict: Verdict, hold: HoldOutcome | None
) -> None:
    """Whatever else a decision says: a verdict not thought of here fails rather than splits."""
    left = verdict is not Verdict.BLOCK and not (verdict is Verdict.HOLD and hold in STOPPED)

    assert lets_out(verdict, hold) is left
    assert Decision(verdict=verdict, hold_outcome=hold).left is left
    assert left_by(verdict.value, None if hold is None else hold.value) is left


def test_what_passes_at_once_leaves_and_only_it_leaves_unchanged() -> None:
    """Redacted and released requests leave, too."""
    assert {v for v in Verdict if v.passes} == {v for v in Verdict if lets_out(v)} - {
        Verdict.REDACT
    }


@pytest.mark.parametrize("hold", [None, "waiting", "approved", "something new"])
def test_words_of_a_later_version_are_not_said_to_have_left(hold: str | None) -> None:
    """An outcome that is not known is no proof that anything was sent."""
    assert not left_by("quarantine", hold)
    assert left_by("hold", hold) is (hold == "approved")
