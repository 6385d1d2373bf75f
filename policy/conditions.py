"""Conditions as closures: each says True, False, or None when what it looks at could not be found out."""

import fnmatch
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from core.attribution import Script
from core.classification import AccountKind, LlmCall
from core.findings import NOT_INSPECTED, SECRET, Confidence, Finding
from core.situation import Situation
from policy.decide import ACCOUNT, BYTES, FINDINGS, LLM, NAMES, SECRETS, VALUES, Test, Truth
from policy.rules import (
    AttributionCondition,
    DestinationCondition,
    FindingsCondition,
    Hours,
    LlmCondition,
    ScriptCondition,
    TimeCondition,
    VolumeCondition,
    When,
)
from policy.words import ANYTHING, WORDS

type Match = Callable[[str], bool]
type LlmTest = Callable[[LlmCall, bool], Truth]

_WILD = re.compile(r"[*?\[]")
_NAMES = frozenset({"person", "address"})
_SURE = {Confidence.POSSIBLE: 0, Confidence.LIKELY: 1, Confidence.CERTAIN: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition, compiled."""

    test: Test
    static: bool
    """True when it looks only at what `decide.identity_of` names, so that its answer may be kept."""
    cost: int = 1
    """Cheap ones are asked first."""


def compile_when(when: When, own_keys: frozenset[str]) -> tuple[Condition, ...]:
    """Return conditions that must all hold."""
    found: list[Condition] = []
    if when.attribution:
        found.append(_attribution(when.attribution))
    if when.destination:
        found += _destination(when.destination)
    if when.script:
        found += _script(when.script)
    if when.volume:
        found += _volume(when.volume)
    if when.llm:
        found.append(_llm(when.llm, own_keys))
    if when.time:
        found.append(_time(when.time))
    if when.findings:
        found.append(_findings(when.findings))
    for part in when.all or ():
        found += compile_when(part, own_keys)
    if when.any:
        found.append(_any_of([_all_of(compile_when(part, own_keys)) for part in when.any]))
    if when.not_:
        found.append(_negated(_all_of(compile_when(when.not_, own_keys))))
    return tuple(sorted(found, key=lambda c: c.cost))


def kinds_of(words: Iterable[str]) -> frozenset[str] | None:
    """Return the kinds that these words stand for; None for every kind (`not_inspected` only where named)."""
    kinds: set[str] = set()
    for word in words:
        if word == ANYTHING:
            return None
        kinds |= WORDS.get(word, {word})
    return frozenset(kinds)


def matcher(patterns: Sequence[str], *, fold: bool = True) -> Match:
    """Return a test of text against patterns in which * and ? stand for anything; `*.x` means below x."""
    wanted = [p.lower() if fold else p for p in patterns]
    exact = frozenset(p for p in wanted if not _WILD.search(p))
    suffixes = tuple(p[1:] for p in wanted if p.startswith("*.") and not _WILD.search(p[1:]))
    others = [p for p in wanted if _WILD.search(p.removeprefix("*.")) or p == "*."]
    pattern = re.compile("|".join(fnmatch.translate(p) for p in others)) if others else None

    def match(text: str) -> bool:
        value = text.lower() if fold else text
        return (
            value in exact
            or (bool(suffixes) and value.endswith(suffixes))
            or (pattern is not None and pattern.match(value) is not None)
        )

    return match


def _attribution(c: AttributionCondition) -> Condition:
    wanted = frozenset(c.certainty)
    return Condition(test=lambda s, _: s.sender.certainty in wanted, static=True, cost=0)


def _destination(c: DestinationCondition) -> list[Condition]:
    found: list[Condition] = []
    if c.category:
        categories = frozenset(c.category)
        found.append(_static(lambda s: s.destination.category in categories))
    if c.service:
        services = frozenset(name.lower() for name in c.service)
        found.append(_static(lambda s: s.destination.service in services))
    if c.host:
        host = matcher(c.host)
        found.append(_static(lambda s: host(s.destination.host)))
    if c.scheme:
        schemes = frozenset(c.scheme)
        found.append(_static(lambda s: s.destination.scheme in schemes))
    if c.upload is not None:
        found.append(_static(lambda s: s.destination.upload is c.upload))
    if c.account:
        found.append(Condition(test=_account(frozenset(c.account)), static=True, cost=0))
    if c.account_id:
        account_id = matcher(c.account_id)
        found.append(_static(lambda s: account_id(s.destination.account.id or "")))
    if c.path:
        path = matcher(c.path, fold=False)
        found.append(Condition(test=lambda s, _: path(s.destination.path), static=False, cost=2))
    return found


def _account(kinds: frozenset[AccountKind]) -> Test:
    def test(s: Situation, missing: int) -> Truth:
        kind = s.destination.account.kind
        return None if missing & ACCOUNT and kind is AccountKind.UNKNOWN else kind in kinds

    return test


def _script(c: ScriptCondition) -> list[Condition]:
    found: list[Condition] = []
    if c.path:
        path = matcher([p.replace("\\", "/") for p in c.path], fold=False)
        found.append(_of_script(lambda s: bool(s.path) and path((s.path or "").replace("\\", "/"))))
    if c.name:
        name = matcher(c.name, fold=False)
        found.append(_of_script(lambda s: name(s.name)))
    if c.sha256:
        hashes = frozenset(c.sha256)
        found.append(_of_script(lambda s: s.sha256 in hashes))
    if c.launched_as:
        launches = frozenset(c.launched_as)
        found.append(_of_script(lambda s: s.launched_as in launches))
    if c.owner:
        owner = matcher(c.owner)
        found.append(_changing(lambda s: s.sender.script is not None and owner(_owner(s.sender.script))))
    if c.user:
        user = matcher(c.user)
        found.append(_static(lambda s: bool(s.sender.user) and user(s.sender.user or "")))
    if c.started_by:
        starter = matcher(c.started_by)
        found.append(_static(lambda s: bool(s.sender.started_by) and starter(s.sender.started_by or "")))
    if c.python is not None:
        found.append(_static(lambda s: s.sender.is_python is c.python))
    return found + _history(c)


def _owner(script: Script) -> str:
    return str((script.version or {}).get("owner") or "")


def _history(c: ScriptCondition) -> list[Condition]:
    """What the evidence knows of the script; nobody having been asked counts as not approved."""
    found: list[Condition] = []
    if c.approved is not None:
        found.append(_changing(lambda s: bool(s.history.approved) is c.approved))
    if c.changed_since_approval is not None:
        found.append(_changing(lambda s: s.history.changed_since_approval is c.changed_since_approval))
    if c.newer_than_days:
        age = timedelta(days=c.newer_than_days)
        found.append(_changing(lambda s: s.history.first_seen is None or s.now - s.history.first_seen < age))
    if c.imports:
        packages = frozenset(c.imports)
        found.append(_changing(lambda s: not packages.isdisjoint(s.history.imports)))
    return found


def _findings(c: FindingsCondition) -> Condition:
    kinds = kinds_of(c.kinds) if c.kinds else None
    looked_for = _looked_for(kinds)
    unread_too = NOT_INSPECTED in (c.kinds or ())
    detectors = matcher(c.detectors) if c.detectors else None
    sure = _SURE[c.certainty] if c.certainty else 0
    minimum = (c.count_at_least, c.distinct_at_least, c.records_at_least, c.subjects_at_least)
    counted = any(minimum)
    count, distinct, records, subjects = (n or 0 for n in minimum)

    def enough(found: list[Finding]) -> bool:
        """Values add up over findings; rows are shared by them."""
        return (
            sum(f.count for f in found) >= count
            and sum(f.distinct for f in found) >= distinct
            and max((f.records or 0 for f in found), default=0) >= records
            and max((f.subjects or 0 for f in found), default=0) >= subjects
        )

    def test(s: Situation, missing: int) -> Truth:
        found = [
            f
            for f in s.findings
            if (f.kind in kinds if kinds is not None else unread_too or f.kind != NOT_INSPECTED)
            and (c.test_data or not f.test_data)
            and _SURE[f.confidence] >= sure
            and (detectors is None or detectors(f.detector))
        ]
        if found and (not counted or enough(found)):
            return True
        return None if missing & looked_for else False

    return Condition(test=test, static=False, cost=5)


def _looked_for(kinds: frozenset[str] | None) -> int:
    """Return which failures could hide these kinds: a lost names model says nothing of bank data."""
    if kinds is None or NOT_INSPECTED in kinds:
        return FINDINGS
    secrets = SECRETS if SECRET in kinds else 0
    names = NAMES if kinds & _NAMES else 0
    return secrets | names | (VALUES if kinds - {SECRET} - _NAMES else 0)


def _volume(c: VolumeCondition) -> list[Condition]:
    """Before the body is there a limit may still be reached, save where the request adds nothing to it."""
    found: list[Condition] = []
    if limit := c.request_bytes_at_least:
        found.append(_bytes(lambda s, m: s.request_bytes >= limit or (None if m & BYTES else False)))
    if hour := c.hour_bytes_at_least:
        found.append(
            _bytes(lambda s, m: s.volume.bytes_hour + s.request_bytes >= hour or (None if m & BYTES else False))
        )
    if day := c.day_bytes_at_least:
        found.append(_bytes(lambda s, m: s.volume.bytes_day + s.request_bytes >= day or (None if m & BYTES else False)))
    if tokens := c.day_tokens_at_least:
        found.append(_changing(lambda s: s.volume.tokens_day >= tokens))
    if cost := c.day_cost_usd_at_least:
        found.append(_changing(lambda s: s.volume.cost_day_usd >= cost))
    return found


def _bytes(test: Test) -> Condition:
    return Condition(test=test, static=False, cost=2)


def _llm(c: LlmCondition, own_keys: frozenset[str]) -> Condition:
    """Before the body is there, what is not known of a call may still become known."""
    parts: list[LlmTest] = []
    if c.provider:
        parts.append(_llm_text(matcher(c.provider), lambda call: call.provider))
    if c.model:
        parts.append(_llm_text(matcher(c.model), lambda call: call.model))
    if c.operation:
        parts.append(_llm_text(matcher(c.operation), lambda call: call.operation))
    if c.key_class:
        parts.append(_llm_text(matcher(c.key_class), lambda call: call.key_class))
    if c.organisation:
        parts.append(_llm_text(matcher(c.organisation), lambda call: call.organisation))
    if c.tools:
        tool = matcher(c.tools)
        parts.append(lambda call, open_: True if any(map(tool, call.tools)) else (None if open_ else False))
    if c.attachments is not None:
        parts.append(lambda call, open_: None if open_ else bool(call.attachments) is c.attachments)
    if c.key:
        known = c.key == "known"
        parts.append(
            lambda call, open_: (
                None if open_ and call.key_fingerprint is None else (call.key_fingerprint in own_keys) is known
            )
        )

    def test(s: Situation, missing: int) -> Truth:
        open_ = bool(missing & LLM)
        if s.llm is None:
            return None if open_ else False
        call = s.llm
        return _and(part(call, open_) for part in parts)

    return Condition(test=test, static=False, cost=3)


def _llm_text(match: Match, read: Callable[[LlmCall], str | None]) -> LlmTest:
    def test(call: LlmCall, open_: bool) -> Truth:
        value = read(call)
        if value is None:
            return None if open_ else False
        return match(value)

    return test


def _time(c: TimeCondition) -> Condition:
    hours = c.within or c.outside
    assert hours is not None
    inside = _inside(hours)
    wanted = c.within is not None
    return Condition(test=lambda s, _: inside(s) is wanted, static=False, cost=3)


def _inside(hours: Hours) -> Callable[[Situation], bool]:
    zone = ZoneInfo(hours.zone)
    begin, end = hours.span()
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    days = frozenset(names.index(d) for d in hours.days)

    def inside(s: Situation) -> bool:
        local = s.now.astimezone(zone)
        minute, day = local.hour * 60 + local.minute, local.weekday()
        if begin < end:
            return day in days and begin <= minute < end
        # A night's hours belong to the day on which they begin.
        return (day in days and minute >= begin) or ((day - 1) % 7 in days and minute < end)

    return inside


def _and(answers: Iterable[Truth]) -> Truth:
    together: Truth = True
    for one in answers:
        if one is False:
            return False
        if one is None:
            together = None
    return together


def _all_of(parts: Sequence[Condition]) -> Condition:
    tests = [p.test for p in parts]
    return _joined(lambda s, missing: _and(t(s, missing) for t in tests), parts)


def _any_of(parts: Sequence[Condition]) -> Condition:
    tests = [p.test for p in parts]

    def test(s: Situation, missing: int) -> Truth:
        answer: Truth = False
        for t in tests:
            one = t(s, missing)
            if one:
                return True
            if one is None:
                answer = None
        return answer

    return _joined(test, parts)


def _negated(part: Condition) -> Condition:
    def test(s: Situation, missing: int) -> Truth:
        one = part.test(s, missing)
        return None if one is None else not one

    return _joined(test, [part])


def _joined(test: Test, parts: Sequence[Condition]) -> Condition:
    return Condition(test=test, static=all(p.static for p in parts), cost=sum(p.cost for p in parts))


def _static(read: Callable[[Situation], bool]) -> Condition:
    return Condition(test=lambda s, _: read(s), static=True, cost=0)


def _changing(read: Callable[[Situation], bool]) -> Condition:
    return Condition(test=lambda s, _: read(s), static=False)


def _of_script(read: Callable[[Script], bool]) -> Condition:
    return _static(lambda s: s.sender.script is not None and read(s.sender.script))
