"""What a person reads at the end: sessions, tables of records, health. Plain when piped."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TextIO

from app.gate_registry import RunningGate
from app.home import Home
from core.ids import utc_now
from core.record import left_in
from core.text import printable
from core.vocabulary.sizes import counted, number, size
from tui.wording import decision_words, found_phrase, place, sender_name

if TYPE_CHECKING:
    from policy.replay import ReplayReport

_COLOURS = {"allowed": "green", "held": "yellow", "blocked": "red", "unknown": "magenta"}
"""By what an outcome means."""


@dataclass(frozen=True, slots=True)
class Session:
    """The time since a program was started behind the gate."""

    home: Home
    since: datetime

    @classmethod
    def begin(cls, home: Home) -> "Session":
        """Begin now."""
        return cls(home, utc_now())

    def records(self, pid: int) -> list[dict[str, Any]]:
        """Return the records of this process and its descendants since the session began, oldest first."""
        from evidence import open_store

        store = open_store(self.home.evidence)
        return [
            record
            for record in store.iter_records(since=self.since)
            if _descends(record["sender"], pid)
        ]


def print_session(
    records: Sequence[Mapping[str, Any]], code: int, *, as_json: bool, out: TextIO
) -> None:
    """Print the summary of one `run`."""
    if as_json:
        out.write(
            json.dumps(
                {"exit_code": code, "totals": _totals(records), "records": records},
                ensure_ascii=False,
            )
            + "\n"
        )
        return
    if not records:
        out.write("outgate: nothing left this program through the gate\n")
        return
    totals = _totals(records)
    asked = [r for r in records if r["decision"]["verdict"] != "allow"]
    line = f"outgate: {counted(totals['requests'], 'request')}, {size(totals['bytes_sent'])} sent"
    if totals["stopped"]:
        line += f", {number(totals['stopped'])} stopped"
    out.write(
        line
        + (
            f", {number(len(asked))} to review: outgate review\n"
            if asked
            else ", nothing to review\n"
        )
    )
    if asked:
        print_records(asked, out)


def print_records(records: Sequence[Mapping[str, Any]], out: TextIO) -> None:
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
    table = Table(
        box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold" if terminal else ""
    )
    senders = [_sender(record) for record in records]
    told = any(sender != senders[0] for sender in senders) or not _from_recording(records)
    for title in ("SENDER", "TO", "SIZE", "FOUND", "TOKENS", "OUTCOME")[0 if told else 1 :]:
        table.add_column(
            title, justify="right" if title in {"SIZE", "TOKENS"} else "left", overflow="fold"
        )
    for record, sender in zip(records, senders, strict=True):
        meaning = decision_words(record["decision"]).meaning
        colour = _COLOURS[meaning] if terminal else ""
        table.add_row(
            *([Text(sender)] if told else ()),
            Text(_destination(record)),
            Text(size(record["request"]["bytes"])),
            Text(found_phrase(record["findings"]) or "–"),
            Text(_tokens(record.get("llm"))),
            Text(_outcome(record), style=colour),
        )
    console.print(table)


def _from_recording(records: Sequence[Mapping[str, Any]]) -> bool:
    """True when no record can tell a sender: a recording of traffic holds none."""
    return all(record["sender"].get("method") == "recording" for record in records)


def print_replay(report: "ReplayReport") -> None:
    """Print what a policy would have done."""
    import typer

    typer.echo(f"{counted(report.records, 'record')} replayed under policy {report.policy}.")
    for verdict, count in sorted(report.verdicts.items()):
        typer.echo(f"  would {verdict}: {number(count)}")
    typer.echo(f"{counted(report.newly_stopped, 'request')} that went out would be stopped: "
               f"{counted(report.scripts, 'script')}, {counted(report.people, 'person', 'people')}.")  # fmt: skip
    if report.false_alarms:
        typer.echo(f"{number(report.false_alarms)} of them had been closed as false alarms.")
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
    for name in (
        "policy",
        "requests",
        "connections",
        "hook_failures",
        "refused_certificates",
        "evidence_backlog",
    ):
        typer.echo(f"  {name.replace('_', ' ')}: {printable(str(answer.get(name, '?')))}")
    for name, value in sorted((answer.get("attribution") or {}).items()):
        typer.echo(f"  attribution {printable(str(name))}: {printable(str(value))}")


def _descends(sender: Mapping[str, Any], pid: int) -> bool:
    script = sender.get("script_process") or {}
    return pid in {sender["pid"], script.get("pid"), *(p["pid"] for p in sender["ancestry"])}


def _totals(records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    llm = [r["llm"] for r in records if r["llm"]]
    return {
        "requests": len(records),
        "bytes_sent": sum(r["request"]["bytes"] for r in records if left_in(r)),
        "stopped": sum(not left_in(r) for r in records),
        "with_findings": sum(1 for r in records if r["findings"]),
        "blocked": sum(1 for r in records if r["decision"]["verdict"] == "block"),
        "llm_calls": len(llm),
        "input_tokens": sum(call["input_tokens"] or 0 for call in llm) if llm else None,
        "output_tokens": sum(call["output_tokens"] or 0 for call in llm) if llm else None,
    }


def _sender(record: Mapping[str, Any]) -> str:
    sender = record["sender"]
    line = sender.get("line")
    return sender_name(sender) + (f":{line['line']}" if line else "")


def _destination(record: Mapping[str, Any]) -> str:
    to = record["destination"]
    return place(to["service"], to["host"], to["category"], to["account"]["kind"])


def _tokens(llm: Mapping[str, Any] | None) -> str:
    if not llm or (llm["input_tokens"] is None and llm["output_tokens"] is None):
        return "–"
    about = "≈" if llm["tokens_basis"] == "estimated" else ""
    amounts = (llm["input_tokens"], llm["output_tokens"])
    return about + " + ".join("?" if n is None else number(n) for n in amounts)


def _outcome(record: Mapping[str, Any]) -> str:
    decision = record["decision"]
    word = decision_words(decision).word
    rule = f" ({decision['rule']})" if decision["rule"] else ""
    intended = decision.get("intended")
    would = f", would {intended}" if intended and intended != decision["verdict"] else ""
    return f"{word}{rule}{would}"
