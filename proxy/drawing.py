"""Draws the life of an exchange: `python -m proxy.drawing > docs/transaction.md`."""

from collections.abc import Iterator

from proxy.life_cycle import ANY_WAY, ENDS, ROWS, Proof, Row, State, Way

_HEAD = """\
# The life of an exchange

*Drawn from `proxy/life_cycle.py` by `python -m proxy.drawing`; a test holds the two together.*

Every exchange that meets the gate is one transaction. It is presumed refused and goes through
these states; what is asked of it in any other order is an error that names the step, and ends in
a refusal. `failed` can be reached from every state before the record is closed, and is drawn once.
"""
_PROOFS = {
    Proof.NONE: "",
    Proof.HANDED: "handed over (strict: durable)",
    Proof.DURABLE: "durable",
}


def page() -> str:
    """Return the page."""
    return "\n".join([_HEAD, *_diagram(), "", *_table(), ""])


def _diagram() -> Iterator[str]:
    yield "```mermaid"
    yield "stateDiagram-v2"
    yield from (f'    state "{state}" as {_name(state)}' for state in State)
    yield "    [*] --> open"
    for row in ROWS:
        if row.to is None:
            continue
        origins = row.origins if row.to is not State.FAILED else row.origins[:1]
        for origin in origins:
            yield f"    {_name(origin)} --> {_name(row.to)}: {row.event}"
    yield from (f"    {_name(state)} --> [*]" for state in State if state in ENDS)
    yield "```"


def _table() -> Iterator[str]:
    yield "| event | in | then | evidence needed | way out by the decision | what it means |"
    yield "|---|---|---|---|---|---|"
    yield from map(_line, ROWS)


def _line(row: Row) -> str:
    origins = ", ".join(row.origins)
    to = "the same" if row.to is None else row.to
    ways = "" if row.by == ANY_WAY else ", ".join(way for way in Way if way in row.by)
    return f"| `{row.event}` | {origins} | {to} | {_PROOFS[row.needs]} | {ways} | {row.means} |"


def _name(state: State) -> str:
    return state.replace(" ", "_")


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201
