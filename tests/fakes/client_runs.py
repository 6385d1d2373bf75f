"""Runs the client scripts behind the gate of a small world, several in each `outgate run`: a start
of it costs more than most scripts.
"""

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import batched
from pathlib import Path
from typing import Any

import pytest
from client_scripts import ClientScript, Ends, text_of
from families import share
from small_world import BANNERS, OTHERS, SOCKETS, WEB, Ran, SmallWorld, small_world

from core.vocabulary.protocols import NO_PORT
from proxy.uninspected import UNKNOWN_HOST

_EACH = 14
"""Scripts of one run, three of them at a time."""
_AT_ONCE = 3
_EACH_S = 60
"""A script gives up by itself after 25 seconds of waiting at most. One that does not is ended, and
named: it takes nothing from those beside it.
"""
_ENDED = (124, 137)
"""What `timeout` says of what it ended."""
_GROUP = """
bound='timeout -k {kill_s} {each_s}'
each="$bound"' "$PYTHON" "$0" >"$0.out" 2>"$0.err" </dev/null; echo $? >"$0.code"'
printf '%s\\n' "$@" | xargs -n 1 -P {at_once} sh -c "$each"
"""
_KILL_S = 5
"""What does not end when it is told to is killed so much later."""
_LONGEST_S = 100 + (_EACH_S + _KILL_S) * -(-_EACH // _AT_ONCE)
"""Of a run: its own start and end, and scripts all of which have to be ended."""


ALONE = {"httpx-http2", "requests-files", "openai-stream", "curl-put", "node-fetch"}
"""Scripts with a protocol, a body, a method, an answer or a stack that no other of its client has.
"""


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What became of one script."""

    script: ClientScript
    code: int
    said: str
    """By the script itself, on both streams."""
    run: Ran
    """The run that it was part of."""
    together: tuple[str, ...]
    """Names of the scripts of that run, whose ends are alike."""
    arrived: int
    records: list[dict[str, Any]] = field(default_factory=list)
    """Those that name it."""
    of_run: tuple[dict[str, Any], ...] = ()
    """All of the run whose process is known, whatever script they name: a busy machine cannot tell
    that of each.
    """

    def __str__(self) -> str:
        seen = [(r["destination"], r["decision"], r["notes"]) for r in self.records]
        return f"{self.code} {self.said}\n{self.run.told}\n{seen}"


def address_of(script: ClientScript) -> str:
    """Return where the host of a script is."""
    if script.target == "sockets.example":
        return SOCKETS
    return OTHERS if script.port in BANNERS else WEB


def why_not_here(script: ClientScript) -> str:
    """Return what the script lacks here, or nothing."""
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


def shared(scripts: Sequence[ClientScript]) -> list[ClientScript]:
    """Return those of the scripts that are run in the profile that is loaded: each client, and what
    each of its ways ends in and needs, at least once, and each that is one of a kind.
    """
    kinds = [
        [(s.client, s.ends, s.needs, s.host, s.port, s.fails), s.name if s.name in ALONE else ""]
        for s in scripts
    ]
    return share(scripts, kinds, [s.name for s in scripts])


@contextmanager
def world_of(folder: Path, pack: Path, scripts: Sequence[ClientScript]) -> Iterator[SmallWorld]:
    """Yield a world, with one gate that serves, in which these scripts have their hosts."""
    if subprocess.run(["unshare", "-n", "-m", "true"], capture_output=True, check=False).returncode:
        pytest.skip("network namespaces cannot be made here")
    names = {script.target: address_of(script) for script in scripts}
    kept = {script.target: _file_of(script) for script in scripts if script.ends is Ends.PAST}
    with small_world(folder, pack, names, kept) as made:
        yield made


def trials_of(scripts: Sequence[ClientScript]) -> Any:
    """Return the fixture of a test module: what became of these, behind one gate that serves."""

    @pytest.fixture(scope="module")
    def trials(tmp_path_factory: pytest.TempPathFactory, rule_pack: Path) -> Iterator[Trials]:
        with world_of(tmp_path_factory.mktemp("world"), rule_pack, scripts) as world:
            yield Trials(world, scripts)

    return trials


def recorded(seen: Tried, hosts: Collection[str]) -> Sequence[dict[str, Any]]:
    """Return the records of a script, once they are as many as they should be, of somebody who is
    known, and of where it went.
    """
    assert len(seen.records) == seen.script.requests, seen
    for record in seen.records:
        assert record["sender"]["certainty"] in {"exact", "likely"}, seen
        assert record["destination"]["host"] in hosts, seen
        known = record["destination"]["host"] != UNKNOWN_HOST
        assert record["destination"]["port"] == (seen.script.port if known else NO_PORT), seen
    return seen.records


class Trials:
    """What became of scripts: of each in company, and alone where that is asked for."""

    def __init__(self, world: SmallWorld, scripts: Sequence[ClientScript]) -> None:
        """Run those that can be run here."""
        self._world = world
        there = [script for script in scripts if not why_not_here(script)]
        kinds = {script.ends: [one for one in there if one.ends is script.ends] for script in there}
        groups = [group for kind in kinds.values() for group in batched(kind, _EACH)]
        self.runs = [_run(world, group) for group in groups]
        self._by_name = {one.script.name: one for run in self.runs for one in run}

    def check(self, script: ClientScript, right: Callable[[Tried], None]) -> None:
        """Look whether all is right with a script. What was not so in company, on a busy machine,
        is run again by itself, and then has to be.
        """
        if why := why_not_here(script):
            pytest.skip(why)
        try:
            _in_time(self._by_name[script.name], right)
        except AssertionError:
            [again] = _run(self._world, [script])
            _in_time(again, right)


def _in_time(seen: Tried, right: Callable[[Tried], None]) -> None:
    assert seen.code not in _ENDED, f"{seen.script.name} had to be ended after {_EACH_S} s\n{seen}"
    right(seen)


def _file_of(script: ClientScript) -> str:
    return f"by_{script.name.replace('-', '_')}.py"


def _run(world: SmallWorld, group: Sequence[ClientScript]) -> list[Tried]:
    """Run them behind the gate, and return what became of each."""
    before = {script.name: len(world.arrivals(script.target)) for script in group}
    known = {record["id"] for record in world.all_records()}
    number = sum(1 for _ in world.folder.glob("run_*"))
    folder = world.folder / f"run_{number}"
    folder.mkdir()
    paths = {script.name: folder / _file_of(script) for script in group}
    for script in group:
        paths[script.name].write_text(text_of(script))
    shell = folder / "all.sh"
    shell.write_text(
        f"export PYTHON={sys.executable}\n"
        + _GROUP.format(each_s=_EACH_S, kill_s=_KILL_S, at_once=_AT_ONCE)
    )
    with world.telling_what_is_seen():
        run = world.run("sh", str(shell), *map(str, paths.values()), seconds=_LONGEST_S)
    records: dict[str, list[dict[str, Any]]] = {}
    new = [record for record in world.all_records() if record["id"] not in known]
    for record in new:
        records.setdefault((record["sender"]["script"] or {}).get("name", ""), []).append(record)
    of_run = tuple(r for r in new if r["sender"]["pid"] is not None or r["sender"]["candidates"])
    together = tuple(script.name for script in group)
    return [
        _tried(
            script,
            paths[script.name],
            run=run,
            together=together,
            arrived=len(world.arrivals(script.target)) - before[script.name],
            records=records.get(paths[script.name].name, []),
            of_run=of_run,
        )
        for script in group
    ]


def _tried(script: ClientScript, path: Path, **seen: Any) -> Tried:
    said = [Path(f"{path}.{end}").read_text(errors="replace") for end in ("out", "err")]
    code = int(Path(f"{path}.code").read_text())
    return Tried(script=script, code=code, said="\n".join(said), **seen)
