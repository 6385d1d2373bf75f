"""`scripts PATH`, `scripts owner`, `scripts export`: one page of a script, who follows its owner,
and the good scripts handed on.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from core.errors import InputError

if TYPE_CHECKING:
    from app.home import Home
    from app.settings import Settings
    from evidence.store import Store
    from habits.passport import Passport
    from inventory.owners import Listed

_ELSEWHERE = ("versions", "made_of")
"""Parts that the list of versions above the page tells already, in a terminal."""
_LONGEST_NAME = 200


def checked_format(name: str) -> str:
    """Return the name of a format of the page. Raises InputError."""
    from core.text import printable
    from habits.passport import FORMATS

    if name not in FORMATS:
        raise InputError(
            f"There is no format {printable(name, 40)!r} of a script's page.",
            remedy=f"Known: {', '.join(FORMATS)}.",
        )
    return name


def page_of(
    home: "Home", settings: "Settings", store: "Store", script: str, accounts: Path | None
) -> "Passport":
    """Return the page of a script. Raises InputError."""
    from app.passport import passport_of
    from core.ids import utc_now

    return passport_of(home, settings, store, script, utc_now(), _listed(accounts))


def _listed(accounts: Path | None) -> "Mapping[str, Listed] | None":
    from inventory.owners import read_accounts

    return None if accounts is None else read_accounts(accounts)


def rest_of_page(page: "Passport") -> Iterator[str]:
    """Yield the lines of a page below the list of its versions."""
    from dataclasses import replace

    from habits.passport import as_text

    parts = tuple(part for part in page.parts if part.key not in _ELSEWHERE)
    yield from as_text(replace(page, parts=parts)).splitlines()[1:]


def give(page: "Passport", format_name: str, out: Path | None) -> None:
    """Print a page, or write it to a file. Raises InputError."""
    from habits.passport import written

    text = written(page, format_name)
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"Cannot write {out}: {error.strerror}.", remedy="Check --out.") from None


def name_successor(store: "Store", script: str, successor: str, reason: str) -> None:
    """Note who answers for a script from now on, as an act. Raises InputError."""
    from app.current_user import reviewer
    from core.happenings import Event, Fact, happening
    from core.text import printable

    name = printable(successor.strip(), _LONGEST_NAME)
    if not name:
        raise InputError("Name who follows with --successor.")
    facts: dict[str, Fact] = {"script": script, "successor": name, "reason": reason.strip()}
    store.tell(happening(Event.SUCCESSOR_NAMED, facts, who=reviewer()))
    typer.echo(f"{name} answers for {printable(script)} from now on. It stands in the evidence.")


def hand_on(
    home: "Home", settings: "Settings", store: "Store", folder: Path, accounts: Path | None
) -> None:
    """Write all scripts whose newest version is approved to a new folder: masked source, pinned
    requirements, and a list. Raises InputError.
    """
    from app.current_user import reviewer
    from app.handing_on import good_scripts, write_scripts
    from core.happenings import Event, happening
    from core.vocabulary.sizes import counted

    good = good_scripts(home, store, keeps=settings.keep_scripts, listed=_listed(accounts))
    if not good:
        raise InputError(
            "No script's newest version is approved, so there is nothing to hand on.",
            remedy="outgate scripts PATH --approve --reason TEXT",
        )
    done, left = write_scripts(good, folder)
    for script, why in left:
        typer.echo(f"left out: {script}: {why}")
    store.tell(happening(Event.HANDED_ON, {"scripts": done, "left_out": len(left)}, who=reviewer()))
    typer.echo(
        f"{counted(len(done), 'script')} in {folder}: masked source, pinned requirements, and"
        " scripts.csv with owner, successor, approval and destinations."
    )
