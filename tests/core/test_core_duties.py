"""One owner for all that runs beside the requests: its end is never silent."""

import ast
import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.duties import Duty, Owner, PartEndedError
from core.errors import EvidenceError

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("app", "attribution", "certs", "classifiers", "evidence", "policy", "proxy")
ENDS = (
    Exception("words of a payload"),
    OSError(),
    TypeError(),
    MemoryError(),
    RecursionError(),
    StopIteration(),
    AssertionError(),
    BaseException(),
    SystemExit(3),
    KeyboardInterrupt(),
    GeneratorExit(),
    asyncio.CancelledError(),
    BaseExceptionGroup("several", [SystemExit()]),
)
STARTERS = frozenset(
    (
        "Thread Timer Process ThreadPoolExecutor ProcessPoolExecutor create_task ensure_future"
        " run_in_executor to_thread run_coroutine_threadsafe start_new_thread"
    ).split()
)
OWNED = {
    "app/demo/internet.py": "the stand-in internet of the demonstration: no gate",
    "app/habits.py:": "a process that is waited for: its end is the answer, or BrokenProcessPool",
    "app/offline.py": "`inspect`: no gate; each task is awaited in turn and its error ends it",
    "app/probing/interpreters.py": "`doctor`: as in app/probing/trying.py",
    "app/probing/trying.py": "`doctor`: no gate; each result is waited for, and its error ends it",
    "app/systemd_notify.py": "before the gate serves; without it systemd ends the start, and says so",
    "classifiers/uploads/body_scan.py:self._owned(window)": "owned inside: one that is cancelled before"
    " it began leaves no work behind that nobody awaits",
    "classifiers/warming.py": "what it compiles is awaited by who needs it; what fails is told there",
    "classifiers/workers/worker.py": "in the worker itself: it ends the process, which is noticed",
    "evidence/columns_check.py": "`verify`: no gate; what it found is waited for",
    "evidence/lot_crew.py": "`verify`: no gate; each result is waited for, and its error ends it",
    "evidence/passage.py": "`verify`: no gate; each result is waited for, and its error ends it",
    "proxy/carrying_out.py": "a connection's own tasks; what fails in a hook is answered there",
    "proxy/threads.py": "the pools themselves; each call is awaited by whoever asks",
    "proxy/gate.py:master.run()": "the gate itself: its end is the end of the process",
    "proxy/gate.py:self._announce(server, serving, ready)": "in the group that ends the process",
}
"""What needs no owner, and why."""


