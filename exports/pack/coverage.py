"""What a pack says of itself that it does not hold: gaps, failures, bypasses, senders not known."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from core.fate import Fate
from core.findings import NOT_INSPECTED
from core.happenings import Event, Happening
from core.ids import rfc3339
from core.stored import OpenedEntry, StoredObservation, UnreadableEntry
from evidence.acts import StoredAct
from evidence.entries import Entry, Recalled

_WINDOWS = frozenset(
    {
        Event.EVIDENCE_GAP,
        Event.GATE_LOST,
        Event.CLOCK_JUMPED,
        Event.KEY_CHANGED,
        Event.WITNESS_MISSED,
        Event.ERASED,
        Event.EXPIRED,
        Event.EXPIRED_APART,
        Event.SUMS_EXPIRED,
        Event.ACTS_EXPIRED,
        Event.MIGRATED,
        Event.REBUILT,
        Event.CAPTURE_ENDED,
        Event.CAPTURE_PASSED,
        Event.CAPTURE_WINDOW,
    }
)


class Coverage:
    """Counts records as they go by."""

    def __init__(self) -> None:
        self._known = Recalled()
        self._records = self._unreadable = self._emptied = 0
        self._bypassed = self._incomplete = 0
        self._observed: Counter[str] = Counter()
        self._certainty: Counter[str] = Counter()
        self._method: Counter[str] = Counter()
        self._degraded: Counter[str] = Counter()
        self._unread: Counter[str] = Counter()
        self.policies: set[str] = set()
        self.scripts: set[str] = set()
        """Hashes of the versions that sent something."""
        self.cases: set[str] = set()

    def count(self, entries: Iterable[Entry]) -> Iterable[Entry]:
        """Give the entries on, counted."""
        for entry in entries:
            self._count(entry.opened(self._known))
            yield entry

    def _count(self, opened: OpenedEntry) -> None:
        if isinstance(opened, StoredObservation):
            self._observed[opened.observation.kind.value] += 1
            return
        self._records += 1
        if isinstance(opened, UnreadableEntry):
            self._emptied += opened.is_erased
            self._unreadable += not opened.is_erased
            return
        record = opened.record
        self._certainty[record.sender.certainty.value] += 1
        self._method[record.sender.method] += 1
        self._bypassed += record.fate is Fate.PAST
        self._incomplete += not record.request.complete
        self._degraded.update(one.partition(":")[0] for one in record.decision.degraded)
        for finding in record.findings:
            if finding.kind == NOT_INSPECTED:
                self._unread[finding.unread or "content"] += 1
        if record.decision.policy is not None:
            self.policies.add(record.decision.policy)
        script = record.sender.script
        if script is not None and script.sha256 is not None:
            self.scripts.add(script.sha256)

    def to_json(
        self,
        acts: Sequence[StoredAct | UnreadableEntry],
        policies: Mapping[str, bytes],
        scripts: Mapping[str, str],
        seal: Callable[[str], str],
    ) -> dict[str, Any]:
        """Return it as JSON values; these are the texts that the pack holds. `seal` gives a word
        for what is wrong with the seal of a script's text.
        """
        seals = {one: seal(one) for one in sorted(self.scripts)}
        gone = [act for act in acts if isinstance(act, UnreadableEntry)]
        return {
            "records": self._records,
            "records_emptied": self._emptied,
            "records_that_cannot_be_read": self._unreadable,
            "observations": dict(sorted(self._observed.items())),
            "connections_past_the_gate": self._bypassed,
            "requests_not_wholly_inspected": self._incomplete,
            "attribution_by_certainty": _shares(self._certainty),
            "attribution_by_method": _shares(self._method),
            "failed_stages": dict(sorted(self._degraded.items())),
            "not_inspected": dict(sorted(self._unread.items())),
            "windows": [_window(act) for act in _windows(acts)],
            "acts_emptied": sum(one.is_erased for one in gone),
            "acts_that_cannot_be_read": sum(not one.is_erased for one in gone),
            "policies_without_text": sorted(self.policies - policies.keys()),
            "scripts_without_source": sorted(self.scripts - scripts.keys()),
            "scripts_without_seal": {one: told for one, told in seals.items() if told},
        }


def _shares(counts: Counter[str]) -> dict[str, Any]:
    total = counts.total()
    return {
        word: {"requests": count, "share": f"{100 * count / total:.1f} %"}
        for word, count in sorted(counts.items())
    }


def _windows(acts: Iterable[StoredAct | UnreadableEntry]) -> Iterator[Happening]:
    for stored in acts:
        act = stored.act if isinstance(stored, StoredAct) else None
        if isinstance(act, Happening) and act.event in _WINDOWS:
            yield act


def _window(act: Happening) -> dict[str, Any]:
    return {"at": rfc3339(act.at), "event": act.event.value, "facts": dict(act.facts)}
