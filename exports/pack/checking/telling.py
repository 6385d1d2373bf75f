"""What a row of the table has to say of a record."""

from functools import lru_cache
from typing import Any, Callable, Dict, List, Optional, Tuple

from exports.pack.checking.names import OBSERVATION, RECORD

FATES = {
    "bypass": "past",
    "tls": "untrusted",
    "protocol": "foreign",
    "direct": "unreached",
    "name": "unreached",
    "head": "unfinished",
}
BY_NOTE = {
    "the destination could not be reached: nothing was sent": "unreached",
    "it ended before it could leave: nothing was sent": "unfinished",
}
CUT = ("it was ended when it turned out what it speaks", "the kept body could not be read back")
RELEASED = ("approved", "approved_before")


def fate(value: Dict[str, Any]) -> str:
    """Return what became of an exchange where its verdict does not tell."""
    if value["request"]["method"] == "CONNECT":
        for stage in value["decision"]["degraded"]:
            if stage.partition(":")[0] in FATES:
                return FATES[stage.partition(":")[0]]
    return next((BY_NOTE[note] for note in value["notes"] if note in BY_NOTE), "")


def delivery(value: Dict[str, Any]) -> str:
    """Return the word for what left the machine."""
    became, decision = fate(value), value["decision"]
    if became and became != "foreign":
        return "past" if became == "past" else "not_sent"
    hold = decision["hold"]
    if decision["verdict"] == "hold":
        whole = hold is not None and hold["outcome"] in RELEASED
    else:
        whole = decision["verdict"] in ("allow", "watch", "warn", "redact")
    if whole and not became:
        return "sent" if value["response"]["status"] is None else "delivered"
    return "cut" if was_cut(value["notes"]) else "refused"


LEFT = {
    "not_sent": "no",
    "refused": "no",
    "cut": "in part",
    "sent": "yes",
    "delivered": "yes",
    "past": "not known",
}


def left(value: Dict[str, Any]) -> str:
    """Return whether it left the machine."""
    return LEFT[delivery(value)]


def read_whole(value: Dict[str, Any]) -> bool:
    """Return whether the request was seen to its end."""
    request = value["request"]
    return bool(request["complete"]) and not (request["method"] == "CONNECT" and fate(value))


def was_cut(notes: List[str]) -> bool:
    """Return whether a part of what was stopped had left."""
    return any(
        note.startswith("cut after")
        or "was refused and the connection ended" in note
        or note in CUT
        for note in notes
    )


EARLIER = (
    *("Chain entry", "Chain hash", "Record id", "Time (UTC)", "User", "Script", "Script path"),
    *("Script SHA-256", "Program", "Process id", "Sender is", "Verdict"),
    *("Verdict the rule asked for", "Rule", "Reason", "Checks that failed", "Line of code"),
    *("Service", "Kind of service", "Host", "Path (redacted)", "Account", "Account id", "Method"),
    *("Bytes sent", "Answer", "Bytes received", "Rows affected", "Masked excerpts", "Notes"),
    *("Left the machine", "Model", "Input tokens", "Output tokens", "Tokens are", "Cost (USD)"),
    *("Cost from", "Not in the cost", "Answer id", "Tier"),
)
NEWER = ("Bytes of the request", "Delivery")
"""Tables without them were written before what left in part was told apart: the bytes sent in them
are those of the request, left or not."""
NEWEST = ("Read to its end",)
"""Tables without it were written before."""
TOLD = EARLIER + NEWER + NEWEST
"""Columns of the table that say plainly what stands in the record."""
MOST_IN_A_CELL = 2000
ANY = None


def place_of(value: Dict[str, Any]) -> Tuple[Optional[str], ...]:
    place = value["chain"]
    return str(place["seq"]), place["hash"], cell(value["id"])


def nothing(value: Dict[str, Any]) -> Tuple[Optional[str], ...]:
    """Return the row of what cannot be read: its place and time, and no word of what was in it."""
    return (*place_of(value), ANY, *[""] * (len(TOLD) - 4))


