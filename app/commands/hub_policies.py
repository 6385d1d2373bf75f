"""`hub preview`, `policies`, `publish`, `widen`, `approve`: what travels back to the fleet."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.hub_desk import shown_at
from app.hub_access import (
    AsJson,
    HubFolder,
    Reason,
    acting,
    asked_of_approvals,
    at_hub,
    hub_settings,
    print_answer,
    refuse_empty,
)
from app.time_arguments import SINCE
from core.rights import Deed
from hub.patience import THOROUGH

if TYPE_CHECKING:
    from hub.database import Connection

_File = Annotated[Path, typer.Argument(metavar="FILE", help="A policy.")]
_Group = Annotated[str, typer.Option("--group", help="Only for this group.")]
_Key = Annotated[
    Path | None,
    typer.Option("--key", metavar="FOLDER", help="Where policy.key is, if elsewhere."),
]
_Since = Annotated[str, typer.Option(metavar="TIME", help=SINCE)]


def preview(
    policy: _File,
    group: _Group = "",
    since: _Since = "7d",
    most: Annotated[int, typer.Option(min=1, max=10_000_000, help="Records, at most.")] = 50_000,
    hub: HubFolder = None,
    as_json: AsJson = False,
) -> int:
    """Say what a policy would have done to what the fleet recorded, before it is published.

    \b
    Example: outgate hub preview outgate.yaml --group finance --since 7d
    """
    content = _content(policy)
    with at_hub(hub, Deed.READ, THOROUGH) as connection:
        from hub.groups import refuse_small_group, refuse_unknown_group

        refuse_unknown_group(connection, group)
        refuse_small_group(connection, shown_at(connection, hub), group)
        value = _effect(connection, content, str(policy), group, since, most)
    _print_effect(value, as_json=as_json)
    return 0


def policies(hub: HubFolder = None, as_json: AsJson = False) -> int:
    """List the versions of the fleet's policy: for whom, by whom, and how many follow each.

    \b
    Example: outgate hub policies
    """
    with at_hub(hub, Deed.WATCH) as connection:
        from hub import telling
        from hub.orders import policies

        found = policies(connection)
    print_answer(found, telling.policies(found), as_json=as_json)
    return 0


def publish(
    policy: _File,
    group: _Group = "",
    percent: Annotated[
        int, typer.Option(min=0, max=100, help="For so many percent of the fleet.")
    ] = 100,
    since: _Since = "7d",
    key: _Key = None,
    hub: HubFolder = None,
) -> int:
    """Sign a policy and offer it to the fleet, or to a part of it at first.

    Says first what it would have done to what the fleet recorded.

    \b
    Example: outgate hub publish outgate.yaml --percent 1
    Example: outgate hub publish outgate.yaml --group finance
    """
    from core.ids import utc_now

    settings, content = hub_settings(hub, Deed.POLICY), _content(policy)
    with at_hub(hub, Deed.POLICY, THOROUGH) as connection:
        from hub.groups import refuse_unknown_group
        from hub.orders import publish_policy
        from hub.settings import policy_key

        signing = policy_key(key or settings.folder)
        refuse_unknown_group(connection, group)
        _tell_effect(connection, content, str(policy), group, since, hub)
        version = publish_policy(
            connection,
            signing,
            content.decode(),
            grouped=group,
            percent=percent,
            who=acting(),
            now=utc_now(),
        )
    to = f"group {group}" if group else "all"
    typer.echo(f"Version {version} of the fleet's policy is offered to {percent} % of {to}.")
    return 0


def widen(
    version: Annotated[int, typer.Argument(metavar="VERSION", help="Of the fleet's policy.")],
    percent: Annotated[int, typer.Option(min=0, max=100)],
    since: _Since = "7d",
    hub: HubFolder = None,
) -> int:
    """Offer a version of the policy to another share of the fleet; 0 offers it to nobody new.

    Says first what it would have done to what the fleet recorded.

    \b
    Example: outgate hub widen 7 --percent 10
    """
    from core.ids import utc_now
    from core.vocabulary.sizes import counted

    with at_hub(hub, Deed.POLICY, THOROUGH) as connection:
        from hub.orders import policy_of, widen

        content, group = policy_of(connection, version)
        if percent:
            told = f"version {version} of the fleet's policy"
            _tell_effect(connection, content, told, group, since, hub)
        keep = widen(connection, version, percent, who=acting(), now=utc_now())
    typer.echo(f"Version {version} of the fleet's policy is offered to {percent} %.")
    if keep:
        typer.echo(
            f"{counted(keep, 'endpoint')} to which it is not offered any more had it and still "
            "follow it, until a newer one is meant for them: to take it back, publish the one "
            "before again."
        )
    return 0


def approve(
    sha256: Annotated[str, typer.Argument(metavar="SHA256", help="Of a version of a script.")],
    reason: Reason,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take an approval back.")] = False,
    key: _Key = None,
    hub: HubFolder = None,
) -> int:
    """Approve a version of a script on all machines, by its hash.

    \b
    Example: outgate hub approve 9f2c… --reason "reviewed with finance"
    """
    import string

    from core.errors import InputError
    from core.ids import utc_now
    from core.review_acts import Action

    refuse_empty(reason)
    sha256 = sha256.lower()
    if len(sha256) != 64 or not set(sha256) <= set(string.hexdigits):
        raise InputError(
            "That is no SHA-256: 64 hex digits.", remedy="outgate hub scripts --json lists them."
        )
    settings = hub_settings(hub, Deed.APPROVE)
    with at_hub(hub, Deed.APPROVE) as connection:
        from hub.approvals import say
        from hub.settings import policy_key

        done = say(
            connection,
            policy_key(key or settings.folder),
            sha256,
            approved=not withdraw,
            note=reason,
            who=acting(),
            now=utc_now(),
            asks=asked_of_approvals(),
        )
    if done is Action.ASK_APPROVE_SCRIPT:
        typer.echo(f"Asked for: {sha256[:12]} is approved once a second person says the same.")
    else:
        typer.echo(f"{'Withdrawn' if withdraw else 'Approved'} for the fleet: {sha256[:12]}.")
    return 0


def retention(
    days: Annotated[
        int | None, typer.Option("--days", metavar="N", help="Keep evidence for so many days.")
    ] = None,
    group: _Group = "",
    reason: Annotated[str, typer.Option("--reason", help="Why; it is chained.")] = "",
    key: _Key = None,
    hub: HubFolder = None,
    as_json: AsJson = False,
) -> int:
    """List, or order, how long endpoints keep evidence, and how many follow.

    An order is signed and wins over the setting of an endpoint; what is under a legal hold stays.

    \b
    Example: outgate hub retention --days 90 --group tills --reason "agreed with the works council"
    """
    from core.ids import utc_now

    settings = hub_settings(hub, Deed.WATCH if days is None else Deed.ERASE)
    if days is not None:
        refuse_empty(reason)
    with at_hub(hub, Deed.WATCH if days is None else Deed.ERASE) as connection:
        from hub import telling
        from hub.groups import refuse_unknown_group
        from hub.orders import keep_for, retentions
        from hub.settings import policy_key

        if days is not None:
            refuse_unknown_group(connection, group)
            signing = policy_key(key or settings.folder)
            told = {"grouped": group, "note": reason}
            keep_for(connection, signing, days, who=acting(), now=utc_now(), **told)
        found = retentions(connection)
    print_answer(found, telling.retentions(found), as_json=as_json)
    return 0


def settings(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Settings, as docs/settings.md.")
    ] = None,
    group: _Group = "",
    percent: Annotated[
        int, typer.Option(min=0, max=100, help="For so many percent of the fleet.")
    ] = 100,
    reason: Annotated[str, typer.Option("--reason", help="Why; it is chained.")] = "",
    key: _Key = None,
    hub: HubFolder = None,
    as_json: AsJson = False,
) -> int:
    """List the fleet's settings and how many follow, or order others in their place.

    Signed; they go over a user's own file and below those of the machine, and what they list as
    `locked` no user changes. A gate follows them from its next start on.

    \b
    Example: outgate hub settings fleet.yaml --percent 10 --reason "shorter epochs"
    """
    from app.settings_layers import refuse_no_settings
    from core.ids import utc_now

    deed = Deed.WATCH if file is None else Deed.POLICY
    found_hub = hub_settings(hub, deed)
    text = ""
    if file is not None:
        refuse_empty(reason)
        text = _text(file)
        refuse_no_settings(text)
    with at_hub(hub, deed) as connection:
        from hub import telling
        from hub.groups import refuse_unknown_group
        from hub.orders import publish_settings, settings_versions
        from hub.settings import policy_key

        if file is not None:
            refuse_unknown_group(connection, group)
            signing = policy_key(key or found_hub.folder)
            publish_settings(
                connection,
                signing,
                text,
                grouped=group,
                percent=percent,
                note=reason,
                who=acting(),
                now=utc_now(),
            )
        found = settings_versions(connection)
    print_answer(found, telling.settings_versions(found), as_json=as_json)
    return 0


def _text(file: Path) -> str:
    from core.errors import InputError

    try:
        return file.read_text("utf-8")
    except OSError as error:
        raise InputError(f"Cannot read {file}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise InputError(f"{file} is not YAML.", remedy="Write it in UTF-8.") from None


def _content(policy: Path) -> bytes:
    from core.errors import InputError
    from policy.loading import load_bytes

    try:
        content = policy.read_bytes()
    except OSError as error:
        raise InputError(f"Cannot read {policy}: {error.strerror}.") from None
    load_bytes(content, str(policy))
    return content


def _effect(
    connection: "Connection",
    content: bytes,
    source: str,
    group: str,
    since: str,
    most: int = 50_000,
) -> dict[str, object]:
    from datetime import UTC, datetime

    from app.time_arguments import parse_time
    from hub.effects import effect
    from policy.loading import load_bytes

    begin = parse_time(since) or datetime(1971, 1, 1, tzinfo=UTC)
    rules = load_bytes(content, source)
    return effect(connection, rules, begin, grouped=group, most=most).to_json()


def _tell_effect(
    connection: "Connection", content: bytes, source: str, group: str, since: str, hub: Path | None
) -> None:
    """Print what a policy would have done, but for a group that is not told of by itself."""
    from hub.groups import SmallGroupError, refuse_small_group

    try:
        refuse_small_group(connection, shown_at(connection, hub), group)
    except SmallGroupError as error:
        typer.echo(error.message)
    else:
        _print_effect(_effect(connection, content, source, group, since))


def _print_effect(value: dict[str, object], *, as_json: bool = False) -> None:
    from hub import telling_effects

    print_answer(value, telling_effects.effect(value), as_json=as_json)
