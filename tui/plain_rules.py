"""From a case to a rule by commands: told first, written when that is said. Loads no Textual."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo

from core.day_words import day_ahead
from core.review import Case
from tui.rule_making import RuleMaking, Wanted, Wish
from tui.wording import safe

USAGE = "rule N allow|stop|ask|own [until DAY] [enforce] [write]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a command asks for."""

    wanted: Wanted
    write: bool


def asked(words: str, now: datetime, zone: tzinfo | None) -> Asked | None:
    """Return what the words behind the case's number ask for; None where they are not clear."""
    wish, *rest = words.lower().split() or [""]
    if wish not in Wish:
        return None
    until, enforce, write = None, False, False
    while rest:
        match rest.pop(0):
            case "until" if rest:
                if (until := day_ahead(rest.pop(0), now, zone)) is None:
                    return None
            case "enforce":
                enforce = True
            case "write":
                write = True
            case _:
                return None
    ends = None if until is None else until.astimezone(zone).date()
    return Asked(wanted=Wanted(wish=Wish(wish), watch_first=not enforce, until=ends), write=write)


def told(making: RuleMaking, case: Case, what: Asked, words: str) -> Iterator[str]:
    """Yield the rule with its effect, or that it was written; `words` is the command so far.

    Blocks on the disk; raises OutgateError.
    """
    if what.write:
        yield making.write(case, what.wanted)
        return
    proposal = making.propose(case, what.wanted)
    yield safe(proposal.sentence, 500)
    yield safe(proposal.effect, 700)
    yield from (f"    {safe(line, 1000)}" for line in proposal.lines)
    yield f"Nothing is written yet: {safe(words, 200)} write does that."
