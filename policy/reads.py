"""What rules can ask about: each fact of a situation by name, how it is read, and from what.

All that depends on what conditions look at is derived from here: what makes an answer unknown,
whether the evidence or a table of countries is asked, what a replay cannot tell, which rules trust
a destination, what can never hold.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from functools import lru_cache
from typing import Any, Literal
from zoneinfo import ZoneInfo

from core.attribution import Attribution, Certainty, LaunchedAs, Script, SenderPeer
from core.classification import AccountKind, Category, Destination, LlmCall
from core.habits import Sending, telling
from core.sent_file import SentFile
from core.situation import ScriptHistory, Situation
from core.vocabulary.habits import Unusual
from core.vocabulary.packages import PackageState
from core.vocabulary.sizes import joined
from core.vocabulary.unread import unread_kinds
from destinations.networks import networks_of
from policy.inputs import (
    ACCOUNT,
    ADVISORIES,
    CLOCK,
    COUNTRY,
    DESTINATION,
    FILES,
    FINDINGS,
    HABITS,
    HISTORY,
    IMPORTS,
    LLM,
    NETWORK,
    PACKAGES,
    PEERS,
    REQUEST,
    RESOURCES,
    SCRIPT,
    SENDER,
    SIZE,
    UNREAD,
    VOLUME,
    WHOLE_DAY,
    WHOLE_HOUR,
    Inputs,
)


class Stands(Enum):
    """Which answers still stand while something that a read is made from is missing."""

    NONE = auto()
    YES = auto()
    """More may come, and nothing goes away: what holds already will hold."""
    FILLED = auto()
    """What was found out stays so; only a blank says nothing."""


type Doubt = Literal[Stands.NONE, Stands.YES] | None
"""What of an answer stands; None where nothing is missing."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Read[T]:
    """One fact of a situation. Two reads are the same only when they are the same object."""

    name: str
    """`destination.port`: the section that asks for it, and what it is."""
    inputs: Inputs
    """All that `of` looks at; a test holds it to that."""
    of: Callable[[Situation], T]
    stands: Stands = Stands.NONE
    blank: T | None = None
    """With `Stands.FILLED`: the value that says nothing."""
    values: tuple[T, ...] = ()
    """Every value that there is, where they can be listed."""


class Seen(dict[Read[Any], tuple[Any, Doubt]]):
    """A situation as the rules see it: each read done once, when first asked, with its doubt."""

    __slots__ = ("_missing", "_settled", "_situation")

    def __init__(self, situation: Situation, missing: Inputs, settled: Inputs = 0) -> None:
        """What is made from anything `settled` is in no doubt, whatever else it looks at."""
        self._situation = situation
        self._settled = settled
        # A destination in doubt is known all the same: what it means is settled rule by rule.
        self._missing = missing & ~DESTINATION

    def __missing__(self, read: Read[Any]) -> tuple[Any, Doubt]:
        value = read.of(self._situation)
        doubtful = read.inputs & self._missing and not read.inputs & self._settled
        doubt = self._doubt(read, value) if doubtful else None
        seen = self[read] = value, doubt
        return seen

    def _doubt(self, read: Read[Any], value: Any) -> Doubt:
        if read.stands is Stands.FILLED:
            return Stands.NONE if value == read.blank else None
        return read.stands


_EITHER = (True, False)


def _sender[T](name: str, of: Callable[[Attribution], T], values: tuple[T, ...] = ()) -> Read[T]:
    return Read(name=name, inputs=SENDER, of=lambda s: of(s.sender), values=values)


def _script[T](
    name: str, of: Callable[[Script], T | None], values: tuple[T | None, ...] = ()
) -> Read[T | None]:
    """Without a script there is nothing to be read of it."""
    return _sender(name, lambda a: None if a.script is None else of(a.script), values)


def _proven[T](name: str, of: Callable[[Script], T | None]) -> Read[T | None]:
    """What a name that is not certain must neither fulfil nor escape."""
    return Read(
        name=name,
        inputs=SENDER | SCRIPT,
        of=lambda s: None if s.sender.script is None else of(s.sender.script),
    )


def _history[T](name: str, of: Callable[[ScriptHistory], T], values: tuple[T, ...] = ()) -> Read[T]:
    """What is known of a script's past is that of the script which is proven to run."""
    return Read(name=name, inputs=HISTORY | SCRIPT, of=lambda s: of(s.history), values=values)


def _destination[T](
    name: str, of: Callable[[Destination], T], values: tuple[T, ...] = ()
) -> Read[T]:
    return Read(name=name, inputs=DESTINATION, of=lambda s: of(s.destination), values=values)


def _call(name: str, of: Callable[[LlmCall], str | None]) -> Read[str | None]:
    """Before the body is there, what is not known of a call may still become known."""
    return Read(
        name=name,
        inputs=LLM,
        of=lambda s: None if s.llm is None else of(s.llm),
        stands=Stands.FILLED,
    )


