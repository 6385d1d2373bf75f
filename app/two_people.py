"""Erasure that takes two people: the first says it, another says the same."""

from dataclasses import replace

from app.home import Home, private_key
from app.settings import Settings
from app.wiring import store_of
from core.errors import EvidenceError
from core.fingerprint import Fingerprinter
from core.happenings import Event, happening
from core.ids import utc_now
from core.rights import same_person
from evidence.erasure import Wanted
from evidence.erasure_requests import asked_for, mark_of


def confirmed(
    home: Home, settings: Settings, wanted: Wanted, who: str, *, does: bool
) -> tuple[str | None, Wanted]:
    """Return the id of what another person asked for and this confirms, and what is to go then:
    where a time was named, not more than the first person meant; None where nobody asked.

    Raises EvidenceError where somebody `does` confirm what he or she asked for.
    """
    store = store_of(home, settings, "command line")
    asked = asked_for(store, _mark(home, wanted), utc_now())
    store.close()
    if asked is None:
        return None, wanted
    if same_person(asked.who, who):
        if does:
            raise EvidenceError(
                "You asked for this erasure yourself; a second person has to confirm it.",
                remedy="Ask somebody else who may erase.",
            )
        return None, wanted
    times = [us for us in (asked.before_us, wanted.before_us) if us is not None]
    return asked.id, replace(wanted, before_us=min(times, default=None))


def ask_for(home: Home, settings: Settings, wanted: Wanted, who: str, why: str) -> None:
    """Write down what somebody wants to erase, by a keyed mark. Raises EvidenceError."""
    store = store_of(home, settings, "command line")
    facts = {"mark": _mark(home, wanted), "before_us": wanted.before_us, "why": why}
    store.tell(happening(Event.ERASURE_ASKED, facts, who=who))
    store.close()


def _mark(home: Home, wanted: Wanted) -> str:
    return mark_of(wanted, Fingerprinter(private_key(home.fingerprint_key)).of)
