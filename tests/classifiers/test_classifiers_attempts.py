"""What a detector had found when one of its steps failed is kept, and the rest stated as unread."""

from collections.abc import Callable
from typing import Any

import pytest
import re2
from made_up_traffic import exchange

from classifiers.attempts import Attempts, IncompleteError
from classifiers.credentials import detector as secrets
from classifiers.engine import EngineSetup, build_worker
from classifiers.personal import detector as personal
from core.organisation import Organisation
from core.vocabulary.unread import unread_text

BODY = (
    b'{"note": "mail ada@contoso.com, pays from DE02120300000000202051", "full_name": "Ada King",'
    b' "lines": "Name: Ada King\\nPhone: +49 30 901820\\n", "text": "use gh%s at bob@contoso.com"}'
) % b"p_aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bD0fG3iJ6"
KINDS: tuple[Callable[[], Exception], ...] = (
    lambda: re2.error("out of memory: hunter2"),
    lambda: MemoryError("hunter2"),
    lambda: RuntimeError("hunter2"),
    lambda: RecursionError("hunter2"),
)
STEPS: dict[str, tuple[Any, str, frozenset[str]]] = {
    "a candidate": (personal, "read_candidate", frozenset({"email", "iban", "secret"})),
    "a value told by its key": (personal, "_by_key", frozenset({"email", "iban", "secret"})),
    "labelled lines": (personal, "blocks", frozenset({"email", "iban", "secret"})),
    "a rule for secrets": (secrets, "judged", frozenset({"email", "iban", "person"})),
}
"""Where it fails, and what is found all the same where it fails once, at first."""


def once(real: Callable[..., Any], make: Callable[[], Exception]) -> Callable[..., Any]:
    """Return what fails the first time, and never again."""
    calls: list[None] = []

    def fails(*given: Any, **named: Any) -> Any:
        calls.append(None)
        if len(calls) == 1:
            raise make()
        return real(*given, **named)

    return fails


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("make", KINDS, ids=lambda make: type(make()).__name__)
def test_what_else_is_found_survives(
    step: str, make: Callable[[], Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pattern that its engine gives up on costs what it alone would have found; rules know that
    something was not looked for, and nothing is quoted.
    """
    engine = build_worker(EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False))
    owner, name, kept = STEPS[step]
    sent = exchange(BODY)
    whole = {finding.kind for finding in engine.classify(sent).findings}
    monkeypatch.setattr(owner, name, once(getattr(owner, name), make))
    seen = engine.classify(sent)
    found = {finding.kind for finding in seen.findings}

    assert kept <= whole & found
    assert unread_text(seen.findings)
    assert type(make()).__name__ in seen.degraded[0]
    assert "hunter2" not in repr(seen)


def test_what_a_step_gave_before_it_failed_is_kept() -> None:
    """Half of a search is half of a search, not none."""
    attempts = Attempts()

    def half() -> Any:
        yield 1
        raise re2.error("out of memory")

    assert attempts.each(half) == [1]
    with pytest.raises(IncompleteError):
        attempts.done([])
