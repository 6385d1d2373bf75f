"""Each way of sending that comes through the gate, run in a small world of its own: what arrives,
what is on record and what is said at the end agree, and agree with the table in
docs/clients-tried.md.
"""

from pathlib import Path

import pytest
from client_runs import Trials, Tried, recorded, shared, trials_of
from client_scripts import CLIENT_SCRIPTS, ClientScript, Ends, table

_SCRIPTS = shared([script for script in CLIENT_SCRIPTS if script.ends is Ends.WORKS])
pytestmark = pytest.mark.timeout(600)

trials = trials_of(_SCRIPTS)


@pytest.mark.parametrize("script", _SCRIPTS, ids=lambda script: script.name)
def test_what_came_through_is_on_record_and_has_arrived(
    trials: Trials, script: ClientScript
) -> None:
    """With its script, once for each request; and nothing is told of it that did not happen.

    Nothing hangs: each script gives up, and fails, after 9 to 25 seconds of waiting.
    """
    trials.check(script, _is_right)


def _is_right(seen: Tried) -> None:
    script = seen.script
    assert (seen.code == 0) is not script.fails, seen
    for record in recorded(seen, {script.target}):
        assert record["decision"]["verdict"] in {"allow", "watch"}, seen
        assert not record["decision"]["degraded"], seen
    assert seen.arrived == script.requests or script.target == "sockets.example", seen


def test_the_end_of_a_run_tells_of_all_that_came_through(trials: Trials) -> None:
    """As many requests as are on record, and no more of them not sent than those: none past the
    gate, none stopped. (A client that a busy machine keeps waiting gives up a connection.)
    """
    for run in trials.runs:
        seen = run[0]
        unsent = sum(record["decision"]["degraded"] != [] for record in seen.of_run)
        assert f"outgate: {len(seen.of_run)} requests, " in seen.run.told, seen
        assert " sent, " in seen.run.told
        assert (f" {unsent} not sent, " in seen.run.told) is bool(unsent), seen
        for word in ("past Outgate", "stopped", *(["not sent"] if not unsent else [])):
            assert word not in seen.run.told, seen


def test_the_page_tells_what_was_tried() -> None:
    """docs/clients-tried.md says of each client what its run shows, and of no other."""
    page = Path(__file__).resolve().parents[2] / "docs" / "clients-tried.md"
    assert page.read_text().partition("\n| client |")[1:] == (
        "\n| client |",
        table().removeprefix("| client |"),
    )
    assert len(CLIENT_SCRIPTS) >= 80
