"""Groups of endpoints by their names: how one may be called, and that somebody is in it."""

from core.errors import InputError
from core.text import printable
from hub.council import Council
from hub.database import Connection

_MOST_NAME = 60
_KNOWN = """SELECT grouped FROM endpoints UNION
    SELECT grouped FROM tokens WHERE used_at IS NULL AND ends_at > now() ORDER BY 1"""
_MOST_TOLD = 10
_SIZES = "SELECT grouped, count(*) FROM endpoints WHERE revoked_at IS NULL GROUP BY grouped"


class SmallGroupError(InputError):
    """What so small a group does is what persons do."""


def group_named(name: str) -> str:
    """Return the name of a group. Raises InputError for what is none."""
    name = name.strip()
    if not name or len(name) > _MOST_NAME or printable(name, _MOST_NAME) != name:
        raise InputError(
            f"The name of a group has 1 to {_MOST_NAME} letters that can be printed.",
            remedy="For example finance.",
        )
    return name


def refuse_unknown_group(connection: Connection, name: str) -> None:
    """Raise InputError where no endpoint is, or is about to be, in this group; empty means all."""
    if not name:
        return
    known = [row[0] for row in connection.execute(_KNOWN).fetchall()]
    if group_named(name) not in known:
        told = ", ".join(printable(one, _MOST_NAME) for one in known[:_MOST_TOLD])
        raise InputError(
            "No endpoint is in that group.",
            remedy=f"There are: {told}" if told else "No endpoint is enrolled yet.",
        )


def refuse_small_group(connection: Connection, shown: Council, name: str) -> None:
    """Raise SmallGroupError where that group is not told of by itself: a machine is, as a rule, one
    person's. Empty means all.
    """
    sizes: dict[str, int] = dict(connection.execute(_SIZES).fetchall())
    if name and name not in shown.apart(sizes):
        raise SmallGroupError(
            "With pseudonyms so small a group, or one beside which a small one is left, is not "
            "told of by itself.",
            remedy="Ask for all: without --group.",
        )
