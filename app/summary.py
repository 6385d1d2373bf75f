"""Tables of records, replays and health, as a person reads them. Plain when piped."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TextIO

from app.gate_registry import RunningGate
from core.attribution import Attribution
from core.classification import LlmCall, TokensBasis
from core.record import Record
from core.stored import OpenedEntry, UnreadableEntry
from core.text import printable
from core.vocabulary.desk import UNREAD
from core.vocabulary.sizes import counted, number, size_at_least
from core.vocabulary.unread import unread_text
from tui.wording import found_phrase, place, record_words, sender_name

if TYPE_CHECKING:
    from policy.replay import ReplayReport

_COLOURS = {"allowed": "green", "held": "yellow", "blocked": "red", "unknown": "magenta"}
"""By what an outcome means."""


def print_unreadable(entries: Iterable[OpenedEntry], out: TextIO) -> None:
    """Print one line for each entry that cannot be read."""
    for entry in entries:
        if isinstance(entry, UnreadableEntry):
            out.write(f"{printable(entry.for_officer())}\n")


def print_records(records: Sequence[Record], out: TextIO) -> None:
    """Print records as a table: who, to whom, how much, what was found, tokens, outcome."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    terminal = out.isatty()
    console = Console(
        file=out,
        highlight=False,
        markup=False,
        emoji=False,
        width=None if terminal else 160,
        no_color=not terminal,
    )
    header = "bold" if terminal else ""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style=header)
    cells = [_cells(record) for record in records]
    titles = tuple(_COLUMNS)
    if _one_unknown_sender(records):
        titles = titles[1:]
    for title in titles:
        table.add_column(title, justify=_COLUMNS[title], overflow="fold")
    for record, row in zip(records, cells, strict=True):
        colour = _COLOURS[record_words(record).meaning] if terminal else ""
        texts = (Text(row[title], colour if title == "OUTCOME" else "") for title in titles)
        table.add_row(*texts)
    console.print(table)


_COLUMNS: Mapping[str, Literal["left", "right"]] = {
    "SENDER": "left",
    "TO": "left",
    "SIZE": "right",
    "FOUND": "left",
    "TOKENS": "right",
    "OUTCOME": "left",
}


def _cells(record: Record) -> Mapping[str, str]:
    return {
        "SENDER": _sender(record.sender),
        "TO": _destination(record),
        "SIZE": size_at_least(record.request.bytes, exact=record.bytes_exact),
        "FOUND": _found(record),
        "TOKENS": _tokens(record.llm),
        "OUTCOME": _outcome(record),
    }


def _found(record: Record) -> str:
    """What nobody could read is not clean, whatever was found beside it."""
    unread = unread_text(record.findings) or record.decision.failed_checks
    told = found_phrase(record.findings), UNREAD if unread else ""
    return "; ".join(filter(None, told)) or "–"


def _one_unknown_sender(records: Sequence[Record]) -> bool:
    """True when a column of senders would say the same nothing: a recording of traffic holds
    none.
    """
    return len({_sender(record.sender) for record in records}) == 1 and all(
        record.sender.method == "recording" for record in records
    )


def print_replay(report: "ReplayReport") -> None:
    """Print what a policy would have done."""
    import typer

    typer.echo(f"{counted(report.records, 'record')} replayed under policy {report.policy}.")
    for verdict, count in sorted(report.verdicts.items()):
        typer.echo(f"  would {verdict}: {number(count)}")
    typer.echo(f"{counted(report.newly_stopped, 'request')} that went out would be stopped.")
    whose = f"{counted(report.scripts, 'script')} and {counted(report.people, 'person', 'people')}"
    typer.echo(f"In all it would stop {counted(report.stopped, 'request')}, of {whose}.")
    if report.false_alarms:
        typer.echo(f"{number(report.false_alarms)} of them had been closed as false alarms.")
    if report.unreadable:
        typer.echo(f"  cannot be read by this version: {number(report.unreadable)}")
    if report.untold:
        typer.echo(f"  cannot be told: {number(report.untold)}")
    for row in report.affected:
        rule = printable(row.rule or "-")
        where = f"{printable(row.script)} → {printable(row.place)}"
        typer.echo(f"  {number(row.count)} × {where}: {row.verdict} ({rule})")
        typer.echo(f"      {printable(row.reason)}")
    for caveat in report.caveats:
        typer.echo(f"Note: {caveat}")


def print_health(gate: RunningGate | None, answer: Mapping[str, Any] | None) -> None:
    """Print whether the gate runs and how it is."""
    import typer

    if gate is None or answer is None:
        typer.echo("No gate is running. Start one with: outgate start")
        return
    typer.echo(
        f"The gate listens at {gate.url} (process {gate.pid}, since {gate.started_at[:19]}Z)."
    )
    typer.echo(
        "Healthy."
        if answer.get("healthy")
        else f"NOT HEALTHY: {printable(str(answer.get('problem')))}"
    )
    for trouble in answer.get("trouble") or ():
        typer.echo(f"  {printable(str(trouble))}")
    for name in (
        "policy",
        "evidence",
        "requests",
        "connections",
        "hook_failures",
        "refused_certificates",
        "runs_missed",
        "evidence_backlog",
    ):
        typer.echo(f"  {_plain(name)}: {_value(answer.get(name))}")
    for name, value in sorted((answer.get("attribution") or {}).items()):
        for line in _lines(f"attribution {_plain(name)}", value):
            typer.echo(f"  {line}")


def _plain(name: str) -> str:
    return printable(str(name)).replace("_", " ")


def _lines(name: str, value: object) -> Iterator[str]:
    """Yield a value of the gate's health by its name; sentences that are counted, one a line."""
    counts = value if isinstance(value, Mapping) else {}
    if not any(" " in str(key) for key in counts):
        yield f"{name}: {_value(value)}"
        return
    yield f"{name}:"
    for sentence, count in counts.items():
        yield f"  {_value(count)} × {printable(str(sentence))}"


def _value(value: object) -> str:
    """Return a value of the gate's health in words: the largest count first, none that is 0."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return number(value)
    if isinstance(value, Mapping):
        there = {key: one for key, one in value.items() if one != 0}
        return ", ".join(f"{_value(one)} {_plain(key)}" for key, one in there.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(map(_value, value)) or "none"
    return "not known" if value is None else printable(str(value))


def _sender(sender: Attribution) -> str:
    line = f":{sender.line.line}" if sender.line is not None else ""
    return f"{sender_name(sender)}{line}"


def _destination(record: Record) -> str:
    to = record.destination
    return place(to.service, to.host, to.category, to.account.kind)


def _tokens(llm: LlmCall | None) -> str:
    if llm is None or (llm.input_tokens is None and llm.output_tokens is None):
        return "–"
    about = "≈" if llm.tokens_basis is TokensBasis.ESTIMATED else ""
    amounts = (llm.input_tokens, llm.output_tokens)
    return about + " + ".join("?" if n is None else number(n) for n in amounts)


def _outcome(record: Record) -> str:
    decision = record.decision
    word = record_words(record).word
    rule = f" ({decision.rule})" if decision.rule else ""
    intended = decision.intended
    would = "" if record.fate or intended in {None, decision.verdict} else f", would {intended}"
    return f"{word}{rule}{would}"
