"""Each way in which data people send, run in a small world of its own: what arrives, what is on
record and what is said at the end agree, and agree with the table in docs/clients-tried.md.
"""

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from client_scripts import CLIENT_SCRIPTS, ClientScript, Ends, table, text_of
from small_world import BANNERS, OTHERS, SOCKETS, WEB, Ran, SmallWorld, small_world

from proxy.uninspected import UNKNOWN_HOST

_FATES = {Ends.PAST: "bypassed", Ends.BREAKS: "refused", Ends.REFUSED: "refused"}
_SAID = {
    Ends.WORKS: "sent",
    Ends.PAST: "past Outgate",
    Ends.BREAKS: "not sent",
    Ends.REFUSED: "stopped",
}


def _address(script: ClientScript) -> str:
    if script.target == "sockets.example":
        return SOCKETS
    return OTHERS if script.port in BANNERS else WEB


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, rule_pack: Path) -> Iterator[SmallWorld]:
    """One world, with one gate that serves, for all of them."""
    if subprocess.run(["unshare", "-n", "-m", "true"], capture_output=True, check=False).returncode:
        pytest.skip("network namespaces cannot be made here")
    names = {script.target: _address(script) for script in CLIENT_SCRIPTS}
    slow = [script.target for script in CLIENT_SCRIPTS if script.ends is Ends.PAST]
    with small_world(tmp_path_factory.mktemp("world"), rule_pack, names, slow) as made:
        yield made


def _missing(script: ClientScript) -> str:
    if not script.needs:
        return ""
    if script.program:
        found: Any = shutil.which(script.needs)
    else:
        try:
            found = importlib.util.find_spec(script.needs)
        except ImportError:
            found = None
    return "" if found else f"{script.needs} is not installed here"


def _run(world: SmallWorld, script: ClientScript) -> tuple[Ran, list[dict[str, Any]]]:
    """Run one script behind the gate; return what was said and what is on record."""
    if why := _missing(script):
        pytest.skip(why)
    path = world.folder / f"by_{script.name.replace('-', '_')}.py"
    path.write_text(text_of(script))
    ran = world.run(sys.executable, str(path))
    return ran, world.records(path.name)


@pytest.mark.parametrize("script", CLIENT_SCRIPTS, ids=lambda script: script.name)
def test_what_is_said_of_a_client_is_what_happened(world: SmallWorld, script: ClientScript) -> None:
    """What went through is on record with its script and has arrived; what went past, would not
    come or was refused is told as that, and never as sent or passed.

    Nothing hangs: each script gives up, and fails, after 9 to 25 seconds of waiting.
    """
    before = len(world.arrivals(script.target))
    ran, records = _run(world, script)
    arrived = len(world.arrivals(script.target)) - before
    seen = (
        f"{ran.told}\n{ran.out}\n{[(r['destination'], r['decision'], r['notes']) for r in records]}"
    )

    assert (ran.code == 0) is (script.ends is not Ends.BREAKS and not script.fails), seen
    assert len(records) == script.requests, seen
    assert _SAID[script.ends] in ran.told, seen
    for record in records:
        assert record["destination"]["port"] == script.port, seen
        assert record["sender"]["certainty"] in {"exact", "likely"}, seen
    {
        Ends.WORKS: _went_through,
        Ends.PAST: _went_past,
        Ends.BREAKS: _did_not_come,
        Ends.REFUSED: _did_not_come,
    }[script.ends](script, ran, records, arrived)


def _went_through(
    script: ClientScript, ran: Ran, records: list[dict[str, Any]], arrived: int
) -> None:
    assert {record["destination"]["host"] for record in records} == {script.target}
    assert all(record["decision"]["verdict"] in {"allow", "watch"} for record in records)
    assert not any(record["decision"]["degraded"] for record in records)
    assert "past Outgate" not in ran.told and "not sent" not in ran.told
    assert arrived == script.requests or script.target == "sockets.example"


def _went_past(script: ClientScript, ran: Ran, records: list[dict[str, Any]], arrived: int) -> None:
    assert {record["destination"]["host"] for record in records} <= {_address(script), UNKNOWN_HOST}
    assert all(record["decision"]["degraded"][0].startswith("bypass") for record in records)
    assert "passed" not in ran.told and "0 bytes sent" in ran.told
    assert script.mend


def _did_not_come(
    script: ClientScript, ran: Ran, records: list[dict[str, Any]], arrived: int
) -> None:
    assert arrived == 0
    assert {record["destination"]["host"] for record in records} == {script.target}
    words = "tls" if script.ends is Ends.BREAKS else "protocol"
    assert all(record["decision"]["degraded"][0].startswith(words) for record in records)
    assert "passed" not in ran.told and "0 bytes sent" in ran.told
    assert script.mend


def test_the_page_tells_what_was_tried() -> None:
    """docs/clients-tried.md says of each client what its run shows, and of no other."""
    page = Path(__file__).resolve().parents[2] / "docs" / "clients-tried.md"
    assert page.read_text().partition("\n| client |")[1:] == (
        "\n| client |",
        table().removeprefix("| client |"),
    )
    assert len(CLIENT_SCRIPTS) >= 80
