"""Each way of sending that goes past the gate, does not accept it or is refused by it, run in a
small world of its own: what arrives, what is on record and what is said at the end agree.
"""

import json
import re
from collections import Counter
from dataclasses import asdict
from typing import Any

import pytest
from client_runs import Trials, Tried, address_of, recorded, shared, trials_of
from client_scripts import CLIENT_SCRIPTS, ClientScript, Ends
from small_world import Seen

from proxy.uninspected import UNKNOWN_HOST

_SCRIPTS = shared([script for script in CLIENT_SCRIPTS if script.ends is not Ends.WORKS])
_SAID = {Ends.PAST: "past Outgate", Ends.BREAKS: "not sent", Ends.REFUSED: "stopped"}
_SENT = {Ends.PAST: "an unknown number of bytes", Ends.BREAKS: "0 bytes", Ends.REFUSED: "0 bytes"}
_STAGE = {Ends.PAST: "bypass", Ends.BREAKS: "tls", Ends.REFUSED: "protocol"}
_PLACE = re.compile(r"^  \S (\S+?)(?:, port (\d+))?: (\d+) connections?$", re.MULTILINE)
"""First line of a place at the end of a run."""
pytestmark = pytest.mark.timeout(600)

trials = trials_of(_SCRIPTS)


@pytest.mark.parametrize("script", _SCRIPTS, ids=lambda script: script.name)
def test_what_did_not_come_through_is_on_record_as_that(
    trials: Trials, script: ClientScript
) -> None:
    """What went past, would not come or was refused is told as that, and never as sent or passed.

    Nothing hangs: each script gives up, and fails, after 9 to 25 seconds of waiting.
    """
    trials.check(script, _is_right)


def _is_right(seen: Tried) -> None:
    script = seen.script
    assert (seen.code == 0) is (script.ends is not Ends.BREAKS and not script.fails), seen
    past = script.ends is Ends.PAST
    hosts = {address_of(script), UNKNOWN_HOST} if past else {script.target}
    for record in recorded(seen, hosts):
        assert record["decision"]["degraded"][0].startswith(_STAGE[script.ends]), seen
    assert past or seen.arrived == 0, seen
    assert script.mend


def test_the_end_of_a_run_tells_of_each_place_and_of_nothing_sent(trials: Trials) -> None:
    """Place by place as many connections as are on record; nothing passed, and nothing was sent, as
    far as the gate can know.
    """
    for run in trials.runs:
        seen = run[0]
        records, told = seen.of_run, seen.run.told

        said = f"{_SENT[seen.script.ends]} sent, {len(records)} {_SAID[seen.script.ends]}, "
        assert f", {said}" in told, seen
        assert "passed" not in told, seen
        at = Counter(record["destination"]["host"] for record in records)
        shown: Counter[str] = Counter()
        for host, _, many in _PLACE.findall(told.replace(UNKNOWN_HOST, "unknown")):
            shown[UNKNOWN_HOST if host == "unknown" else host] += int(many)
        assert shown == at, seen


def test_what_the_gate_has_on_record_can_be_told_to_those_inside() -> None:
    """As numbers by name, which is what ends the waiting of scripts and of servers."""
    place = {"host": "10.0.0.7", "port": 443}
    sender: dict[str, Any] = {"script": {"name": "job.py", "path": "/srv/job.py"}}
    unknown: dict[str, Any] = {"script": None}
    records = [{"sender": one, "destination": place} for one in (sender, unknown)]

    told = json.loads(json.dumps(asdict(Seen.of(records))))

    assert told["names"] == {"job.py": 1, "None": 1}
    assert told["places"] == {"10.0.0.7:443": 2}
