"""What the coverage and the report have to say of the records."""

from collections import Counter
from functools import lru_cache
from typing import Any, Dict, List, Set, Tuple

from exports.pack.checking.names import OBSERVATION, RECORD, WINDOWS
from exports.pack.checking.telling import fate, left

COUNTED = {
    *("connections_past_the_gate", "requests_not_wholly_inspected", "attribution_by_certainty"),
    *("attribution_by_method", "failed_stages", "not_inspected", "policies_without_text"),
    "scripts_without_source",
}


def is_place(value: Dict[str, Any]) -> bool:
    """Return whether the place of an entry is all that is left of it."""
    return value.get("erased") is True and "schema" not in value


class Seen:
    """Counts what goes by."""

    def __init__(self, head: Dict[str, Any]) -> None:
        self.head = head
        self.earlier = False  # only what left whole, through the gate, was counted as left then
        self.counted: List[Tuple[str, Tuple[bool, ...]]] = []
        self.records = self.past = self.parts = self.untold = 0
        self.observed: Dict[str, int] = Counter()
        self.certainty: Dict[str, int] = Counter()
        self.method: Dict[str, int] = Counter()
        self.stages: Dict[str, int] = Counter()
        self.unread: Dict[str, int] = Counter()
        self.policies: Set[str] = set()
        self.scripts: Set[str] = set()
        self.windows: List[Dict[str, Any]] = []

    def act(self, value: Dict[str, Any]) -> None:
        if value.get("event") in WINDOWS:
            self.windows.append({name: value[name] for name in ("at", "event", "facts")})

    def entry(self, value: Dict[str, Any]) -> None:
        if value.get("schema") == OBSERVATION:
            self.observed[value["kind"]] += 1
            return
        self.records += 1
        if value.get("schema") != RECORD:
            self.untold += not is_place(value)
            return
        self.counted.append((moment(value["at"]), plain_figures(value, self.earlier)))
        sender, decision = value["sender"], value["decision"]
        self.certainty[sender["certainty"]] += 1
        self.method[sender["method"]] += 1
        self.past += fate(value) == "past"
        self.parts += not value["request"]["complete"]
        for stage in decision["degraded"]:
            self.stages[stage.partition(":")[0]] += 1
        for finding in value["findings"]:
            if finding["kind"] == "not_inspected":
                self.unread[finding.get("unread") or "content"] += 1
        if decision["policy"] is not None:
            self.policies.add(decision["policy"])
        if sender["script"] is not None and sender["script"]["sha256"] is not None:
            self.scripts.add(sender["script"]["sha256"])

    def figures(self, made_at: str) -> Dict[str, int]:
        """Return what the report of these records has to say in `FIGURES`."""
        first = self.counted[0][0] if self.counted else ""
        began, until = self.head["range"]["since"], self.head["range"]["until"]
        since, last = moment(began) if began else first, moment(made_at)
        counts = [0] * len(FIGURES)
        for at, figures in self.counted:
            if since <= at and (at < moment(until) if until else at <= last):
                counts = [a + b for a, b in zip(counts, figures)]  # noqa: B905 - as above
        return dict(zip(FIGURES, counts))  # noqa: B905 - as above

    def told(self, policies: Set[str], scripts: Set[str]) -> Dict[str, Any]:
        """Return what the coverage has to say where these texts are in the pack."""
        return {
            "records": self.records,
            "observations": self.observed,
            "connections_past_the_gate": self.past,
            "requests_not_wholly_inspected": self.parts,
            "attribution_by_certainty": shares(self.certainty),
            "attribution_by_method": shares(self.method),
            "failed_stages": self.stages,
            "not_inspected": self.unread,
            "windows": self.windows,
            "policies_without_text": sorted(self.policies - policies),
            "scripts_without_source": sorted(self.scripts - scripts),
        }


FIGURES = (
    *("Requests", "\u2026 that left the machine", "\u2026 with passwords or keys"),
    *("Calls of language models", "Requests to personal accounts", "Connections past the gate"),
    "Requests not wholly inspected",
)
"""Rows of the report that follow from the records without another list."""


def named(figure: str) -> str:
    """Return a row's name as it is told: the dots before it say that it is part of another."""
    return figure.replace("\u2026 ", "")


def plain_figures(value: Dict[str, Any], earlier: bool) -> Tuple[bool, ...]:
    """Return whether a request counts in each row of `FIGURES`."""
    became, findings = fate(value), value["findings"]
    unread = any(one["kind"] == "not_inspected" for one in findings)
    return (
        *(True, left(value) == "yes" if earlier else left(value) != "no"),
        any(one["kind"] == "secret" and not one["test_data"] for one in findings),
        value["llm"] is not None,
        value["destination"]["account"]["kind"] == "personal",
        became == "past",
        not became and (unread or bool(value["decision"]["degraded"])),
    )


@lru_cache(maxsize=1024)
def moment(text: str) -> str:
    """Return a time so that one that is later is greater, however many digits it has."""
    seconds, _, rest = text.rstrip("Z").partition(".")
    return "%s.%s" % (seconds, rest.ljust(6, "0"))


def shares(counts: Dict[str, int]) -> Dict[str, Any]:
    total = sum(counts.values())
    return {
        word: {"requests": count, "share": "%.1f %%" % (100 * count / total)}
        for word, count in counts.items()
    }
