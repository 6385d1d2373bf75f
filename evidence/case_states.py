"""What rows of the queue say of a case beside its columns, as conditions on it. Builds text and
values, touches no connection.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from core.attribution import Certainty
from core.decision import HoldOutcome
from core.fate import Fate
from core.findings import NOT_INSPECTED
from core.observation import OBSERVED
from core.review import Action
from core.vocabulary.desk import State
from core.vocabulary.reviews import SHORT_ACTS
from evidence.case_sums import SEPARATOR
from evidence.confirming import ASKED_LASTS
from evidence.times import MICROSECOND

type Part = tuple[str, tuple[Any, ...]]
"""One condition and its parameters."""

_DAY_US = 86_400_000_000
_ASKED_US = ASKED_LASTS // MICROSECOND
_ANSWERS = f"action IN ('{Action.APPROVE}', '{Action.REFUSE}')"
_EXPIRED = f"""(outcomes LIKE '%{SEPARATOR}hold:{HoldOutcome.TIMED_OUT}%'
    AND EXISTS (SELECT 1 FROM entries WHERE entries.id = last_record
        AND hold_ending_in(body) = '{HoldOutcome.TIMED_OUT}'))"""  # noqa: S608 - all are constants
_SAID = f"""(SELECT action FROM review_entries AS said WHERE said.record_id = last_record
    AND {_ANSWERS} ORDER BY seq DESC LIMIT 1)"""  # noqa: S608 - all are constants
_ASKED = f"""EXISTS (SELECT 1 FROM review_entries AS asked WHERE asked.record_id = last_record
    AND asked.action = '{Action.ASK_APPROVE}' AND asked.at_us > ?
    AND NOT EXISTS (SELECT 1 FROM review_entries AS later
        WHERE later.record_id = asked.record_id AND later.seq > asked.seq
        AND later.{_ANSWERS}))"""  # noqa: S608 - all are constants
_LIKELY = f"""EXISTS (SELECT 1 FROM entries WHERE entries.id = last_record
    AND certainty_in(body) = '{Certainty.LIKELY}')"""  # noqa: S608 - all are constants
_UNASKED = f"({_EXPIRED} AND NOT {_ASKED} AND "
_STATES: Mapping[str, str] = MappingProxyType(
    {
        State.LIKELY: _LIKELY,
        State.UNNAMED: "(script = '' OR (script = 'unknown' AND script_path IS NULL))",
        State.EXPIRED_UNSEEN: f"{_UNASKED} {_SAID} IS NULL)",
        State.APPROVED_SINCE: f"{_UNASKED} {_SAID} = '{Action.APPROVE}')",
        State.REFUSED_SINCE: f"{_UNASKED} {_SAID} = '{Action.REFUSE}')",
        State.ASKED_FOR: _ASKED,
        State.UNREAD: f"(kinds = ',{NOT_INSPECTED},' OR (kinds = '' AND degraded > 0))",
        State.PARTLY_UNREAD: f"(kinds LIKE '%,{NOT_INSPECTED},%' OR degraded > 0)",
        State.NOTHING_KNOWN: "(kinds = '' AND degraded = 0)",
        State.NOTHING_LEFT: f"(left_count = 0 AND verdict NOT IN ('{Fate.PAST}', '{OBSERVED}'))",
        State.FIRST_TIME: f"first_us / {_DAY_US} = last_us / {_DAY_US}",
    }
)
CLOSED = "(status = 'closed' AND coalesce(until_us > ?, 1))"
RETURNED = f"(coalesce(closed, disposition) IS NOT NULL AND NOT {CLOSED})"
_OWN = f"""EXISTS (SELECT 1 FROM (
    SELECT act.action AS action, max(act.seq),
        CASE WHEN json_valid(act.body) THEN json_extract(act.body, '$.own') END AS own
    FROM review_entries AS act WHERE act.case_key = cases.key
        OR (act.case_key > cases.key || char(31) AND act.case_key < cases.key || ' ')
        OR (act.case_key = 'script' || char(31) || cases.script_path
            AND act.script = cases.script_path AND act.script_sha256 = cases.script_sha256)
    GROUP BY CASE
        WHEN act.action IN ('close', 'reopen') THEN 'closing'
        WHEN act.action IN ('approve', 'refuse', 'ask_approve') THEN 'answer'
        WHEN act.action LIKE '%_script' THEN 'script' ELSE act.action END)
    WHERE own = 1 AND (action <> 'close' OR {CLOSED}) AND action IN """  # noqa: S608 - constants


def state_condition(state: str, now_us: int) -> Part:
    """Return the condition that a row says this of its case."""
    text = _STATES.get(state, "0")
    return text, (now_us - _ASKED_US,) * text.count("?")


def own_condition(action: str, now_us: int) -> Part:
    """Return the condition that the sender did this in the own matter; nothing: anything."""
    actions = (action,) if action else tuple(act.value for act in SHORT_ACTS)
    return f"{_OWN} ({', '.join('?' * len(actions))}))", (now_us, *actions)
