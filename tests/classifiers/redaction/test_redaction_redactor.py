"""What would keep the event loop is redacted by a worker, with the same placeholders in the same
places.
"""

import asyncio
import json
from dataclasses import replace

import pytest
from hostile_units import FORM, HOSTILE_CARRIERS, repeated
from made_up_traffic import chat, exchange

from classifiers.engine import EngineSetup, build_worker
from classifiers.gate_classifier import GateClassifier
from classifiers.redaction import Redactor
from classifiers.workers.pool import WorkerPool
from core.exchange import Exchange
from core.organisation import Organisation
from core.redaction import CannotRedactError, Redacted, RedactionStep, RedactionTask

SETUP = EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False)
KINDS = frozenset({"iban", "email", "credit_card", "password", "person_name"})
TEXT = "anna@example.org, again anna@example.org, DE02120300000000202051, 4111 1111 1111 1112"
VALUES = "a1@example.org b@example.org DE02120300000000202051\n"


@pytest.fixture(scope="module")
def gate() -> GateClassifier:
    return GateClassifier(SETUP)


@pytest.fixture(scope="module")
def worker() -> Redactor:
    engine = build_worker(SETUP)
    return Redactor(engine.hits_in, engine.kinds_in)


def _in_steps(gate: GateClassifier, worker: Redactor, sent: Exchange) -> Redacted | str:
    task = RedactionTask(exchange=sent, kinds=KINDS)
    found = worker.step(task)
    if found.refused is not None:
        return found.refused
    marks = gate.marks(found.values, "s.py", sent.at)
    done = worker.step(replace(task, marks=marks))
    return done.redacted or done.refused or "nothing"


def _at_once(gate: GateClassifier, sent: Exchange) -> Redacted | str:
    try:
        return gate.redact(sent, KINDS, "s.py")
    except CannotRedactError as error:
        return error.message


@pytest.mark.parametrize("carrier", HOSTILE_CARRIERS)
@pytest.mark.parametrize("text", [TEXT, VALUES * 3, "nothing to see"])
def test_a_worker_redacts_what_the_gate_would(
    gate: GateClassifier, worker: Redactor, carrier: str, text: str
) -> None:
    """Whoever redacts, the same bytes go on, and the same is refused in the same words."""
    sent = HOSTILE_CARRIERS[carrier](text)
    assert _in_steps(gate, worker, sent) == _at_once(gate, sent)


def test_a_signed_request_is_refused_by_a_worker_too(worker: Redactor) -> None:
    """What a signature covers is not rewritten, and nothing of it is told but that."""
    sent = exchange(json.dumps({"a": TEXT}), headers={"content-md5": "x"})
    step = worker.step(RedactionTask(exchange=sent, kinds=KINDS))
    assert step == RedactionStep(refused="the header content-md5 covers the body")


@pytest.mark.parametrize("carrier", ["prompt", "text", "values", "csv"])
def test_what_is_full_of_values_is_not_redacted_on_the_loop(
    gate: GateClassifier, carrier: str
) -> None:
    """Sixty kilobytes of values would keep all other clients waiting; a short prompt does not."""
    assert not gate.redacts_quickly(HOSTILE_CARRIERS[carrier](repeated(VALUES, 60_000)))
    assert gate.redacts_quickly(chat({"role": "user", "content": "Write to anna@example.org"}))
    assert gate.redacts_quickly(exchange("a=anna%40example.org", FORM))


def test_names_are_looked_for_by_workers_before_anything_is_replaced() -> None:
    """Where only a worker finds all values, nothing is redacted without one."""
    asks = GateClassifier(replace(SETUP, names=True))
    assert not asks.redacts_quickly(chat({"role": "user", "content": "Ask Anna Weber"}))


def test_a_worker_process_redacts(gate: GateClassifier) -> None:
    """Values come to the gate, get their placeholders there, and go back to be replaced."""

    async def redacted() -> RedactionStep:
        pool = WorkerPool("classifiers.engine:build_worker", SETUP, size=1)
        try:
            task = RedactionTask(exchange=sent, kinds=KINDS)
            found = await pool.redact(task, 60)
            marks = gate.marks(found.values, "s.py", sent.at)
            return await pool.redact(replace(task, marks=marks), 60)
        finally:
            await pool.close()

    sent = exchange(json.dumps({"note": VALUES * 200}))
    done = asyncio.run(redacted()).redacted
    assert done is not None
    assert done == gate.redact(sent, KINDS, "s.py")
    assert b"example.org" not in done.body
