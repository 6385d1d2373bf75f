"""The review by commands, one a line: for screen readers, and for programs that act for a person.
Loads no Textual.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from itertools import chain, islice
from typing import TextIO

from core.case_inside import GROWS
from core.case_vocabulary import DISPOSITION_WORDS
from core.day_words import day_ahead
from core.review import ASKED_AS, Action, Case, CaseFilter, CaseStatus, Disposition, ReviewEvent
from core.review_ports import CaseStore, HoldQueue
from core.rights import Deed
from core.vocabulary.sizes import counted
from tui import plain_rules, plain_scripts
from tui.act_events import Answering, Closing, answer_event, answering_after, events_for
from tui.background_reader import trouble_of
from tui.case_detail import describe
from tui.case_names import understood_here
from tui.case_queue import all_cases, first_told
from tui.case_reading import Reading, read_fully
from tui.holds import Held, asked_and_waiting, with_states
from tui.kept_code import KeptOf
from tui.plain import NO_CASE, NOTHING, NOTHING_ELSE, paragraph, print_changed
from tui.rule_making import RuleMaking
from tui.wording import safe, sentence

PAGE = 10
_NOTE = 400
_REASONS = ", ".join(DISPOSITION_WORDS)
HELP = f"""\
list [FILTER]: the cases of a filter, {PAGE} at a time; more: the next {PAGE}.
show N [K]: all that is known of case N, with its newest request, or the one that is K before it.
close N REASON [until DAY] [NOTE]: REASON is one of {_REASONS}.
reopen N: open case N again.
held: what waits for an answer now, as H1, H2 and so on; show H1 tells all of it.
release H1 [until DAY] [NOTE]: let it go now; with a day, such as 30d, what is like it goes on so.
refuse H1 [NOTE]: refuse it.
release N [NOTE]: approve for the next run what was held in case N, and expired or was refused; refuse N takes that back.
rule N allow|stop|ask|own [until DAY] [enforce] [write]: tell the rule of case N and what it would have done; with write,
put it into the policy. own lists the account as the organisation's.
diff N: what is new in the script of case N since the version that was approved last.
approve N VERSION REASON: approve that version; VERSION is the beginning of its hash, as diff names it.
help: these lines. quit: the end."""


class _Said(Exception):  # noqa: N818 - an answer, not a fault
    """Why a command did nothing, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """Who gives the commands."""

    who: str
    clock: Callable[[], datetime]
    zone: tzinfo | None = None
    read_only: bool = False
    refusal: Callable[[Deed], str | None] = lambda _: None
    grows: int = GROWS
    unread_too: bool = False
    """The organisation lets approve what cannot be read; the evidence then says so."""
    kept: KeptOf | None = None
    """Reads the kept source of a script; None where nobody keeps any."""
    rules: RuleMaking | None = None
    """Makes rules of cases; None where none can be made."""
    list_problem: Callable[[], str | None] | None = None
    """Says what is wrong with the list of cases, if anything."""


@dataclass(slots=True)
class _Desk:
    """What was listed last, and by whom."""

    store: CaseStore
    holds: HoldQueue | None
    speaker: Speaker
    cases: list[Case] = field(default_factory=list)
    held: tuple[Held, ...] = ()
    rest: Iterator[Case] = field(default_factory=lambda: iter(()))

    @property
    def now(self) -> datetime:
        return self.speaker.clock()


def converse(
    store: CaseStore,
    holds: HoldQueue | None,
    speaker: Speaker,
    lines: TextIO,
    out: TextIO,
    filter_line: str = "",
) -> int:
    """Answer commands until `quit` or the end of the lines; an empty line ends each answer.

    Returns 0, or 1 when some command did nothing, or the list of cases is not that of the records,
    which is said first.
    """
    desk = _Desk(store=store, holds=holds, speaker=speaker)
    code = int(print_changed(out, speaker.list_problem))
    for line in chain([f"list {filter_line}"], lines):
        words = line.strip()
        if words.lower() in {"quit", "exit"}:
            break
        if not words:
            continue
        try:
            for told in _answer(desk, words):
                print(told, file=out)
        except _Said as said:
            code = 1
            print(said, file=out)
        except Exception as error:  # noqa: BLE001 - boundary: the store's failures become words
            code = 1
            print(f"Nothing was changed. {trouble_of(error).what}", file=out)
        print(file=out, flush=True)
    return code


def _answer(desk: _Desk, line: str) -> Iterator[str]:
    word, _, rest = line.partition(" ")
    does = _DOES.get(word.lower())
    if does is None:
        raise _Said(f"There is no command “{safe(word, 40)}”; help lists them.")
    yield from does(desk, rest.strip())


