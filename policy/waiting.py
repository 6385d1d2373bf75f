"""Rules that wait for the habits of a script to be learnt, which is no failure (pure)."""

from collections.abc import Callable

from core.situation import Situation
from core.vocabulary.sizes import joined
from policy.compiled import Holding
from policy.inputs import HABITS, Inputs

type Ask = Callable[[Situation, Inputs, Inputs], Holding]
"""Yields the rules that hold or might: with what is missing, and with what is settled all the
same.
"""


def only_learning(s: Situation) -> bool:
    """Return True where nothing is wrong: its habits are being learnt, as those of each script."""
    return s.history.habits is not None and s.history.habits.learning is not None


def standing(ask: Ask, s: Situation, missing: Inputs) -> Holding:
    """Yield the rules that hold or might, without those that only habits could fulfil while these
    are learnt.
    """
    found = ask(s, missing, 0)
    if not missing & HABITS or not only_learning(s):
        return found
    anyway = {rule for rule, _ in ask(s, missing, HABITS)}
    return ((rule, answer) for rule, answer in found if rule in anyway)


def waiting_words(ask: Ask, s: Situation, missing: Inputs) -> str:
    """Return which rules wait, and for what; nothing where none does."""
    if not missing & HABITS or not only_learning(s):
        return ""
    anyway = {rule for rule, _ in ask(s, missing, HABITS)}
    rules = [rule.id for rule, _ in ask(s, missing, 0) if rule not in anyway]
    if not rules or s.history.habits is None:
        return ""
    state = s.history.habits.learning
    return f" Not judged by {joined(rules)}: the habits of its script are not known ({state})."