def _volume(name: str, inputs: Inputs, of: Callable[[Situation], float]) -> Read[float]:
    """Amounts only grow while the body is still to come."""
    return Read(name=name, inputs=inputs, of=of, stands=Stands.YES)


def _owner(script: Script) -> str:
    """An owner that nobody knows is an empty name."""
    return str((script.version or {}).get("owner") or "")


def _peer_name(peer: SenderPeer) -> str:
    """A peer that runs no script is known by its program."""
    named = peer.process.exe if peer.script is None else peer.script.path
    return (named or "").replace("\\", "/")


def _age(s: Situation) -> timedelta:
    """A script that was never seen is as new as can be."""
    first = s.history.first_seen
    return timedelta() if first is None else s.now - first


CERTAINTY = _sender("attribution.certainty", lambda a: a.certainty, tuple(Certainty))

SCRIPT_PATH = _proven("script.path", lambda script: (script.path or "").replace("\\", "/") or None)
SCRIPT_NAME = _script("script.name", lambda script: script.name)
SCRIPT_SHA256 = _proven("script.sha256", lambda script: script.sha256)
SCRIPT_LAUNCHED_AS = _script(
    "script.launched_as", lambda script: script.launched_as, (None, *LaunchedAs)
)
SCRIPT_OWNER = _proven("script.owner", _owner)
USER = _sender("script.user", lambda a: a.user or None)
STARTED_BY = _sender("script.started_by", lambda a: a.started_by or None)
ON_BEHALF = _sender("script.on_behalf", lambda a: a.on_behalf is not None, _EITHER)
BEHALF_OF = Read(
    name="script.on_behalf_of",
    inputs=SENDER | PEERS,
    of=lambda s: tuple(_peer_name(peer) for peer in s.sender.on_behalf or ()),
)
IS_PYTHON = _sender("script.python", lambda a: a.is_python, (None, *_EITHER))
APPROVED = _history("script.approved", lambda known: bool(known.approved), _EITHER)
"""Nobody having been asked counts as not approved."""
CHANGED = _history(
    "script.changed_since_approval", lambda known: known.changed_since_approval, _EITHER
)
SCRIPT_AGE = Read(name="script.age", inputs=HISTORY | SCRIPT | CLOCK, of=_age)
IMPORTED = Read(name="script.imports", inputs=IMPORTS | SCRIPT, of=lambda s: s.history.imports)
PACKAGES_ARE = Read(
    name="script.packages",
    inputs=PACKAGES | ADVISORIES | SCRIPT,
    of=lambda s: s.history.packages or frozenset(),
)
PACKAGES_LISTED = Read(
    name="script.packages_listed",
    inputs=PACKAGES | SCRIPT,
    of=lambda s: (s.history.packages or frozenset()) & {PackageState.NOT_ALLOWED},
)
"""The same, where no advisory is asked."""

HOST = Read(name="destination.host", inputs=DESTINATION, of=lambda s: s.host or s.destination.host)
PORT = _destination("destination.port", lambda d: d.port)
SCHEME = _destination("destination.scheme", lambda d: d.scheme)
CATEGORY = _destination("destination.category", lambda d: d.category, tuple(Category))
SERVICE = _destination("destination.service", lambda d: d.service)
ACCOUNT_KIND = Read(
    name="destination.account",
    inputs=ACCOUNT,
    of=lambda s: s.destination.account.kind,
    stands=Stands.FILLED,
    blank=AccountKind.UNKNOWN,
    values=tuple(AccountKind),
)
ACCOUNT_ID = Read(
    name="destination.account_id",
    inputs=ACCOUNT,
    of=lambda s: s.destination.account.id or "",
    stands=Stands.FILLED,
    blank="",
)
IN_COUNTRY = Read(name="destination.country", inputs=COUNTRY, of=lambda s: s.destination.country)
IN_NETWORK = Read(
    name="destination.network",
    inputs=DESTINATION | NETWORK,
    of=lambda s: networks_of(s.destination.host, s.destination.address),
)
UPLOAD = Read(
    name="destination.upload", inputs=REQUEST, of=lambda s: s.destination.upload, values=_EITHER
)
URL_PATH = Read(name="destination.path", inputs=REQUEST, of=lambda s: s.destination.path)

REQUEST_BYTES = _volume("volume.request_bytes", SIZE, lambda s: s.request_bytes)
HOUR_BYTES = _volume(
    "volume.hour_bytes", SIZE | VOLUME | WHOLE_HOUR, lambda s: s.volume.bytes_hour + s.request_bytes
)
DAY_BYTES = _volume(
    "volume.day_bytes", SIZE | VOLUME | WHOLE_DAY, lambda s: s.volume.bytes_day + s.request_bytes
)
CPU_SECONDS = Read(
    name="resources.cpu_seconds", inputs=RESOURCES, of=lambda s: s.history.cpu_seconds or 0.0
)
MEMORY = Read(name="resources.memory", inputs=RESOURCES, of=lambda s: s.history.memory_bytes or 0)

