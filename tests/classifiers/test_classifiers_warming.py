"""While rules are compiled the body that needs them waits, and the event loop does not."""

import asyncio
import threading
from typing import Any

import pytest
from made_up_traffic import chat, user
from patience import PATIENT_S

from classifiers.credentials.engines import choosing
from classifiers.credentials.engines import engine as engines
from classifiers.engine import Engine, EngineSetup
from core.classification import Classification
from core.organisation import Organisation
from proxy.classifying import classified
from proxy.rounds import Rounds

SETUP = EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False)
SENT = chat(user("write to jane.roe@contoso.com"))


class NoPool:
    """No worker: what is small is read on the loop."""


async def _asked(engine: Engine, begun: asyncio.Event) -> Classification:
    begun.set()
    return await classified(SENT, engine, NoPool(), 5.0, Rounds())  # type: ignore[arg-type]


def test_the_loop_goes_round_while_rules_are_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten bodies wait for them together; all are read with all rules."""
    may_go_on, compile_rules = threading.Event(), engines.Engine

    def slowly(*rules: Any) -> Any:
        may_go_on.wait(PATIENT_S)
        return compile_rules(*rules)

    monkeypatch.setattr(choosing, "Engine", slowly)
    engine = Engine(SETUP)
    last_resort = threading.Timer(2.0, may_go_on.set)
    last_resort.start()

    async def scenario() -> tuple[bool, list[Classification]]:
        begun = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            asked = [tasks.create_task(_asked(engine, begun)) for _ in range(10)]
            await begun.wait()
            await asyncio.sleep(0)
            went_round = not may_go_on.is_set() and not any(task.done() for task in asked)
            may_go_on.set()
        return went_round, [task.result() for task in asked]

    try:
        went_round, seen = asyncio.run(scenario())
    finally:
        may_go_on.set()
        last_resort.cancel()
    assert went_round
    assert [{f.kind for f in one.findings} for one in seen] == [{"email"}] * 10


def test_what_is_refused_is_told_by_who_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits is not ended by it."""
    engine = Engine(SETUP)

    def refused() -> None:
        raise ValueError("no pattern")

    monkeypatch.setattr(engine, "warm", refused)
    asyncio.run(engine.prepared())
