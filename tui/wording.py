"""A record or a case in an officer's words. Pure: values in, words out; shared by the app's summary tables."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from core.decision import HoldOutcome
from core.review import Case, HoldState
from core.text import printable
from tui.measures import ago, at_time, capital, clock_time, counted, joined, number, size
from tui.service_names import SERVICES
from tui.vocabulary import (
    DISPOSITIONS,
    HOLDS,
    KINDS,
    UNKNOWN_VERDICT,
    VERDICTS,
    WOULD_HAVE,
    KindWords,
    VerdictWords,
)

_MARKS_KEPT = 2


def safe(text: object, limit: int = 400) -> str:
    """Return anything from a record as inert text on one line that keeps to its own cells."""
    shown = printable(str(text), limit)
    return shown if shown.isascii() else _few_marks(shown)


def _few_marks(text: str) -> str:
    kept: list[str] = []
    run = 0
    for character in text:
        run = run + 1 if unicodedata.combining(character) else 0
        if run <= _MARKS_KEPT:
            kept.append(character)
    return "".join(kept)


def kind_words(kind: str) -> KindWords:
    """Return how a kind of finding is called; an unlisted one is called by its own name."""
    known = KINDS.get(kind)
    if known is not None:
        return known
    name = safe(kind, 60).replace("_", " ").strip() or "something without a name"
    return KindWords(name, f"{name} values", 6)


def kinds_by_gravity(kinds: Iterable[str]) -> list[str]:
    """Return the kinds, gravest first, without repeats; the order among equals is that of the table."""
    order = list(KINDS)
    return sorted(
        set(kinds),
        key=lambda k: (kind_words(k).rank, order.index(k) if k in KINDS else len(order), k),
    )


def kinds_phrase(kinds: Iterable[str], most: int = 3) -> str:
    """Return `bank account numbers, names of people and 2 other kinds`."""
    ordered = kinds_by_gravity(kinds)
    names = list(dict.fromkeys(kind_words(kind).many for kind in ordered))
    if len(names) > most:
        names[most:] = [counted(len(names) - most, "other kind")]
    return joined(names)


def service_name(service: str | None, host: str) -> str:
    """Return the name a person uses for a destination."""
    if not service:
        return safe(host, 80) or "an unnamed host"
    if service in SERVICES:
        return SERVICES[service]
    name = safe(service, 60)
    return name if "." in name else capital(name.replace("_", " ").replace("-", " "))


def place(service: str | None, host: str, category: str, account_kind: str) -> str:
    """Return whose account of which service: `a personal OneDrive`, `OpenAI`, `files.example`."""
    name = service_name(service, host)
    noun = name if category == "cloud_storage" or not service else f"{name} account"
    match account_kind:
        case "personal":
            return f"a personal {noun}"
        case "corporate":
            return f"the organisation's own {noun}"
        case "other_tenant":
            return f"another organisation's {noun}"
        case "anonymous":
            return f"{name}, without an account"
        case _:
            return name


def account_words(account_kind: str) -> str:
    """Return a word for the queue: `personal`, `own`, `other's`, `no account` or nothing."""
    words = {
        "personal": "personal",
        "corporate": "own",
        "other_tenant": "other's",
        "anonymous": "no account",
    }
    return words.get(account_kind, "")


def verdict_words(verdict: str) -> VerdictWords:
    """Return word, sign and meaning of an outcome."""
    return VERDICTS.get(verdict, UNKNOWN_VERDICT)


def decision_words(decision: Mapping[str, Any]) -> VerdictWords:
    """Return word, sign and meaning of a decision; a held request goes by how its hold ended."""
    ended = (decision.get("hold") or {}).get("outcome") if decision["verdict"] == "hold" else None
    known = HOLDS.get(str(ended))
    return verdict_words(str(decision["verdict"])) if known is None else known


def case_words(case: Case) -> VerdictWords:
    """Return word, sign and meaning of a case; a held one goes by how its newest hold ended, where that was asked."""
    if case.hold is None or case.hold.outcome is None:
        return verdict_words(case.verdict)
    return HOLDS[case.hold.outcome.value]


def hold_remark(hold: HoldState | None) -> str:
    """Return what the queue says of a hold that nobody answered in time, or nothing."""
    if hold is None or hold.outcome is not HoldOutcome.TIMED_OUT:
        return ""
    if hold.answer is None:
        return "expired unseen"
    return "approved, run again" if hold.answer.approved else "refused later"


def went_out(decision: Mapping[str, Any]) -> bool:
    """Return True when the request left, as a whole or redacted."""
    ended = (decision.get("hold") or {}).get("outcome")
    return decision["verdict"] in {"allow", "watch", "warn", "redact"} or ended in {
        "approved",
        "approved_before",
    }


def disposition_words(disposition: str | None) -> str:
    """Return why a case was closed, in words."""
    if disposition is None:
        return "no reason given"
    return (
        DISPOSITIONS[disposition][0]
        if disposition in DISPOSITIONS
        else safe(disposition, 60).replace("_", " ")
    )


def found_phrase(findings: Sequence[Mapping[str, Any]]) -> str:
    """Return what was found: `15,000 rows with bank account numbers`, `2 phone numbers`, or nothing."""
    known = [f for f in findings if f["kind"] != "not_inspected"]
    if not known:
        return ""
    rows = max((f.get("records") or 0 for f in known), default=0)
    kinds = kinds_by_gravity(f["kind"] for f in known)
    if rows > 1:
        return f"{number(rows)} rows with {kinds_phrase(kinds)}"
    amounts: dict[tuple[str, str], int] = {}
    for kind in kinds:
        words = kind_words(kind)
        each = sum(f["distinct"] or f["count"] for f in known if f["kind"] == kind)
        amounts[words.one, words.many] = amounts.get((words.one, words.many), 0) + each
    return _amounts(amounts)


def _amounts(amounts: Mapping[tuple[str, str], int], most: int = 3) -> str:
    parts = [counted(n, one, many) for (one, many), n in amounts.items()]
    if len(parts) > most:
        parts[most:] = [counted(len(parts) - most, "other kind")]
    return joined(parts)


def sender_name(sender: Mapping[str, Any]) -> str:
    """Return what a person calls the sender; never a name that was not found."""
    script = sender.get("script")
    if script:
        return safe(script["name"], 80)
    name = safe(sender.get("name") or "", 64)
    return f"{name} (script not known)" if name else "unknown sender"


def _subject(sender: Mapping[str, Any]) -> str:
    if not sender.get("script") and not sender.get("name"):
        who = "a program that could not be identified"
    else:
        name = f"“{sender_name(sender)}”" if sender.get("script") else sender_name(sender)
        who = f"probably {name}" if sender.get("certainty") == "likely" else name
    user = f", run by {safe(sender['user'], 60)}," if sender.get("user") else ""
    return capital(who) + user


def outcome(decision: Mapping[str, Any]) -> str:
    """Return what happened and, where policy only watched, what the rule would have done."""
    said = decision_words(decision).outcome
    would = WOULD_HAVE.get(str(decision.get("intended") or ""))
    if would and decision.get("intended") != decision["verdict"]:
        said += f" The rule would have {would}."
    return said


def sentence(record: Mapping[str, Any], now: datetime, zone: tzinfo | None = None) -> str:
    """Return one exchange (a record as JSON values) as two sentences: who sent what where when, and what happened."""
    decision, destination = record["decision"], record["destination"]
    when = at_time(datetime.fromisoformat(record["at"]), now, zone)
    if record["request"]["method"] == "CONNECT":
        return f"{_subject(record['sender'])} {_uninspected(decision)} {safe(destination['host'], 200)} {when}. {_why(decision)}"
    waits = (decision.get("hold") or {}).get("outcome") == "waiting"
    verb = "sent" if went_out(decision) else "wants to send" if waits else "tried to send"
    amount = size(record["request"]["bytes"])
    what = found_phrase(record["findings"]) or f"{amount} without known personal data or secrets"
    if any(f["kind"] == "not_inspected" for f in record["findings"]):
        what += ", partly unread," if found_phrase(record["findings"]) else ""
        what = what if found_phrase(record["findings"]) else f"{amount} that could not all be read"
    where = place(
        destination["service"],
        destination["host"],
        destination["category"],
        destination["account"]["kind"],
    )
    model = (record.get("llm") or {}).get("model")
    if model:
        where += f" ({safe(model, 60)})"
    return f"{_subject(record['sender'])} {verb} {what} to {where} {when}. {outcome(decision)}"


def _uninspected(decision: Mapping[str, Any]) -> str:
    """Return what a client did that came to no inspection: it never sent the gate a request."""
    past = any(stage.startswith("bypass:") for stage in decision["degraded"])
    return "went past Outgate to" if past else "tried to reach"


def _why(decision: Mapping[str, Any]) -> str:
    return safe(decision["reason"], 300).rstrip(".") + "."


def case_found(case: Case) -> str:
    """Return what was found in a case, short: `15,000 rows · bank account numbers`."""
    kinds = [kind for kind in kinds_by_gravity(case.kinds) if kind != "not_inspected"]
    if not kinds:
        return "could not all be read" if case.kinds else "nothing known"
    if case.records and case.records > 1:
        return f"{number(case.records)} rows · {kinds_phrase(kinds, 2)}"
    if (
        len(kinds) == 1 and kinds[0] != "secret"
    ):  # the queue's number is that of one detector; secrets have many
        words = kind_words(kinds[0])
        return counted(max(1, case.values), words.one, words.many)
    return kinds_phrase(kinds, 2)


def case_place(case: Case) -> str:
    """Return where a case went, short: `OneDrive, personal`."""
    account = account_words(case.account_kind)
    name = service_name(case.service, case.host)
    return f"{name}, {account}" if account else name


def case_sentence(case: Case, now: datetime, zone: tzinfo | None = None) -> str:
    """Return a case as a sentence, from what the queue knows of it."""
    who = f"“{safe(case.script, 80)}”" if case.script else "An unknown sender"
    by = f", run by {safe(case.user, 60)}," if case.user else ""
    words = case_words(case)
    verb = (
        "sent" if went_out({"verdict": case.verdict, "hold": _hold_json(case)}) else "tried to send"
    )
    where = place(case.service, case.host, case.category, case.account_kind)
    times = (
        f" ({counted(case.count, 'time')} since {clock_time(case.first_at, now, zone)})"
        if case.count > 1
        else ""
    )
    what = case_found(case).replace(" · ", " with ")
    return f"{who}{by} {verb} {what} to {where} {at_time(case.last_at, now, zone)}{times}. {words.outcome}"


def _hold_json(case: Case) -> dict[str, str | None] | None:
    return None if case.hold is None else {"outcome": case.hold.outcome}


def health(
    totals: Mapping[str, int],
    now: datetime,
    problem: str | None = None,
    watching: bool | None = None,
) -> tuple[str, str]:
    """Return the meaning (allowed, quiet or blocked) and the words of the health line.

    `totals` are those of today; `watching` is None when nobody could say whether a gate runs, and is then not claimed.
    """
    if problem:
        return "blocked", f"Not reading evidence · {safe(problem, 120)}"
    last = totals.get("last_at_epoch") or 0
    seen = (
        f"last request {ago(now - datetime.fromtimestamp(last, now.tzinfo))}"
        if last
        else "no request today"
    )
    skipped = totals.get("degraded") or 0
    missed = f"{number(skipped)} not fully checked today" if skipped else "nothing skipped today"
    state = {True: "Watching · ", False: "No gate runs · ", None: ""}[watching]
    meaning = "blocked" if skipped else "quiet" if watching is False else "allowed"
    return meaning, capital(f"{state}{seen} · {missed}")


def tally(open_cases: int, held_cases: int) -> str:
    """Return the first words of the screen: how many cases need a person."""
    if not open_cases:
        return "Nothing needs you."
    need = "1 case needs you" if open_cases == 1 else f"{number(open_cases)} cases need you"
    if not held_cases:
        return need
    return (
        f"{need}, held"
        if open_cases == held_cases
        else f"{need}, {number(held_cases)} of them held"
    )
