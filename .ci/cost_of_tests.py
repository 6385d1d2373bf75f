"""What tests cost the processor: `PYTHONPATH=.ci pytest -n 0 -p cost_of_tests --costs FILE …` adds
a line of JSON for each test, and one for each fixture that was made. Some tests of who sent fail
under it: programs that they start inherit a folder to search that the run itself has written to.

Seconds are those of this process and of the processes that it waited for: a machine that others
use makes them little longer. `python .ci/cost_of_tests.py FILE …` sums what was written, by file of
tests, by folder and by fixture.
"""

import json
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

SHOWN = 40
"""Rows of a table that are printed, the dearest first."""
_AT = pytest.StashKey[tuple[float, float]]()


def worked() -> float:
    """Return the seconds of processor of this process and of those it waited for."""
    of = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + of.ru_utime + of.ru_stime


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where costs are written."""
    parser.addoption("--costs", help="a file that lines of JSON are added to")


def _tell(config: pytest.Config, **line: object) -> None:
    if config.option.costs:
        with Path(config.option.costs).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def pytest_collection_finish(session: pytest.Session) -> None:
    """What it took to start and to collect."""
    _tell(session.config, collected=len(session.items), worked=worked())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """What a test takes, its fixtures and their end included."""
    before, stood = worked(), time.monotonic()
    try:
        return (yield)
    finally:
        function = getattr(item, "function", None)
        _tell(
            item.config,
            test=item.nodeid,
            worked=worked() - before,
            stood=time.monotonic() - stood,
            property=hasattr(function, "hypothesis"),
        )


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Generator[None, object, object]:
    """What a fixture takes to be made; those that it asks for are made before."""
    before, stood = worked(), time.monotonic()
    try:
        return (yield)
    finally:
        _tell(
            request.config,
            fixture=fixturedef.argname,
            scope=fixturedef.scope,
            of=request.node.nodeid,
            worked=worked() - before,
            stood=time.monotonic() - stood,
        )


type Sums = dict[str, tuple[int, float, float]]
"""By name: how many, seconds worked, seconds stood."""


def sums(lines: Iterable[dict[str, Any]]) -> dict[str, Sums]:
    """Return the sums of each kind: files, folders, fixtures, properties and what was collected."""
    found: dict[str, Sums] = defaultdict(dict)
    for line in lines:
        for kind, name in _kinds(line):
            count, worked_, stood = found[kind].get(name, (0, 0.0, 0.0))
            more = (count + 1, worked_ + line["worked"], stood + line.get("stood", 0.0))
            found[kind][name] = more
    return found


def _kinds(line: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if "collected" in line:
        yield "collected", "all"
    elif "fixture" in line:
        yield "fixtures", f"{line['fixture']} ({line['scope']})"
    else:
        path = line["test"].partition("::")[0]
        yield "files", path
        yield "folders", path.split("/")[1]
        yield "properties", "properties" if line["property"] else "examples"


def main(paths: list[str]) -> None:
    """Print the tables."""
    texts = [Path(path).read_text(encoding="utf-8") for path in paths]
    lines = [json.loads(line) for text in texts for line in text.splitlines()]
    for kind, table in sums(lines).items():
        print(f"\n| {kind} | number | worked s | stood s |\n|---|---|---|---|")
        dearest = sorted(table.items(), key=lambda row: -row[1][1])[:SHOWN]
        for name, (count, worked_, stood) in dearest:
            print(f"| {name} | {count} | {worked_:.1f} | {stood:.1f} |")


if __name__ == "__main__":
    main(sys.argv[1:])