HOUR_REQUESTS = _volume(
    "requests_per.hour", VOLUME | WHOLE_HOUR, lambda s: s.volume.requests_hour + 1
)
DAY_REQUESTS = _volume("requests_per.day", VOLUME | WHOLE_DAY, lambda s: s.volume.requests_day + 1)
DAY_TOKENS = _volume("volume.day_tokens", VOLUME | WHOLE_DAY, lambda s: s.volume.tokens_day)
DAY_COST = _volume("volume.day_cost_usd", VOLUME | WHOLE_DAY, lambda s: s.volume.cost_day_usd)

UNREAD_KINDS = Read(
    name="unread",
    inputs=UNREAD,
    of=lambda s: unread_kinds(s.findings),
    stands=Stands.YES,
)


def _of_files[T](name: str, of: Callable[[tuple[SentFile, ...]], T]) -> Read[T]:
    return Read(name=name, inputs=FILES, of=lambda s: of(s.files), stands=Stands.YES)


FILES_KNOWN = Read(
    name="files", inputs=FILES, of=lambda s: bool(s.files), stands=Stands.YES, values=_EITHER
)
FILE_PATHS = _of_files(
    "files.path", lambda files: tuple(file.path.replace("\\", "/") for file in files)
)
FILE_NAMES = _of_files("files.name", lambda files: tuple(file.name for file in files))
FILE_OWNERS = _of_files("files.owner", lambda files: tuple(f.owner for f in files if f.owner))
FILE_LABELS = _of_files("files.label", lambda files: frozenset(file.label for file in files))
FILES_SAME = _of_files("files.same", lambda files: frozenset(file.same for file in files))

LLM_CALLED = Read(
    name="llm", inputs=LLM, of=lambda s: s.llm is not None, stands=Stands.YES, values=_EITHER
)
LLM_PROVIDER = _call("llm.provider", lambda call: call.provider)
LLM_MODEL = _call("llm.model", lambda call: call.model)
LLM_OPERATION = _call("llm.operation", lambda call: call.operation)
LLM_KEY = _call("llm.key", lambda call: call.key_fingerprint)
LLM_KEY_CLASS = _call("llm.key_class", lambda call: call.key_class)
LLM_ORGANISATION = _call("llm.organisation", lambda call: call.organisation)
LLM_TOOLS = Read(
    name="llm.tools",
    inputs=LLM,
    of=lambda s: () if s.llm is None else s.llm.tools,
    stands=Stands.YES,
)
LLM_ATTACHMENTS = Read(
    name="llm.attachments",
    inputs=LLM,
    of=lambda s: s.llm is not None and bool(s.llm.attachments),
    values=_EITHER,
)


@lru_cache(maxsize=64)
def local_time(zone: str) -> Read[tuple[int, int]]:
    """Return the read of the day of the week (Monday is 0) and the minute of the day, there."""
    clock = ZoneInfo(zone)

    def of(s: Situation) -> tuple[int, int]:
        local = s.now.astimezone(clock)
        return local.weekday(), local.hour * 60 + local.minute

    return Read(name=f"time.{zone}", inputs=CLOCK, of=of)


_UNUSUAL_BY: dict[Unusual, Inputs] = {
    Unusual.HOURS: CLOCK,
    Unusual.DESTINATION: DESTINATION | ACCOUNT,
    Unusual.VOLUME: DESTINATION | SIZE | VOLUME | WHOLE_DAY,
    Unusual.KIND: DESTINATION | FINDINGS,
}
"""What a habit is compared with."""


@lru_cache(maxsize=16)
def unusual(words: frozenset[Unusual]) -> Read[frozenset[Unusual]]:
    """Return the read of the ways in which a request is unusual for its script, of these."""
    inputs = HABITS | SCRIPT
    for word in words:
        inputs |= _UNUSUAL_BY[word]
    return Read(
        name=f"unusual.{'+'.join(sorted(words))}",
        inputs=inputs,
        of=lambda s: words & deviations(s).keys(),
    )


def deviations(s: Situation) -> Mapping[Unusual, str]:
    """Return each way in which a request is unusual for its script, with why."""
    habits = s.history.habits
    return {} if habits is None else habits.unusual(sending_of(s))


def differing(s: Situation) -> str:
    """Return why a request is unusual for its script, in words; nothing where it is not."""
    told = joined(list(deviations(s).values()))
    return f"unusual for this script ({told})" if told else ""


def unsettled(s: Situation) -> str:
    """Return why an approval does not count yet, in words; nothing where that is not so."""
    if not s.history.unsettled:
        return ""
    return "its script was changed just before it was started, so its approval does not count yet"


def sending_of(s: Situation) -> Sending:
    """Return a request as habits look at it."""
    account = s.destination.account
    return Sending(
        at=s.now,
        place=s.destination.service or s.destination.host,
        named=s.destination.service is not None,
        account=(account.kind, account.id),
        kinds=telling(s.findings),
        bytes=s.request_bytes,
        bytes_day=s.volume.bytes_day,
        requests_day=s.volume.requests_day,
    )