def starts() -> Iterator[tuple[str, ast.Call, ast.AST, ast.Module]]:
    """Every place where something is started: where, the call, what it stands in, its module."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            tree = ast.parse(path.read_text())
            parents = {
                child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)
            }
            for node in ast.walk(tree):
                value = any(keyword.arg == "frames" for keyword in getattr(node, "keywords", ()))
                if isinstance(node, ast.Call) and _name(node.func) in STARTERS and not value:
                    yield path.relative_to(ROOT).as_posix(), node, parents[node], tree


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        is_psutil = isinstance(node.value, ast.Name) and node.value.id == "psutil"
        return "" if is_psutil else node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _is_of_owner(node: ast.AST) -> bool:
    return any(
        isinstance(part, ast.Attribute)
        and isinstance(part.value, ast.Name)
        and part.value.id == "OWNER"
        for part in ast.walk(node)
    )


def _is_owned(call: ast.Call, parent: ast.AST, tree: ast.Module) -> bool:
    if isinstance(parent, ast.Await) or _is_of_owner(call):
        return True
    if isinstance(parent, ast.Call) and _is_of_owner(parent):
        return True
    names = {part.id for part in ast.walk(call) if isinstance(part, ast.Name)}
    made = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and _is_of_owner(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return bool(names & made)


def test_everything_that_is_started_has_an_owner() -> None:
    """No thread, task, pool or process of the gate is started whose end nobody would notice."""
    alone = []
    for place, call, parent, tree in starts():
        first = ast.unparse(call.args[0]) if call.args else ""
        if place in OWNED or f"{place}:{first}" in OWNED or _is_owned(call, parent, tree):
            continue
        alone.append(f"{place}:{call.lineno} {ast.unparse(call)[:80]}")
    assert alone == []


def test_the_search_finds_what_is_started() -> None:
    """The test above sees the threads and tasks that are known to be there."""
    places = {place for place, *_ in starts()}
    assert {"evidence/writer.py", "proxy/hold_polling.py", "app/service.py"} <= places
    assert {place.partition(":")[0] for place in OWNED} <= places


@pytest.mark.parametrize("error", ENDS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("duty", [Duty.EVIDENCE, Duty.DIRECT, Duty.SCRIPTS])
def test_a_thread_that_ends_is_told(
    duty: Duty, error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever ends a thread is named in `status` and the log, by its kind and never its words."""
    owner = Owner()

    def body() -> None:
        raise error

    thread = threading.Thread(target=owner.guarded(duty, body))
    thread.start()
    thread.join(20)

    assert owner.trouble == (f"no longer {duty.value.what} ({type(error).__name__})",)
    assert type(error).__name__ in caplog.text
    assert "words of a payload" not in caplog.text + str(owner.failure) + str(owner.unwell)
    assert isinstance(owner.failure, EvidenceError) is duty.value.essential
    assert (owner.unwell is None) is duty.value.courtesy
    owner.done(duty)
    assert owner.failure is None
    assert owner.unwell is None
    assert not owner.trouble


@pytest.mark.parametrize("error", ENDS, ids=lambda e: type(e).__name__)
def test_a_task_that_ends_is_told_and_ends_nothing_else(error: BaseException) -> None:
    """A task's exception is noted and reaches whoever waits; none of them ends the event loop."""
    owner = Owner()

    async def work() -> None:
        raise error

    async def wait() -> BaseException | None:
        task = asyncio.get_running_loop().create_task(owner.task(Duty.HOLDS, work()))
        await asyncio.wait({task})
        return asyncio.CancelledError() if task.cancelled() else task.exception()

    came = asyncio.run(wait())
    if isinstance(error, asyncio.CancelledError):
        assert isinstance(came, asyncio.CancelledError)
        return
    assert owner.unwell is not None
    if isinstance(error, Exception):
        assert isinstance(came, (type(error), RuntimeError))
    else:
        assert isinstance(came, PartEndedError)


def test_what_is_expected_is_no_failure() -> None:
    """An error that is an answer is not noted."""
    owner = Owner()

    async def late() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        asyncio.run(owner.task(Duty.WORKERS, late(), (TimeoutError,)))
    assert owner.trouble == ()


@pytest.mark.parametrize(("told", "trouble"), [(True, 0), (False, 1)])
def test_a_lasting_duty_ends_only_when_it_is_told_to(told: bool, trouble: int) -> None:
    """A thread that should go on for ever and simply returns has failed."""
    owner = Owner()
    owner.guarded(Duty.DIRECT, lambda: None, lambda: told)()
    assert len(owner.trouble) == trouble


def test_each_end_is_recorded_once() -> None:
    """What ends again and again in the same way is one record, and a courtesy's none."""
    owner = Owner()
    for _ in range(3):
        owner.lost(Duty.DIRECT, OSError())
        owner.lost(Duty.LINES, OSError())
    assert owner.untold() == [(Duty.DIRECT, "OSError")]
    assert owner.untold() == []


def test_what_is_under_way_is_told_until_it_is_done_or_lost() -> None:
    """Something that is not there yet is neither silent nor a failure."""
    owner = Owner()
    for end in (owner.done, lambda duty: owner.lost(duty, None)):
        owner.begun(Duty.SECRET_RULES, "not looked for yet")
        assert (owner.unfinished, owner.unwell) == (("not looked for yet",), None)
        end(Duty.SECRET_RULES)
        assert owner.unfinished == ()