def _list(desk: _Desk, rest: str) -> Iterator[str]:
    parsed = understood_here(desk.store, rest, desk.now, desk.speaker.zone)
    if parsed.problem:
        raise _Said(parsed.problem)
    desk.cases = []
    desk.rest = all_cases(desk.store, parsed.wanted)
    yield from _waiting(desk)
    if not (count := desk.store.count(parsed.wanted)):
        usual = NOTHING_ELSE if desk.held else NOTHING
        yield usual if parsed.wanted == CaseFilter() else NO_CASE
        return
    yield f"{counted(count, 'case')}, {first_told(desk.store)}."
    yield from _more(desk, "")


def _waiting(desk: _Desk) -> Iterator[str]:
    _look_at_held(desk)
    if desk.held:
        yield f"{counted(len(desk.held), 'request')} held now; held lists them."


def _more(desk: _Desk, _: str) -> Iterator[str]:
    first = len(desk.cases)
    desk.cases += with_states(tuple(islice(desk.rest, PAGE)), desk.holds)
    for number, case in enumerate(desk.cases[first:], first + 1):
        yield f"{number}. {paragraph(desk.store, case, desk.now, desk.speaker.zone)}"
    if len(desk.cases) == first:
        yield "That is all."
    elif len(desk.cases) == first + PAGE:
        yield "more shows what follows."


def _show(desk: _Desk, rest: str) -> Iterator[str]:
    name, before = _split(rest)
    if name[:1] in {"h", "H"}:
        held = _held_at(desk, name)
        begun = Reading(case=held.case, held=held)
    else:
        case = _case_at(desk, name)
        begun = Reading(case=case, place=_place(case, before))
    for section in describe(
        read_fully(desk.store, begun, desk.speaker.kept), desk.now, desk.speaker.zone
    ):
        if section.title:
            yield f"{section.title}:"
        for row in section.rows:
            yield f"  {row.label}: {row.text}" if row.label else f"  {row.text}"


def _place(case: Case, before: str) -> int:
    place = int(before) if before.isascii() and before.isdecimal() and len(before) < 8 else 0
    if before and (not before.isdecimal() or place >= case.count):
        most = counted(case.count, "request")
        raise _Said(f"This case holds {most}: say a number from 0 to {case.count - 1}.")
    return place


def _until(desk: _Desk, text: str) -> tuple[datetime | None, str]:
    """Return the day behind a leading `until`, and the rest."""
    word, after = _split(text)
    if word.lower() != "until":
        return None, text
    day, rest = _split(after)
    until = day_ahead(day, desk.now, desk.speaker.zone)
    if until is None:
        raise _Said("until takes a day to come, such as 30d or 2027-03-01.")
    return until, rest


def _close(desk: _Desk, rest: str) -> Iterator[str]:
    name, rest = _split(rest)
    reason, note = _split(rest)
    case = _case_at(desk, name)
    value = DISPOSITION_WORDS.get(reason.lower())
    if value is None:
        raise _Said(f"Say why: close {safe(name, 9)} REASON, one of {_REASONS}.")
    if case.status is CaseStatus.CLOSED:
        raise _Said("It is closed already; reopen opens it again.")
    _may(desk, Deed.CLOSE)
    until, note = _until(desk, note)
    closing = Closing(
        disposition=Disposition(value),
        note=safe(note, _NOTE),
        until=until,
        times=desk.speaker.grows,
    )
    desk.store.append(events_for([case], Action.CLOSE, desk.speaker.who, desk.now, closing))
    desk.cases[int(name) - 1] = desk.store.case(case.key) or case
    yield f"Closed: {reason.lower().replace('-', ' ')}. reopen {name} undoes it."


def _reopen(desk: _Desk, rest: str) -> Iterator[str]:
    name, _ = _split(rest)
    case = _case_at(desk, name)
    if case.status is CaseStatus.OPEN:
        raise _Said("It is open.")
    _may(desk, Deed.CLOSE)
    desk.store.append(events_for([case], Action.REOPEN, desk.speaker.who, desk.now))
    desk.cases[int(name) - 1] = desk.store.case(case.key) or case
    yield "Reopened."


def _diff(desk: _Desk, rest: str) -> Iterator[str]:
    name, _ = _split(rest)
    yield from plain_scripts.told(_version_at(desk, name), name)


def _approve(desk: _Desk, rest: str) -> Iterator[str]:
    name, rest = _split(rest)
    digits, note = _split(rest)
    read, speaker = _version_at(desk, name), desk.speaker
    refused = plain_scripts.objection(read, digits, unread_too=speaker.unread_too)
    if refused is not None:
        raise _Said(refused)
    if not note:
        raise _Said(f"Say why: approve {safe(name, 9)} {safe(digits, 64)} REASON.")
    _may(desk, Deed.APPROVE)
    yield plain_scripts.approve(desk.store, read, speaker.who, desk.now, safe(note, _NOTE))


def _version_at(desk: _Desk, name: str) -> plain_scripts.Read:
    read = plain_scripts.version_of(desk.store, _case_at(desk, name).key, desk.speaker.kept)
    if read is None:
        raise _Said("Which version of a script sent it is not known, so none can be approved.")
    return read


