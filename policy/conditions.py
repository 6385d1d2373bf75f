"""The conditions of a rule as closures: each says True, False, or None when its answer could not be found out."""

import math
from collections.abc import Callable
from datetime import timedelta

from core.attribution import Script, SenderPeer
from core.classification import AccountKind
from core.situation import Situation
from policy.content import findings_condition, llm_condition
from policy.hours import time_condition
from policy.logic import Condition, all_of, any_of, fixed, matcher, negated, of_past, reaching
from policy.plan import Gate, Read
from policy.rules import (
    AttributionCondition,
    DestinationCondition,
    ScriptCondition,
    VolumeCondition,
    When,
)
from policy.unknowns import ACCOUNT, BYTES, COUNTRY, HISTORY, IMPORTS, PEERS, REQUEST, SCRIPT, Test, Truth

_HISTORY, _IMPORTS = HISTORY | SCRIPT, IMPORTS | SCRIPT
"""What is known of a script's past holds for the script that is proven to run, and for no other one."""
_TICK = timedelta(microseconds=1)


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
        found.append(llm_condition(when.llm, own_keys))
    if when.time:
        found.append(time_condition(when.time))
    if when.findings:
        found.append(findings_condition(when.findings))
    for part in when.all or ():
        found += compile_when(part, own_keys)
    if when.any:
        found.append(any_of([all_of(compile_when(part, own_keys)) for part in when.any]))
    if when.not_:
        found.append(negated(all_of(compile_when(when.not_, own_keys))))
    return tuple(sorted(found, key=lambda c: c.cost))


def _attribution(c: AttributionCondition) -> Condition:
    wanted = frozenset(c.certainty)
    return Condition(test=lambda s, _: s.sender.certainty in wanted, static=True, cost=0)


def _destination(c: DestinationCondition) -> list[Condition]:
    found: list[Condition] = []
    if c.category:
        categories = frozenset(c.category)
        found.append(fixed(lambda s: s.destination.category in categories))
    if c.service:
        services = frozenset(name.lower() for name in c.service)
        found.append(fixed(lambda s: s.destination.service in services))
    if c.host:
        host = matcher(c.host)
        found.append(fixed(lambda s: host(s.destination.host)))
    if c.scheme:
        schemes = frozenset(c.scheme)
        found.append(fixed(lambda s: s.destination.scheme in schemes))
    if c.upload is not None:
        found.append(Condition(test=_upload(c.upload), static=True, cost=0))
    if c.account:
        found.append(Condition(test=_account(frozenset(c.account)), static=True, cost=0))
    if c.country:
        found.append(Condition(test=_country(frozenset(c.country)), static=True, cost=0))
    if c.account_id:
        account_id = matcher(c.account_id)
        found.append(fixed(lambda s: account_id(s.destination.account.id or "")))
    if c.path:
        path = matcher(c.path, fold=False)
        found.append(
            Condition(
                test=lambda s, m: None if m & REQUEST else path(s.destination.path),
                static=False,
                cost=2,
            )
        )
    return found


def _country(wanted: frozenset[str]) -> Test:
    return lambda s, missing: None if missing & COUNTRY else s.destination.country in wanted


def _upload(wanted: bool) -> Test:
    return lambda s, missing: None if missing & REQUEST else s.destination.upload is wanted


def _account(kinds: frozenset[AccountKind]) -> Test:
    def test(s: Situation, missing: int) -> Truth:
        kind = s.destination.account.kind
        return None if missing & ACCOUNT and kind is AccountKind.UNKNOWN else kind in kinds

    return test


