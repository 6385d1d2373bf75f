"""Filters of the review turned into conditions with parameters, orders into columns, and rows into
the cases of core.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from core.case_vocabulary import shown_as
from core.decision import HoldOutcome, Verdict, hold_word, left_by
from core.fate import Delivery, Fate
from core.review import About, Case, CaseFilter, CaseStatus, Condition, Order
from core.risk import HIGH, MEDIUM, Level
from evidence.case_insides import inside_of
from evidence.case_states import CLOSED, RETURNED, Part, own_condition, state_condition
from evidence.case_sums import SEPARATOR
from evidence.closed import closed_up_to
from evidence.database import Connection
from evidence.times import from_micros, micros

type By = Callable[[str, int], Part]
"""Returns a condition from a value and the time."""

_TEXT = ("script", "coalesce(script_path, '')", "host", "coalesce(service, '')", "kinds", "users")
_ORDERS: Mapping[Order, str] = MappingProxyType(
    {
        Order.RISK: "risk DESC, last_us DESC, id DESC",
        Order.NEWEST: "last_us DESC, id DESC",
        Order.OLDEST: "first_us, id",
        Order.SCRIPT: "script COLLATE NOCASE, last_us DESC, id DESC",
        Order.DESTINATION: "coalesce(service, host) COLLATE NOCASE, last_us DESC, id DESC",
        Order.OUTCOME: "verdict, last_us DESC, id DESC",
        Order.KIND: "kinds = '', kinds, last_us DESC, id DESC",
        Order.PEOPLE: "people DESC, last_us DESC, id DESC",
        Order.ROWS: "coalesce(most_records, 0) DESC, last_us DESC, id DESC",
        Order.TIMES: "count DESC, last_us DESC, id DESC",
    }
)
_RISKS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        Level.HIGH: (HIGH, 2**31),
        Level.MEDIUM: (MEDIUM, HIGH),
        Level.LOW: (-1, MEDIUM),
    }
)


def _contains(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _like(columns: Sequence[str], text: str) -> Part:
    either = " OR ".join(f"{column} LIKE ? ESCAPE '\\'" for column in columns)
    return f"({either})", (_contains(text),) * len(columns)


def _named(column: str) -> By:
    """Return the condition on a column of names: one of them, part of it given."""
    return lambda value, _: _like((column,), value)


def _outcome(value: str, _: int) -> Part:
    """Return the condition that some record had this outcome, however its hold ended; or that one
    was cut on its way, which no outcome tells.
    """
    if value == Delivery.CUT:
        return _CUT, ()
    either = "(outcomes LIKE ? ESCAPE '\\' OR outcomes LIKE ? ESCAPE '\\')"
    return either, tuple(_contains(f"{SEPARATOR}{value}{end}") for end in (SEPARATOR, ":"))


_WHOLE = ", ".join(
    f"'{word}'"
    for word in (
        Fate.PAST,
        *(verdict for verdict in Verdict if left_by(verdict)),
        *(hold_word(ending) for ending in HoldOutcome if ending.released),
    )
)
_CUT = f"""(left_count > 0 AND CASE WHEN json_valid(CAST(inside AS TEXT)) THEN left_count > (
    SELECT coalesce(sum(value), 0) FROM json_each(CAST(inside AS TEXT), '$.outcomes')
    WHERE key IN ({_WHOLE})) ELSE 0 END)"""  # noqa: S608 - words of ours
"""More left, in part at least, than by the outcomes of what left whole."""


def _case(value: str, _: int) -> Part:
    """Return the condition on the case's short id, or on the id of one of its records."""
    of_record = "id = (SELECT case_id FROM entries WHERE entries.id = ?)"
    return f"(case_id_of(key) = ? OR {of_record})", (value.lower(), value.lower())


def _certain(value: str, _: int) -> Part:
    newest = "(SELECT certainty_in(body) FROM entries WHERE entries.id = last_record)"
    return f"{newest} = ?", (value,)


def _version(value: str, _: int) -> Part:
    """Return the condition that some version's hash begins so; the bytes first, since most of what
    is inside cases need then not be taken apart.
    """
    named = """CASE WHEN json_valid(CAST(inside AS TEXT)) THEN EXISTS (
        SELECT 1 FROM json_each(CAST(inside AS TEXT), '$.versions')
        WHERE substr(key, 1, ?) = ?) ELSE 0 END"""
    text = f"(instr(inside, CAST(? AS BLOB)) > 0 AND {named})"
    return text, (f'"{value}', len(value), value)


def _at_least(column: str) -> By:
    return lambda value, _: (f"{column} >= ?", (int(value),))


def _risk(value: str, _: int) -> Part:
    return "(risk >= ? AND risk < ?)", _RISKS.get(value, (0, 0))


_BY: Mapping[About, By] = MappingProxyType(
    {
        About.USER: _named("users"),
        About.RULE: _named("rules"),
        About.MODEL: _named("models"),
        About.OUTCOME: _outcome,
        About.ACCOUNT: lambda value, _: ("account_kind = ?", (value,)),
        About.KIND: lambda value, _: _like(("kinds",), f",{value},"),
        About.SCRIPT: lambda value, _: _like(("script", "coalesce(script_path, '')"), value),
        About.DESTINATION: lambda value, _: _like(("host", "coalesce(service, '')"), value),
        About.DISPOSITION: lambda value, _: ("disposition = ?", (value,)),
        About.TEXT: lambda value, _: _like(_TEXT, value),
        About.SHOWN: lambda value, now_us: _shown(*shown_as(value), now_us),
        About.PEOPLE: _at_least("people"),
        About.ROWS: _at_least("coalesce(most_records, 0)"),
        About.RETURNED: lambda _, now_us: (RETURNED, (now_us,)),
        About.STATE: state_condition,
        About.OWN: own_condition,
        About.TIMES: _at_least("count"),
        About.RISK: _risk,
        About.CASE: _case,
        About.CERTAIN: _certain,
        About.HASH: _version,
    }
)