def _list_held(desk: _Desk, _: str) -> Iterator[str]:
    _look_at_held(desk)
    for number, held in enumerate(desk.held, 1):
        words = sentence(held.record, desk.now, desk.speaker.zone, waiting=True)
        asked = f" {safe(held.asked_by, 60)} asked to release it." if held.asked_by else ""
        left = counted(held.left(desk.now), "second")
        yield f"H{number}. {left} left to answer. {words}{asked}"
    if not desk.held:
        yield "Nothing is held now."


def _look_at_held(desk: _Desk) -> None:
    desk.held = () if desk.holds is None else asked_and_waiting(desk.holds, desk.now).held


def _release(desk: _Desk, rest: str) -> Iterator[str]:
    name, note = _split(rest)
    if name.isdecimal():
        yield from _afterwards(desk, name, note, yes=True)
        return
    held = _held_at(desk, name)
    until, note = _until(desk, note)
    [written] = _say(desk, held.id, held.case.key, Answering.RELEASE, note, until)
    if written.action in ASKED_AS.values():
        yield "Asked for. It passes once a second person says the same."
    elif held.left(desk.now):
        yield "Released: the gate sends it on now."
    else:
        yield "Approved: it passes when the script is run again."


def _refuse(desk: _Desk, rest: str) -> Iterator[str]:
    name, note = _split(rest)
    if name.isdecimal():
        yield from _afterwards(desk, name, note, yes=False)
        return
    held = _held_at(desk, name)
    _say(desk, held.id, held.case.key, Answering.REFUSE, note)
    yield "Refused: the script is told so."


def _afterwards(desk: _Desk, name: str, note: str, *, yes: bool) -> Iterator[str]:
    """Answer what was held, and ended, for the next run."""
    case = _case_at(desk, name)
    answering = answering_after(case.hold, yes=yes)
    if answering is None:
        raise _Said("Nothing that was held there can be answered so now; held lists what waits.")
    until, note = _until(desk, note) if yes else (None, note)
    [written] = _say(desk, case.last_record, case.key, answering, note, until)
    again = desk.store.case(case.key) or case
    desk.cases[int(name) - 1] = with_states((again,), desk.holds)[0]
    if written.action in ASKED_AS.values():
        yield "Asked for. It passes once a second person says the same."
    elif yes:
        yield "Approved: it passes when the script is run again."
    else:
        yield "Taken back: an identical request is held again."


def _rule(desk: _Desk, rest: str) -> Iterator[str]:
    name, words = _split(rest)
    case, what = _case_at(desk, name), plain_rules.asked(words, desk.now, desk.speaker.zone)
    if what is None:
        raise _Said(f"Say what shall happen: {plain_rules.USAGE}.")
    if desk.speaker.rules is None:
        raise _Said("Rules are not at hand here.")
    _may(desk, Deed.POLICY)
    yield from plain_rules.told(desk.speaker.rules, case, what, f"rule {rest}")


def _say(
    desk: _Desk,
    record_id: str,
    case_key: str,
    answering: Answering,
    note: str,
    until: datetime | None = None,
) -> Sequence[ReviewEvent]:
    _may(desk, Deed.ANSWER)
    who, text = desk.speaker.who, safe(note, _NOTE) if note else ""
    event = answer_event(record_id, case_key, answering, who, desk.now, text, until)
    return desk.store.append([event])


def _help(_: _Desk, __: str) -> Iterator[str]:
    yield from HELP.splitlines()


_DOES: dict[str, Callable[[_Desk, str], Iterator[str]]] = {
    "list": _list,
    "more": _more,
    "show": _show,
    "close": _close,
    "reopen": _reopen,
    "held": _list_held,
    "release": _release,
    "refuse": _refuse,
    "rule": _rule,
    "diff": _diff,
    "approve": _approve,
    "help": _help,
}


def _split(text: str) -> tuple[str, str]:
    word, _, rest = text.strip().partition(" ")
    return word, rest.strip()


def _case_at(desk: _Desk, name: str) -> Case:
    number = int(name) if name.isascii() and name.isdecimal() and len(name) < 8 else 0
    if not 0 < number <= len(desk.cases):
        raise _Said(f"Say which case by its number; {counted(len(desk.cases), 'case')} listed.")
    return desk.cases[number - 1]


def _held_at(desk: _Desk, name: str) -> Held:
    digits = name[1:]
    number = int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 8 else 0
    if name[:1].upper() != "H" or not 0 < number <= len(desk.held):
        raise _Said("Say which held request, such as H1; held lists them.")
    return desk.held[number - 1]


def _may(desk: _Desk, deed: Deed) -> None:
    if desk.speaker.read_only:
        raise _Said("You look only: nothing can be changed here.")
    refused = desk.speaker.refusal(deed)
    if refused is not None:
        raise _Said(refused)