def cells(value: Dict[str, Any]) -> Tuple[Optional[str], ...]:
    """Return what the row of an entry says in the columns of `TOLD`."""
    if value.get("schema") not in (RECORD, OBSERVATION):
        return nothing(value)
    sender, script = value["sender"], value["sender"]["script"] or {}
    who = (
        *(sender["user"], script.get("name"), script.get("path"), script.get("sha256")),
        *(sender["exe"], sender["pid"], sender["certainty"]),
    )
    begin = (*place_of(value), cell(value["at"]), *map(cell, who))
    if value["schema"] == OBSERVATION:
        return (*begin, *[""] * (len(TOLD) - len(begin)))
    decision, to, line = value["decision"], value["destination"], sender["line"]
    rows = [one["records"] for one in value["findings"] if one["records"] is not None]
    told = (
        *(decision["verdict"], decision["intended"], decision["rule"], decision["reason"]),
        *("; ".join(decision["degraded"]), line and "%s:%s" % (line["file"], line["line"])),
        *(to["service"], to["category"], to["host"], to["path"], to["account"]["kind"]),
        *(to["account"]["id"], value["request"]["method"]),
        value["request"]["bytes"] if left(value) != "no" else 0,
        *(value["response"]["status"], value["response"]["bytes"], max(rows) if rows else None),
        "; ".join([one["excerpt"] for one in value["findings"] if one["excerpt"]]),
        *("; ".join(value["notes"]), left(value)),
    )
    later = (value["request"]["bytes"], delivery(value), "yes" if read_whole(value) else "no")
    return (*begin, *map(cell, told), *called(value["llm"]), *map(cell, later))


def earlier_cells(value: Dict[str, Any]) -> Tuple[Optional[str], ...]:
    """Return what the row of an entry says in the columns of `EARLIER`, as it was told then."""
    told = dict(zip(EARLIER, cells(value)))  # noqa: B905 - newer than Python 3.9
    if value.get("schema") == RECORD:
        told["Bytes sent"] = cell(value["request"]["bytes"])
        if told["Left the machine"] == "in part":
            told["Left the machine"] = "no"
    return tuple(told.values())


def columns_of(headings: List[str]) -> Tuple[Tuple[str, ...], Callable[[Dict[str, Any]], Any]]:
    """Return the columns that a table of these headings has to hold, and what tells their cells."""
    if not set(NEWER + NEWEST) & set(headings):
        return EARLIER, earlier_cells
    if not set(NEWEST) & set(headings):
        return EARLIER + NEWER, lambda value: cells(value)[: -len(NEWEST)]
    return TOLD, cells


def called(call: Optional[Dict[str, Any]]) -> List[str]:
    if call is None:
        return [""] * 9
    left_out = "; ".join(call["cost_left_out"])
    told = (
        *(call["model"], call["input_tokens"], call["output_tokens"], call["tokens_basis"]),
        *(call["cost_usd"], call["cost_basis"], left_out, call["response_id"], call["tier"]),
    )
    return list(map(cell, told))


@lru_cache(maxsize=20000, typed=True)
def cell(value: Any) -> str:
    """Return how a value stands in a table that no spreadsheet program computes with."""
    if value is None:
        return ""
    if type(value) is int:
        return str(value)
    text = value if value.isprintable() else " ".join(value.splitlines())
    if len(text) > MOST_IN_A_CELL:
        text = text[:MOST_IN_A_CELL] + "\u2026"
    return "'" + text if text[:1] in ("=", "+", "-", "@") else text


def alike(wanted: Optional[str], found: str) -> bool:
    """Return whether a cell says what is wanted; a dot may stand for what no table shows."""
    if wanted is ANY or wanted == found:
        return True
    pairs = zip(wanted or "", found)  # noqa: B905 - newer than Python 3.9
    return len(wanted or "") == len(found) and all(a == b or b == "\u00b7" for a, b in pairs)