def _shown(about: About, value: str, now_us: int) -> Part:
    """Return the condition that the screen shows this word of a case."""
    if about is About.DESTINATION:
        return "coalesce(service, '') = ?", (value,)
    return _BY[about](value, now_us)


def plain(wanted: CaseFilter) -> Iterator[Condition]:
    """Yield all conditions, those of the filter's own fields among them."""
    asked = (
        (About.OUTCOME, wanted.verdict),
        (About.SCRIPT, wanted.script),
        (About.DESTINATION, wanted.destination),
        (About.KIND, wanted.kind),
        *((About.TEXT, word) for word in wanted.text.split()),
    )
    for about, value in asked:
        if value is not None:
            yield Condition(about=about, values=(value,))
    yield from wanted.conditions


def _either(condition: Condition, now_us: int) -> Part:
    """Return one condition: one of its values, or none of them."""
    parts = [_BY[condition.about](value, now_us) for value in condition.values]
    either = " OR ".join(text for text, _ in parts) or "0"
    values = tuple(value for _, some in parts for value in some)
    # What is not known is not what was named, so that `not` finds it.
    return (f"NOT coalesce(({either}), 0)" if condition.negated else f"({either})"), values


def case_condition(wanted: CaseFilter, now_us: int, *, any_over: bool = True) -> Part:
    """Return the WHERE clause (or nothing) for a filter, and its parameters. Where no closing is
    over (`any_over`), the cases that are open are those of one index, in order.
    """
    parts = [_either(condition, now_us) for condition in plain(wanted)]
    if wanted.status is CaseStatus.OPEN and not any_over:
        parts.append(("status = 'open'", ()))
    elif wanted.status is CaseStatus.OPEN:
        parts.append(("(status = 'open' OR until_us <= ?)", (now_us,)))
    elif wanted.status is CaseStatus.CLOSED:
        parts.append((CLOSED, (now_us,)))
    if wanted.since is not None:
        parts.append(("last_us >= ?", (micros(wanted.since),)))
    if wanted.until is not None:
        parts.append(("last_us < ?", (micros(wanted.until),)))
    if not parts:
        return "", ()
    return " WHERE " + " AND ".join(part for part, _ in parts), tuple(
        v for _, values in parts for v in values
    )


def page_of(wanted: CaseFilter, now_us: int, *, any_over: bool = True) -> Part:
    """Return the statement for the ids of a page of cases; after its parameters come length and
    offset.
    """
    where, values = case_condition(wanted, now_us, any_over=any_over)
    order = _ORDERS[wanted.order]
    return f"SELECT id FROM cases{where} ORDER BY {order} LIMIT ? OFFSET ?", values  # noqa: S608


_OVER = "SELECT count(*) FROM (SELECT 1 FROM cases WHERE until_us <= ? LIMIT 1)"
_BY_IDS = """SELECT cases.* FROM json_each(?) AS wanted
    CROSS JOIN cases ON cases.id = wanted.value"""


def read_page(
    connection: Connection, wanted: CaseFilter, now_us: int, limit: int, offset: int
) -> list[dict[str, Any]]:
    """Return the rows of a page of cases, in the order of the filter."""
    any_over = bool(connection.value(_OVER, (now_us,)))
    query, values = page_of(wanted, now_us, any_over=any_over)
    ids = [id_ for (id_,) in connection.execute(query, (*values, limit, offset))]
    # The ids first, so that no row with all that is inside goes through a sort.
    found = {row["id"]: row for row in connection.named(_BY_IDS, (json.dumps(ids),))}
    return [found[id_] for id_ in ids if id_ in found]


OF_SCRIPT = f"""SELECT * FROM cases WHERE id IN (
    SELECT id FROM cases WHERE key > ? AND key < ? AND script_path = ?
    ORDER BY {_ORDERS[Order.RISK]} LIMIT ?) ORDER BY {_ORDERS[Order.RISK]}"""  # noqa: S608
"""Cases of one script: a key begins with its path, so that not every case is looked at."""


def keys_of(script: str) -> tuple[str, str]:
    """Return between which keys those of the cases of this script are."""
    return f"{script}{SEPARATOR}", f"{script}\x20"


def case_of(row: Mapping[Any, Any], now_us: int) -> Case:
    """Return the case of a row of `cases`, as it stands at that moment."""
    return Case(
        key=row["key"],
        status=_status(row["status"], row["until_us"], now_us),
        first_at=from_micros(row["first_us"]),
        last_at=from_micros(row["last_us"]),
        count=row["count"],
        verdict=row["verdict"],
        script=row["script"],
        script_path=row["script_path"],
        user=row["user"],
        host=row["host"],
        service=row["service"],
        category=row["category"],
        account_kind=row["account_kind"],
        kinds=tuple(kind for kind in row["kinds"].split(",") if kind),
        values=row["most_values"],
        records=row["most_records"],
        bytes_sent=row["bytes_sent"],
        last_record=row["last_record"],
        unchecked=row["degraded"],
        disposition=row["disposition"],
        inside=inside_of(row),
        scope=closed_up_to(row["closed"]),
    )


def _status(word: str, until_us: int | None, now_us: int) -> CaseStatus:
    """Return where a case stands; one of which a later version says something else is one to look
    at.
    """
    over = until_us is not None and until_us <= now_us
    return CaseStatus.CLOSED if word == CaseStatus.CLOSED and not over else CaseStatus.OPEN