def _script(c: ScriptCondition) -> list[Condition]:
    found: list[Condition] = []
    if c.path:
        path = matcher([p.replace("\\", "/") for p in c.path], fold=False)
        found.append(
            _of_proven(lambda s: bool(s.path) and path((s.path or "").replace("\\", "/")))
        )
    if c.name:
        name = matcher(c.name, fold=False)
        found.append(_of_script(lambda s: name(s.name)))
    if c.sha256:
        hashes = frozenset(c.sha256)
        found.append(_of_proven(lambda s: s.sha256 in hashes))
    if c.launched_as:
        launches = frozenset(c.launched_as)
        found.append(_of_script(lambda s: s.launched_as in launches))
    if c.owner:
        owner = matcher(c.owner)
        found.append(
            of_past(
                lambda s: s.sender.script is not None and owner(_owner(s.sender.script)), SCRIPT
            )
        )
    if c.user:
        user = matcher(c.user)
        found.append(fixed(lambda s: bool(s.sender.user) and user(s.sender.user or "")))
    if c.started_by:
        starter = matcher(c.started_by)
        found.append(
            fixed(lambda s: bool(s.sender.started_by) and starter(s.sender.started_by or ""))
        )
    if c.python is not None:
        found.append(fixed(lambda s: s.sender.is_python is c.python))
    if c.on_behalf is not None:
        found.append(fixed(lambda s: (s.sender.on_behalf is not None) is c.on_behalf))
    if c.on_behalf_of:
        found.append(_of_peers(matcher([p.replace("\\", "/") for p in c.on_behalf_of], fold=False)))
    return found + _history(c)


def _of_peers(match: Callable[[str], bool]) -> Condition:
    """Nobody can tell for whom a sender works where a peer's name is not certain, or no peer was seen."""

    def test(s: Situation, missing: int) -> Truth:
        if missing & PEERS:
            return None
        return any(match(_name_of(peer)) for peer in s.sender.on_behalf or ())

    return Condition(test=test, static=True, cost=1)


def _owner(script: Script) -> str:
    return str((script.version or {}).get("owner") or "")


def _history(c: ScriptCondition) -> list[Condition]:
    """What the evidence knows of the script; nobody having been asked counts as not approved."""
    found: list[Condition] = []
    if c.approved is not None:
        found.append(of_past(lambda s: bool(s.history.approved) is c.approved, _HISTORY))
    if c.changed_since_approval is not None:
        found.append(
            of_past(lambda s: s.history.changed_since_approval is c.changed_since_approval, _HISTORY)
        )
    if c.newer_than_days:
        age = timedelta(days=c.newer_than_days) // _TICK
        found.append(reaching("newness", _newness, 1 - age, unsure=_HISTORY))
    if c.imports:
        packages = frozenset(c.imports)
        found.append(of_past(lambda s: not packages.isdisjoint(s.history.imports), _IMPORTS))
    return found


def _newness(s: Situation) -> float:
    """How long ago the script was first seen, in microseconds below zero: a new script has more of it."""
    first = s.history.first_seen
    return math.inf if first is None else (first - s.now) // _TICK


def _volume(c: VolumeCondition) -> list[Condition]:
    found: list[Condition] = []
    if limit := c.request_bytes_at_least:
        found.append(_bytes("request bytes", lambda s: s.request_bytes, limit))
    if limit := c.hour_bytes_at_least:
        found.append(_bytes("hour bytes", lambda s: s.volume.bytes_hour + s.request_bytes, limit))
    if limit := c.day_bytes_at_least:
        found.append(_bytes("day bytes", lambda s: s.volume.bytes_day + s.request_bytes, limit))
    if c.day_tokens_at_least:
        found.append(reaching("day tokens", lambda s: s.volume.tokens_day, c.day_tokens_at_least))
    if c.day_cost_usd_at_least:
        found.append(reaching("day cost", lambda s: s.volume.cost_day_usd, c.day_cost_usd_at_least))
    return found


def _bytes(key: str, read: Read, at_least: int) -> Condition:
    """Before the body is there a limit may still be reached, save where the request adds nothing to it."""
    gate = Gate(key=key, read=read, at_least=at_least, unsure=BYTES)

    def test(s: Situation, missing: int) -> Truth:
        return read(s) >= at_least or (None if missing & BYTES else False)

    return Condition(test=test, static=False, cost=2, gates=(gate,))


def _of_script(read: Callable[[Script], bool]) -> Condition:
    return fixed(lambda s: s.sender.script is not None and read(s.sender.script))


def _name_of(peer: SenderPeer) -> str:
    named = peer.script.path if peer.script is not None else peer.process.exe
    return (named or "").replace("\\", "/")


def _of_proven(read: Callable[[Script], bool]) -> Condition:
    """What a name that is not certain must not fulfil, nor escape."""
    return Condition(
        test=lambda s, missing: None
        if missing & SCRIPT
        else s.sender.script is not None and read(s.sender.script),
        static=True,
        cost=0,
    )
