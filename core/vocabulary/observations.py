"""What was observed beside the requests, in words."""

from collections.abc import Mapping
from types import MappingProxyType

from core.observation import Kind, Observation, SeenValue
from core.vocabulary.sizes import number, size

KINDS: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.LISTENER: "takes connections",
        Kind.CONNECTION: "is connected",
        Kind.RUN: "ran",
        Kind.UNUSUAL: "did something unusual",
        Kind.ORPHAN: "has nobody who answers for it",
    }
)
"""After the name of a program."""

FACTS: Mapping[str, str] = MappingProxyType(
    {
        "address": "Address",
        "bytes_peak_memory": "Largest memory",
        "bytes_read": "Bytes read",
        "bytes_received": "Bytes received",
        "bytes_sent": "Bytes sent",
        "bytes_written": "Bytes written",
        "children": "Programs started",
        "connections": "Connections",
        "cpu_milliseconds": "CPU time in milliseconds",
        "database": "Database",
        "exit_code": "Exit code",
        "files_written": "Files held open for writing",
        "office_programs": "Office programs",
        "outcome": "Outcome",
        "owner": "Owner",
        "proposed": "Successor by the list of accounts",
        "port": "Port",
        "protocol": "Protocol",
        "reach": "Reachable from",
        "schedule": "Schedule",
        "server": "Server",
        "server_version": "Server's version",
        "short_connections": "Short connections past Outgate",
        "spreadsheets": "Spreadsheets and tables held open",
        "user": "User of the server",
    }
)
"""What a fact is called. One that is not here goes by its own name."""


def fact_name(name: str) -> str:
    """Return what a fact is called."""
    return FACTS.get(name, name.replace("_", " ").capitalize())


def fact_words(name: str, value: SeenValue) -> str:
    """Return a fact's value for a person."""
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(value)
    if isinstance(value, int) and name.startswith("bytes_"):
        return size(value)
    return number(value) if isinstance(value, int) and name != "port" else str(value)


def observed(observation: Observation) -> str:
    """Return it as one line: `is connected: postgresql at db:5432; Bytes sent: 1.2 kB`."""
    told = facts_told(observation)
    head = f"{KINDS[observation.kind]}: {observation.about}"
    return f"{head}; {told}" if told else head


def facts_told(observation: Observation) -> str:
    """Return all facts as one line: `Protocol: postgresql; Port: 5432`."""
    return "; ".join(
        f"{fact_name(name)}: {fact_words(name, seen.value)}"
        for name, seen in observation.facts.items()
    )
