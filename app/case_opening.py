"""Opens exactly one case, as a notice or a report names it."""

from core.case_words import quoted
from core.errors import InputError
from core.ids import utc_now
from core.review_ports import CaseStore, HoldQueue
from core.text import printable
from tui.case_names import understood
from tui.holds import waiting_now


def case_line(store: CaseStore, holds: HoldQueue, name: str, words: str = "") -> str:
    """Return the filter line that shows this case, by its short id or the id of one of its
    records, whether open or closed. Raises InputError where it is neither there nor held now,
    EvidenceError.
    """
    if words:
        raise InputError("--case names one case.", remedy="Leave the filter out.")
    now = utc_now()
    line = f"all case:{quoted(name.strip())}"
    parsed = understood(store, line, now)
    waits = any(held.is_called(name.strip()) for held in waiting_now(holds.waiting(), now).held)
    if parsed.problem or not (waits or store.count(parsed.wanted)):
        raise InputError(
            f"There is no case {printable(name, 80)!r}.",
            remedy="outgate report lists their ids; a notice names one.",
        )
    return line
