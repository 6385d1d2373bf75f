"""`hub hunt`, `hunts`, `advisories`: who has or had a package, now and from now on."""

from pathlib import Path
from typing import Annotated

import typer

from app.commands.hub_desk import shown_at
from app.hub_access import (
    AsJson,
    HubFolder,
    acting,
    at_hub,
    hub_settings,
    print_answer,
    refuse_empty,
)
from core.rights import Deed
from core.vocabulary.fleet import Over
from hub.patience import HUNTS

_ADVISORIES = "advisories"


def hunt(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A package, host, script, file or its SHA-256.")
    ],
    version: Annotated[
        str | None, typer.Argument(metavar="[VERSION]", help="One version, or a range: '<2.31'.")
    ] = None,
    over: Annotated[Over, typer.Option("--over", help="What to look over.")] = Over.PACKAGES,
    save: Annotated[
        bool, typer.Option("--save", help="Also look at whatever endpoints tell of later.")
    ] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why it is saved.")] = "",
    whole: Annotated[
        bool, typer.Option("--whole", help="With --over: read all that no list tells of.")
    ] = False,
    hub: HubFolder = None,
    as_json: AsJson = False,
) -> int:
    """Say who had a package: on which machines, which scripts, what left, to whom; 1 when anybody.

    With --over: who sent to a destination, what a script did, who sent a file (by its name or
    SHA-256), or where something was observed. A person's value: outgate hub ask find.

    \b
    Example: outgate hub hunt litellm 1.82.7 --save --reason "advisory of today"
    Example: outgate hub hunt requests '<2.31'
    Example: outgate hub hunt transfer.sh --over destinations
    """
    if over is not Over.PACKAGES:
        why = reason if save else None
        return _hunt_over(name, version, over, why, hub, whole=whole, as_json=as_json)
    from packaging.utils import canonicalize_name

    from core.ids import utc_now
    from inventory.hunting import Wanted

    if save:
        refuse_empty(reason)
    wanted, saved = Wanted(name=name, version=version), 0
    with at_hub(hub, Deed.HUNT if save else Deed.READ, HUNTS) as connection:
        from hub import questions, saved_hunts, telling

        shown = shown_at(connection, hub)
        known = questions.versions_of(connection, canonicalize_name(name))
        matching = [row["number"] for row in known if wanted.matches(row["name"], row["version"])]
        found = questions.hunt(connection, matching)
        for row in found.had:
            row["sent"] = [shown.on_a_machine(sent) for sent in row["sent"]]
        if save:
            by, now = acting(), utc_now()
            saved = saved_hunts.save(connection, wanted, who=by, note=reason, now=now)
    value: dict[str, object] = {"name": name, "version": version, "had": found.had}
    value |= {"unknown": found.unknown, "untold": found.untold}
    lines = telling.hunted(name, version, found.had, found.unknown, found.untold)
    print_answer(value, lines, as_json=as_json)
    if saved:
        typer.echo(f"Saved as hunt {saved}: outgate hub hunts", err=True)
    return 1 if found.had else 0


def _hunt_over(
    name: str,
    version: str | None,
    over: Over,
    reason: str | None,
    hub: Path | None,
    *,
    whole: bool,
    as_json: bool,
) -> int:
    """Hunt for anything but a package; `reason`: save it, too."""
    from core.errors import InputError
    from core.ids import utc_now
    from hub.hunting import known
    from hub.hunting_messages import MOST_READ, not_read
    from hub.sought import Sought

    if version is not None:
        raise InputError("Only packages have versions.", remedy="Leave the version out.")
    if reason is not None:
        refuse_empty(reason)
    sought, saved, now = Sought(over=over, name=name), 0, utc_now()
    most = None if whole else MOST_READ
    with at_hub(hub, Deed.READ if reason is None else Deed.HUNT, HUNTS) as connection:
        from hub import saved_hunts, telling_hunts

        shown = shown_at(connection, hub)
        found = []
        for row in known(connection, sought, most):
            paths = {part: shown.path(row[part], row["people"]) for part in ("script", "what")}
            found.append({**shown.on_a_machine(row), **paths})
        if reason is not None:
            saved = saved_hunts.save_sought(
                connection, sought, who=acting(), note=reason, now=now, most=most
            )
        left = [] if most is None else not_read(connection, sought, most)
    value = {"name": name, "over": over.value, "found": found, "not_read": dict(left)}
    print_answer(value, telling_hunts.sought(name, over, found, left), as_json=as_json)
    if saved:
        typer.echo(f"Saved as hunt {saved}: outgate hub hunts", err=True)
    return 1 if found else 0


def hunts(
    end: Annotated[int | None, typer.Option("--end", metavar="NUMBER", help="End one.")] = None,
    hub: HubFolder = None,
    as_json: AsJson = False,
) -> int:
    """List the saved hunts and how many machines and scripts each has found.

    \b
    Example: outgate hub hunts --end 3
    """
    from core.ids import utc_now

    with at_hub(hub, Deed.READ if end is None else Deed.HUNT) as connection:
        from hub import saved_hunts, telling_hunts

        if end is not None:
            saved_hunts.end(connection, end, who=acting(), now=utc_now())
        found = saved_hunts.hunts(connection)
    print_answer(found, telling_hunts.hunts(found), as_json=as_json)
    return 0


def advisories(
    source: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="An export in the OSV format; else the last one."),
    ] = None,
    hub: HubFolder = None,
    as_json: AsJson = False,
) -> int:
    """List what anybody on any machine has or had that advisories name; 1 when there is any.

    \b
    Example: outgate hub advisories all.zip
    """
    from core.errors import InputError, SettingsError
    from core.ids import utc_now
    from inventory.advisories.kept import import_advisories, load

    deed = Deed.READ if source is None else Deed.HUNT
    folder = hub_settings(hub, deed).folder / _ADVISORIES
    if source is not None:
        try:
            import_advisories(source, folder, utc_now())
        except OSError as error:
            raise SettingsError(f"Cannot write in {folder}: {error.strerror}.") from None
    known = load(folder)
    if known is None:
        raise InputError(
            "No advisories were read here yet.",
            remedy="Give an export in the OSV format: outgate hub advisories all.zip",
        )
    with at_hub(hub, Deed.READ, HUNTS) as connection:
        from hub import saved_hunts, telling_hunts

        found = saved_hunts.named_by(connection, known)
    print_answer(found, telling_hunts.named(found), as_json=as_json)
    return 1 if found else 0
