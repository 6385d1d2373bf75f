"""`policy learn`: a script's habits as a contract: in shadow first, then a person enforces it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from datetime import datetime

    from app.home import Home
    from app.settings import Settings
    from core.happenings import Event
    from evidence.store import Store
    from policy.contracts import Contract

_LINES = 12


def learn(
    script: Annotated[str, typer.Argument(metavar="SCRIPT", help="Its path, or its name.")],
    days: Annotated[
        int | None,
        typer.Option(min=1, max=90, help="From the last so many days, however few they are."),
    ] = None,
    any_version: Annotated[
        bool, typer.Option("--any-version", help="For all its versions, not only the newest.")
    ] = False,
    write: Annotated[
        bool, typer.Option("--write", help="Put it into the policy file, in shadow.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write its lines to a file of their own.")
    ] = None,
    enforce: Annotated[
        bool, typer.Option("--enforce", help="Stop what is not in it; needs --reason.")
    ] = False,
    unlock: Annotated[
        bool, typer.Option("--unlock", help="Take the contract back; needs --reason.")
    ] = False,
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="Why. It stays in the evidence.")
    ] = "",
    policy: Annotated[
        Path | None, typer.Option("--policy", metavar="FILE", help="Default: the one in force.")
    ] = None,
) -> int:
    """Lock a script to what it does as a rule: exactly its destinations, accounts, data and hours.

    Without options the contract is shown as sentences. --write puts it into the policy file in
    shadow: nothing is stopped, and what would be is counted. --enforce locks, --unlock unlocks.

    \b
    Example: outgate policy learn /srv/jobs/payroll.py --write
    Example: outgate policy learn payroll.py --enforce --reason "Two quiet weeks in shadow"
    """
    from app.contracts import contract_meant, script_meant
    from app.permission import permitted
    from app.policy_in_force import deciding_path
    from app.settings import load_settings
    from app.wiring import store_of
    from core.ids import utc_now
    from core.rights import Deed

    decides, writes = enforce or unlock, write or out is not None
    _consistent(enforce, unlock, reason, learns=writes or days is not None)
    home = _with_evidence()
    settings = load_settings(home.settings)
    permitted(Deed.POLICY if decides or writes else Deed.READ, settings)
    store = store_of(home, settings, "command line")
    path = policy or deciding_path(home) or home.policy
    if decides:
        held = contract_meant(store, path, script)
        return _decide(store, path, held, reason.strip(), lift=unlock)
    name = script_meant(store, script)
    version = None if any_version else _version(store, name)
    return _learn(
        home, settings, store, name, version, days, path if write else None, out, utc_now()
    )


def _consistent(enforce: bool, unlock: bool, reason: str, *, learns: bool) -> None:
    """Raise InputError for options of which one would be passed over, and for a decision without a
    reason.
    """
    from core.errors import InputError

    decides = enforce or unlock
    if (enforce and unlock) or (decides and learns):
        raise InputError("Give one of --write, --out, --enforce and --unlock.")
    if decides and not reason.strip():
        raise InputError("Say why with --reason.", remedy="It stays in the evidence.")


def _with_evidence() -> "Home":
    """Return the home of a gate that has kept evidence. Raises InputError."""
    from app.home import home_there
    from core.errors import InputError

    home = home_there()
    if home is None or not home.evidence.is_file():
        raise InputError("No gate has kept evidence here.", remedy="outgate start runs one.")
    return home


def _version(store: "Store", script: str) -> str | None:
    from app.contracts import newest_of

    return newest_of(list(store.script_versions(script)))


def _learn(
    home: "Home",
    settings: "Settings",
    store: "Store",
    script: str,
    version: str | None,
    days: int | None,
    into: Path | None,
    out: Path | None,
    now: "datetime",
) -> int:
    from datetime import timedelta

    from app.contracts import learnt_baseline, policy_text, put, written
    from core.happenings import Event
    from core.vocabulary.sizes import counted
    from habits.learning import REMEMBERED_DAYS
    from policy.contract_lines import entry_lines, named_in, with_contract
    from policy.contracts import sentences

    baseline = learnt_baseline(home, settings, script, now, days)
    entry, contract = written(baseline, version, settings, now)
    for line in sentences(contract):
        typer.echo(line)
    typer.echo(
        f"Learnt from {counted(baseline.requests, 'request')} on"
        f" {counted(baseline.days, 'day')}, {baseline.since} to {baseline.until}."
    )
    _told(store, contract, now - timedelta(days=days or REMEMBERED_DAYS))
    if out is not None:
        put(out, entry_lines(entry))
        typer.echo(f"Its lines stand in {out}.")
    if into is not None:
        entry = named_in(policy_text(into), entry)
        contract = contract.model_copy(update={"id": entry["id"]})
        put(into, with_contract(policy_text(into), entry))
        _act(store, Event.CONTRACT_WRITTEN, contract, into, {"requests": baseline.requests})
        typer.echo(
            f"Written to {into}, in shadow. Enforce it: outgate policy learn SCRIPT --enforce"
        )
    return 0


def _told(store: "Store", contract: "Contract", since: "datetime") -> int:
    """Say what it would have stopped since then; return how many requests."""
    from app.contracts import would_stop
    from core.text import printable
    from core.vocabulary.sizes import counted

    found = would_stop(store, contract, since)
    typer.echo(
        f"Of {counted(found.requests, 'request')} since {since:%Y-%m-%d} it would have stopped"
        f" {found.stopped:,}."
    )
    for why, count in found.reasons[:_LINES]:
        typer.echo(f"  {count:,} × {printable(why, 300)}")
    return found.stopped


def _decide(store: "Store", path: Path, script: str, reason: str, *, lift: bool) -> int:
    from app.contracts import contract_in, policy_text, put
    from core.errors import InputError
    from core.happenings import Event
    from policy.contract_lines import enforced, without_contract
    from policy.contracts import sentences

    contract = contract_in(path, script)
    if not lift and contract.state == "enforced":
        raise InputError("It is enforced already.", remedy="--unlock takes it back.")
    change = without_contract if lift else enforced
    text = change(policy_text(path), contract.id)
    stopped = 0 if lift else _told(store, contract, contract.learnt)
    put(path, text)
    event = Event.CONTRACT_LIFTED if lift else Event.CONTRACT_ENFORCED
    _act(store, event, contract, path, {"reason": reason, "would_stop": stopped})
    if lift:
        typer.echo("Unlocked: it has no contract any more. A running gate knows within seconds.")
        return 0
    for line in sentences(contract.model_copy(update={"state": "enforced"})):
        typer.echo(line)
    return 0


def _act(
    store: "Store", event: "Event", contract: "Contract", path: Path, more: "dict[str, str | int]"
) -> None:
    from app.current_user import reviewer
    from core.happenings import Fact, happening
    from policy.loading import version_of

    facts: dict[str, Fact] = {
        "contract": contract.id,
        "script": contract.script,
        "version": contract.version,
        "policy": version_of(path.read_bytes()),
        **more,
    }
    store.tell(happening(event, facts, who=reviewer()))
