"""`find`, `erase` and `hold`: what the evidence holds about a person, and taking it out."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from app.time_arguments import SINCE, UNTIL

if TYPE_CHECKING:
    from app.home import Home
    from evidence.erasure import Plan, Wanted
    from evidence.finding_people import Found, Sending

_MOST_COMPARED = 20_000
"""Texts that are read to compare the list of cases: a search is answered at once."""
REASON = typer.Option("--reason", help="Why; it stays in the evidence: no personal data in it.")


def find(
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> int:
    """Find what the evidence holds about a value: an address, an account number, a name.

    The value is asked for and typed without being shown; it is never stored and in no list of
    processes. Says which scripts sent it where and when, and who approved them.

    \b
    Example: outgate find
    """
    import json

    from app.home import open_home
    from app.permission import permitted
    from app.value_marks import marks_of
    from core.rights import Deed
    from evidence import open_store
    from evidence.cases_check import list_problems
    from evidence.finding_people import found

    home = open_home()
    permitted(Deed.FIND)
    kept = home.kept_evidence()
    marks = marks_of(home, asked_without_echo("Value to look for: "))
    store = open_store(kept)
    answer = found(store, marks)
    cases, looked_up = list_problems(store, _MOST_COMPARED)
    store.close()
    if as_json:
        typer.echo(json.dumps(_as_json(answer) | {"cases": cases, "marks": looked_up}))
    else:
        for line in _lines(answer):
            typer.echo(line)
        if looked_up is not None:
            typer.echo(f"More records may hold it than are told here: {looked_up}.")
        if cases is not None:
            typer.echo(f"Beside these records: {cases}.")
    return 0


def asked_without_echo(prompt: str) -> str:
    """Return what was typed without echo, or the first line of standard input."""
    import getpass

    from core.errors import InputError

    typed = getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline()
    if not typed.strip():
        raise InputError("Nothing was typed.", remedy="Type the value, or pipe it in.")
    return typed.strip("\r\n")


def _lines(answer: "Found") -> list[str]:
    from core.text import printable
    from core.vocabulary.sizes import counted

    hold = "holds" if answer.records == 1 else "hold"
    lines = [f"{counted(answer.records, 'record')} {hold} it."]
    for one in answer.sendings:
        when = f"{one.first:%Y-%m-%d %H:%M} to {one.last:%Y-%m-%d %H:%M}"
        where = f"{printable(one.script)} → {printable(one.destination)}"
        lines.append(f"  {where}: {counted(one.records, 'record')}, {when} UTC")
        lines.append(f"    as {', '.join(sorted(one.kinds))}; {', '.join(sorted(one.outcomes))}")
        if one.users:
            lines.append(f"    run by {printable(', '.join(sorted(one.users)))}")
        lines += [f"    {printable(said)}" for said in one.said or ("nobody approved the script",)]
    if answer.changed:
        lines.append(
            f"CHANGED in the file after they were written, and so not told: "
            f"{counted(answer.changed, 'record')} of these; outgate verify names them."
        )
    if answer.unread:
        lines.append(f"Not read of these: {counted(answer.unread, 'record')}.")
    if answer.blind:
        lines.append(
            f"{counted(answer.blind, 'record')} of anybody's are from a time whose key of marks "
            "was destroyed: whether it is among those, nobody can tell."
        )
    if answer.more_values:
        lines.append(
            f"{counted(answer.more_values, 'record')} of anybody's hold more values than marks: "
            "whether it is among those without a mark, nobody can tell."
        )
    return lines


def _as_json(answer: "Found") -> dict[str, object]:
    return {
        "records": answer.records,
        "unread": answer.unread,
        "changed": answer.changed,
        "more_values": answer.more_values,
        "blind": answer.blind,
        "sent": [_sending(one) for one in answer.sendings],
    }


def _sending(one: "Sending") -> dict[str, object]:
    from core.ids import rfc3339

    return {
        "script": one.script,
        "destination": one.destination,
        "records": one.records,
        "first": None if one.first is None else rfc3339(one.first),
        "last": None if one.last is None else rfc3339(one.last),
        "kinds": sorted(one.kinds),
        "outcomes": sorted(one.outcomes),
        "users": sorted(one.users),
        "said": list(one.said),
    }


def erase(
    person: Annotated[
        bool,
        typer.Option(
            "--person", help="A user, or somebody whose value was sent; asked for without echo."
        ),
    ] = False,
    before: Annotated[
        str | None, typer.Option(metavar="TIME", help=f"All before this time. {SINCE}")
    ] = None,
    script: Annotated[
        str | None, typer.Option(metavar="PATH", help="All that this script sent, and its sources.")
    ] = None,
    reason: Annotated[str, REASON] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Erase; without it, only say what would.")] = (
        False
    ),
) -> int:
    """Erase from the evidence, so that it stays provable and nothing is left in its files.

    Without --yes it only says what would go. The erasure is an act in the evidence, with who and
    why, by numbers of entries.

    \b
    Example: outgate erase --person
    Example: outgate erase --person --reason "Art. 17, request 12" --yes
    """
    from app.home import open_home
    from app.permission import permitted
    from app.settings import load_settings
    from app.two_people import ask_for, confirmed
    from core.errors import InputError
    from core.rights import Deed
    from evidence import open_store
    from evidence.erasure import plan

    if sum((person, before is not None, script is not None)) != 1:
        raise InputError("Name one of --person, --before and --script.")
    if yes and not reason.strip():
        raise InputError("Say why with --reason.", remedy="It stays in the evidence.")
    home = open_home()
    settings = load_settings(home.settings)
    who = permitted(Deed.ERASE, settings)
    open_store(home.kept_evidence()).close()
    wanted = _wanted(home, before, script, person=person)
    asked = None
    if settings.second_person_erasure:
        asked, wanted = confirmed(home, settings, wanted, who, does=yes)
    made = plan(home.evidence, wanted)
    does = yes and not made.nothing
    if does and settings.second_person_erasure and asked is None:
        ask_for(home, settings, wanted, who, reason.strip())
        typer.echo("Asked for. It is erased once somebody else who may erase says the same.")
        return 0
    if yes:
        made = _done(home, wanted, who, reason.strip(), asked, made)
    elif asked is not None:
        typer.echo("Somebody else asked for this erasure: your --yes confirms it.")
    _tell(made, wanted, _heading(made, yes=yes))
    _tell_what_next(made, of_script=script is not None, asked_only=not yes)
    return 0 if made.swept else 1


def _tell_what_next(made: "Plan", *, of_script: bool, asked_only: bool) -> None:
    """Print why nothing was found, or that nothing was changed."""
    if of_script and made.nothing and not (made.held or made.acts or made.owed):
        typer.echo("A script is named by its whole path: outgate scripts lists them.")
    if asked_only:
        finish = " Add --yes and --reason to finish that erasure." if made.owed else ""
        more = finish if made.nothing else " Add --yes and --reason to erase."
        typer.echo(f"Nothing was changed.{more}")


def _done(
    home: "Home", wanted: "Wanted", who: str, why: str, asked: str | None, made: "Plan"
) -> "Plan":
    """Erase what the plan says, or finish what an earlier erasure left; return what went."""
    from evidence.sweeping import finish

    if not made.nothing:
        return _erased(home, wanted, who, why, asked)
    made.swept = finish(home.evidence, who)
    return made


def _erased(home: "Home", wanted: "Wanted", who: str, why: str, asked: str | None) -> "Plan":
    """Erase, also the kept sources; return what went."""
    from evidence import open_store
    from evidence.erasure import erase_now

    made = erase_now(home.evidence, wanted, who=who, why=why, asked=asked)
    _forget(home, made.sha256s)
    open_store(home.evidence).checkpoint("erased")
    return made


def _heading(made: "Plan", *, yes: bool) -> str:
    """Return whether something was erased, would be, or was only left by an earlier erasure."""
    if not made.nothing:
        return "Erased." if yes else "This would be erased:"
    if not made.owed:
        return "There is nothing to erase:"
    if yes and made.swept:
        return "An earlier erasure is finished now; there is nothing more to erase:"
    return "An earlier erasure is not finished; there is nothing more to erase:"


def _tell(made: "Plan", wanted: "Wanted", heading: str) -> None:
    """Print what was erased, or would be."""
    from evidence.erasure import lines_of
    from evidence.times import from_micros

    typer.echo(heading)
    if wanted.before_us is not None:
        at = from_micros(wanted.before_us).astimezone()
        typer.echo(f"  All from before {at:%Y-%m-%d %H:%M %Z}.")
    for line in lines_of(made, sorted(made.sha256s)):
        typer.echo(f"  {line}")


def _wanted(home: "Home", before: str | None, script: str | None, *, person: bool) -> "Wanted":
    from app.time_arguments import parse_time
    from app.value_marks import marks_of
    from app.wiring import pseudonym_of
    from evidence.erasure import Wanted
    from evidence.times import micros

    if not person:
        at = parse_time(before)
        return Wanted(script=script, before_us=None if at is None else micros(at))
    typed = asked_without_echo("Person or value to erase: ")
    names = {typed.strip(), pseudonym_of(home, typed.strip())}
    return Wanted(users=frozenset(names), fingerprints=marks_of(home, typed))


def _forget(home: "Home", sha256s: set[str]) -> None:
    from app.kept_sources import source_store

    kept = source_store(home)
    for sha256 in sha256s:
        kept.forget(sha256)


def hold(
    name: Annotated[str, typer.Argument(help="What to call it, such as a file number.")],
    script: Annotated[
        str | None, typer.Option(metavar="PATH", help="Only what this script sent.")
    ] = None,
    since: Annotated[str | None, typer.Option(metavar="TIME", help=SINCE)] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help=UNTIL)] = None,
    lift: Annotated[bool, typer.Option("--lift", help="Lift it again.")] = False,
    reason: Annotated[str, REASON] = "",
) -> int:
    """Put evidence under a legal hold: no erasure and no retention touches it until it is lifted.

    \b
    Example: outgate hold matter-7 --script /srv/jobs/report.py --reason "Preservation letter"
    """
    from app.home import open_home
    from app.permission import permitted
    from app.settings import load_settings
    from app.time_arguments import parse_span
    from app.wiring import store_of
    from core.errors import InputError
    from core.happenings import Event, Fact, happening
    from core.rights import Deed
    from evidence.times import micros

    if not reason.strip():
        raise InputError("Say why with --reason.", remedy="It stays in the evidence.")
    start, end = parse_span(since, until)
    facts: dict[str, Fact] = {"hold": name, "why": reason.strip()}
    if not lift:
        facts |= {
            "script": script,
            "user": None,
            "since_us": None if start is None else micros(start),
            "until_us": None if end is None else micros(end),
        }
    home = open_home()
    settings = load_settings(home.settings)
    who = permitted(Deed.LEGAL_HOLD, settings)
    home.kept_evidence()
    store = store_of(home, settings, "command line")
    event = Event.HOLD_LIFTED if lift else Event.LEGAL_HOLD
    store.tell(happening(event, facts, who=who))
    store.close()
    typer.echo(f"The legal hold {name} is {'lifted' if lift else 'in force'}.")
    if not lift and settings.retention_days:
        typer.echo(
            "Other records go when their time is over, as ever. Sums, and the places in the chain "
            "of what stands behind the oldest that it covers, stay until it is lifted."
        )
    return 0
