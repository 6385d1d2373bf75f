"""What was read of one case from the evidence, at first from the queue alone."""

from dataclasses import dataclass, replace

from core.attribution import Attribution
from core.observation import OBSERVED
from core.review import Case, ReviewEvent
from core.review_ports import CaseStore
from core.stored import OpenedEntry, StoredObservation, StoredRecord, UnreadableEntry
from tui.holds import Held
from tui.kept_code import Kept, KeptOf
from tui.script_view import ScriptReading, read_script


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read of one case."""

    case: Case
    newest: OpenedEntry | None = None
    """The record or observation that is shown, at first its newest; None while that is not read, or
    when none is left.
    """
    place: int = 0
    """Which of its records: how many newer ones there are."""
    history: tuple[ReviewEvent | UnreadableEntry, ...] = ()
    complete: bool = False
    """False while the evidence is still being read."""
    held: Held | None = None
    """The request itself, while it waits for a person."""
    kept: Kept | None = None
    """The source of the script that sent it; None where nobody looked."""
    past: ScriptReading | None = None
    """What is known of the script; None where there is none."""

    @property
    def key(self) -> str:
        """What is shown: a case, or one held request."""
        return self.case.key if self.held is None else self.held.id


def read_fully(store: CaseStore, begun: Reading, kept_of: KeptOf | None = None) -> Reading:
    """Read the newest record of a case, or what came before a held request; what was done; and
    what is known of the script, with `kept_of` its source.

    Blocks on the disk.
    """
    key, history = begun.case.key, tuple(store.history(begun.case.key))
    if begun.held is not None:
        sender: Attribution | None = begun.held.record.sender
        newest, begun = None, replace(begun, case=store.case(key) or begun.case)
    else:
        if not begun.case.inside.outcomes:  # the list of a fleet tells no more than the rows
            begun = replace(begun, case=store.case(key) or begun.case)
        newest = _newest(store, begun)
        sender = _sender(newest)
    return replace(
        begun,
        newest=newest,
        history=history,
        complete=True,
        kept=_kept(sender, kept_of),
        past=_past(store, sender),
    )


def _newest(store: CaseStore, begun: Reading) -> OpenedEntry | None:
    key = begun.case.key
    if begun.case.verdict == OBSERVED:
        return next(iter(store.observations_of(key, 1, begun.place)), None)
    return next(iter(store.records(key, 1, begun.place)), None)


def _sender(entry: OpenedEntry | None) -> Attribution | None:
    match entry:
        case StoredRecord():
            return entry.record.sender
        case StoredObservation():
            return entry.observation.sender
        case _:
            return None


def _kept(sender: Attribution | None, kept_of: KeptOf | None) -> Kept | None:
    if sender is None or sender.script is None or kept_of is None:
        return None
    sha256 = sender.script.sha256
    return Kept() if sha256 is None else kept_of(sha256)


def _past(store: CaseStore, sender: Attribution | None) -> ScriptReading | None:
    script = None if sender is None else sender.script
    return None if script is None else read_script(store, script.path or script.name)
