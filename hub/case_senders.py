"""Which senders a word of a filter means: those whose path holds it, and people as far as they are
shown. So no filter tells of somebody what the list does not.
"""

from collections.abc import Sequence

from core.review import About
from hub.council import Council
from hub.database import Connection

_BY_PATH = """SELECT number FROM places WHERE EXISTS (
    SELECT 1 FROM unnest(%s::text[]) AS v WHERE strpos(lower(path), lower(v)) > 0)"""
_BY_PERSON = """SELECT p.number FROM places p JOIN people w ON w.number = p.person WHERE EXISTS (
    SELECT 1 FROM unnest(%s::text[]) AS v WHERE strpos(lower(w.name), lower(v)) > 0)"""
_PEOPLE = "SELECT number, name FROM people"
_OF_PEOPLE = "SELECT number FROM places WHERE person = ANY(%s)"
_PATHS = "SELECT number, path FROM places WHERE number = ANY(%s)"
_COVER = "~"
"""Stands in a path for what is covered there; so a word with it may be in any path."""


def senders(
    connection: Connection, shown: Council, about: About, values: Sequence[str]
) -> list[int]:
    """Return the numbers of the senders (`places`) of which one of these values is a part, in any
    case of ASCII letters: of the path for `About.SCRIPT`, of who ran it for `About.USER`.
    """
    if about is About.USER:
        return _run_by(connection, shown, values)
    if not shown.agreed.pseudonyms:
        return _numbers(connection, _BY_PATH, list(values))
    return _at_paths_as_shown(connection, shown, values)


def _run_by(connection: Connection, shown: Council, values: Sequence[str]) -> list[int]:
    if not shown.agreed.pseudonyms:
        return _numbers(connection, _BY_PERSON, list(values))
    known = connection.execute(_PEOPLE).fetchall()
    wanted = [number for number, name in known if _is_in(shown.person(name), values)]
    return _numbers(connection, _OF_PEOPLE, wanted)


def _at_paths_as_shown(connection: Connection, shown: Council, values: Sequence[str]) -> list[int]:
    names = {name.casefold() for _, name in connection.execute(_PEOPLE).fetchall()}
    parts = ["" if _COVER in value else value for value in values]
    found = connection.execute(_PATHS, (_numbers(connection, _BY_PATH, parts),)).fetchall()
    return [number for number, path in found if _is_in(_covered(shown, path, names), values)]


def _covered(shown: Council, path: str, names: set[str]) -> str:
    in_it = [part for part in path.replace("\\", "/").split("/") if part.casefold() in names]
    return shown.path(path, in_it)


def _is_in(text: str, values: Sequence[str]) -> bool:
    return any(value.lower() in text.lower() for value in values)


def _numbers(connection: Connection, query: str, values: Sequence[object]) -> list[int]:
    return [number for (number,) in connection.execute(query.encode(), (list(values),)).fetchall()]
