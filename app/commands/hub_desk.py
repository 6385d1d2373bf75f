"""`hub review`, `case`, `council`, `reveal`, `confirm`: the fleet's desk, and how far it shows
people.
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.desk_options import IDLE, IdleMinutes, Port, Tls, Web, none_ignored, of_web
from app.hub_access import (
    AsJson,
    HubFolder,
    Reason,
    acting,
    at_hub,
    hub_settings,
    print_answer,
    refuse_empty,
)
from core.rights import Deed

if TYPE_CHECKING:
    from hub.council import Council
    from hub.database import Connection

_Case = Annotated[int, typer.Argument(metavar="NUMBER", help="From outgate hub review.")]


def shown_at(connection: "Connection", hub: Path | None) -> "Council":
    """Return what shows people at this hub. Raises SettingsError."""
    from hub.council import council

    return council(connection, hub_settings(hub).folder)


def _on_a_terminal() -> bool:
    drawn = "TEXTUAL_DRIVER" in os.environ
    return drawn or (sys.stdin.isatty() and sys.stdout.isatty())


def review(
    hub: HubFolder = None,
    all_: Annotated[bool, typer.Option("--all", help="Also those that are closed.")] = False,
    most: Annotated[int, typer.Option(min=1, max=100_000, help="How many.")] = 100,
    as_json: AsJson = False,
    plain: Annotated[bool, typer.Option("--plain", help="Print the queue as plain lines.")] = False,
    key: Annotated[
        Path | None,
        typer.Option("--key", metavar="FOLDER", help="Where policy.key is, if elsewhere."),
    ] = None,
    certificate: Annotated[
        Path | None,
        typer.Option("--certificate", metavar="FILE", help="Who sits here, by certificate (PEM)."),
    ] = None,
    certificate_key: Annotated[
        Path | None, typer.Option("--certificate-key", metavar="FILE", help="Its key.")
    ] = None,
    web: Web = False,
    port: Port = 0,
    tls: Tls = False,
    idle_minutes: IdleMinutes = IDLE,
) -> int:
    """Review the fleet: what a script sends to one destination is one case on all machines.

    On a terminal, and with --web in a browser of this machine, this is the same desk as outgate
    review, over all machines. Where hub.yaml says sign_in, --web serves it to browsers of all whom
    the organisation's directory lets in.

    \b
    Example: outgate hub review
    """
    none_ignored(
        {
            "--web": (web, {"--plain": plain, "--json": as_json, "--all": all_}),
            "--certificate": (
                certificate is not None,
                {"--web": web, "--plain": plain, "--json": as_json, "--all": all_},
            ),
        },
        of_web(web=web, port=port, tls=tls, idle_minutes=idle_minutes),
    )
    if web:
        from app.fleet_desk import serve_desk

        return serve_desk(hub, key, port=port, idle_minutes=idle_minutes, tls=tls)
    if certificate is None and certificate_key is not None:
        from core.errors import InputError

        raise InputError("--certificate-key is the key of --certificate.")
    by = None if certificate is None else (certificate, certificate_key or certificate)
    if by or (not (plain or as_json or all_) and _on_a_terminal()):
        from app.fleet_desk import open_desk

        return open_desk(hub, key, by)
    with at_hub(hub, Deed.READ) as connection:
        from hub import telling_desk
        from hub.desk import cases

        found = cases(connection, closed_too=all_, most=most)
    print_answer(found, telling_desk.review(found), as_json=as_json)
    return 0


def case(
    number: _Case,
    assign: Annotated[
        str | None, typer.Option("--assign", metavar="NAME", help="Give it to somebody.")
    ] = None,
    take: Annotated[bool, typer.Option("--take", help="Take it over.")] = False,
    comment: Annotated[
        str | None, typer.Option("--comment", metavar="TEXT", help="Say something; it is chained.")
    ] = None,
    hub: HubFolder = None,
    as_json: AsJson = False,
) -> int:
    """Show one case of the fleet: versions, machines, people, spread, and what was said.

    \b
    Example: outgate hub case 12 --take --comment "asked finance"
    """
    from core.errors import InputError
    from core.ids import utc_now

    if assign is not None and take:
        raise InputError("Either --assign or --take.")
    changes = assign is not None or take or comment is not None
    with at_hub(hub, Deed.WORK if changes else Deed.READ) as connection:
        from hub import desk, telling_desk

        who, now = acting(), utc_now()
        if assign is not None or take:
            to = who.name if assign is None else assign
            desk.assign(connection, number, to, who=who, note="", now=now)
        if comment is not None:
            desk.comment(connection, number, who=who, note=comment, now=now)
        found = desk.case(connection, number, shown_at(connection, hub))
    print_answer(found, telling_desk.case(found), as_json=as_json)
    return 0


def council(
    pseudonyms: Annotated[
        bool | None,
        typer.Option("--pseudonyms/--names", help="People by pseudonyms, or by their names."),
    ] = None,
    smallest_group: Annotated[
        int | None,
        typer.Option("--smallest-group", metavar="N", help="Smaller ones are told together."),
    ] = None,
    may_reveal: Annotated[
        list[str] | None,
        typer.Option("--may-reveal", metavar="NAME", help="Two of them look behind a pseudonym."),
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; it is chained.")] = "",
    hub: HubFolder = None,
) -> int:
    """Say, or set, how far people are shown. What shows more than before takes two persons.

    \b
    Example: outgate hub council --pseudonyms --may-reveal ada --may-reveal bert --reason "§ 87"
    """
    from dataclasses import replace

    from core.errors import InputError
    from core.ids import utc_now

    given = (pseudonyms, smallest_group, may_reveal)
    changes = any(one is not None for one in given)
    with at_hub(hub, Deed.POLICY if changes else Deed.READ) as connection:
        from hub.council import SMALLEST, agree, agreed

        before = agreed(connection)
        if changes:
            refuse_empty(reason)
            on = before.pseudonyms if pseudonyms is None else pseudonyms
            if not on and (smallest_group is not None or may_reveal is not None):
                raise InputError(
                    "People are shown by their names: there is nothing to set.",
                    remedy="Add --pseudonyms.",
                )
            least = SMALLEST if on else 1
            if before.pseudonyms:
                least = before.smallest_group
            wanted = replace(
                before,
                pseudonyms=on,
                smallest_group=least if smallest_group is None else smallest_group,
                may_reveal=before.may_reveal if may_reveal is None else tuple(may_reveal),
            )
            typer.echo(agree(connection, wanted, who=acting(), note=reason, now=utc_now()))
        found = agreed(connection)
    if not found.pseudonyms:
        typer.echo("People are shown by their names.")
        return 0
    typer.echo(f"People are shown by pseudonyms; groups below {found.smallest_group} together.")
    typer.echo(f"Two of these look behind one: {', '.join(found.may_reveal)}.")
    return 0


def reveal(
    pseudonym: Annotated[str, typer.Argument(metavar="PSEUDONYM", help="person-…")],
    reason: Reason,
    hub: HubFolder = None,
) -> int:
    """Ask for the name behind a pseudonym; a second named person confirms. Both is chained.

    \b
    Example: outgate hub reveal person-k3x7… --reason "case 12, agreed with the works council"
    """
    from core.ids import utc_now

    refuse_empty(reason)
    with at_hub(hub, Deed.FIND) as connection:
        from hub.council import ask, revealed_to

        who, now, shown = acting(), utc_now(), shown_at(connection, hub)
        name = revealed_to(connection, shown, pseudonym, who=who, now=now)
        if name is None:
            asked = ask(connection, pseudonym, who=who, note=reason, now=now)
            told = f"Asked. Another named person confirms: outgate hub confirm {asked}"
        else:
            told = f"{pseudonym} is {name}."
    from core.text import printable

    typer.echo(printable(told))
    return 0


def confirm(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="What was asked under it.")],
    reason: Reason,
    hub: HubFolder = None,
) -> int:
    """Confirm as the second person what another one asked for.

    \b
    Example: outgate hub confirm 31 --reason "agreed"
    """
    from core.ids import utc_now

    refuse_empty(reason)
    with at_hub(hub, Deed.READ) as connection:
        from hub.council import confirm as say

        shown = shown_at(connection, hub)
        told = say(connection, shown, number, who=acting(), note=reason, now=utc_now())
    typer.echo(told)
    return 0
