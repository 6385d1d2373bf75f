"""`policy`: check, describe, try out and replay the rules."""

import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.contracts import learn
from app.time_arguments import SINCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.review import Disposition
    from core.review_ports import CaseStore

application = typer.Typer(
    help="Check, try out and replay the rules.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
PolicyArgument = Annotated[
    Path | None, typer.Argument(metavar="FILE", help="Policy file; default: the one in force.")
]


application.command()(learn)


@application.command()
def check(file: PolicyArgument = None) -> int:
    """Check a policy file; each fault with line, column and the nearest valid word.

    \b
    Example: outgate policy check outgate.yaml
    """
    from app.advice import advice_on, exceptions_in
    from app.home import open_home
    from app.policy_in_force import policy_path
    from app.wiring import policy_of
    from policy.loading import PolicyError

    home = open_home()
    try:
        policy = policy_of(home, file)
    except PolicyError as error:
        for line in error.lines():
            typer.echo(line, err=True)
        return 1
    exceptions, to_mend = exceptions_in(policy_path(home, file))
    for line in advice_on(policy_path(home, file)):
        typer.echo(f"{'WARNING' if line in to_mend else 'note'}: {line}", err=True)
    for line in exceptions:
        typer.echo(f"passes undecrypted: {line}")
    typer.echo(f"The policy is valid, version {policy.version}.")
    return 0


@application.command()
def schema() -> None:
    """Print the JSON Schema of policy files, for editors.

    \b
    Example: outgate policy schema > outgate.schema.json
    """
    import policy

    typer.echo(json.dumps(policy.schema(), indent=2))


@application.command()
def words(
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Print all words that rules may name: kinds of data, groups, services, accounts, answers.

    \b
    Example: outgate policy words
    """
    from app.policy_words import all_words, lines

    if as_json:
        told = {one.key: list(one.rows) for one in all_words()}
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    for line in lines():
        typer.echo(line)


@application.command()
def preset(
    name: Annotated[str | None, typer.Argument(help="Its name; without it, the list.")] = None,
) -> None:
    """Print a preset, to be copied to outgate.yaml and changed.

    \b
    Example: outgate policy preset no-personal-cloud > outgate.yaml
    """
    from policy.loading import preset_names, preset_text

    if name is None:
        for known in preset_names():
            typer.echo(known)
    else:
        typer.echo(preset_text(name), nl=False)


@application.command()
def replay(
    policy: Annotated[
        Path | None, typer.Option("--policy", metavar="FILE", help="The rules to try.")
    ] = None,
    since: Annotated[str, typer.Option(metavar="TIME", help=SINCE)] = "30d",
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> int:
    """Say what rules would have done to what was recorded, before they are switched on.

    \b
    Example: outgate policy replay --since 30d --policy new.yaml
    """
    from app.home import open_home
    from app.permission import permitted
    from app.settings import load_settings
    from app.summary import print_replay
    from app.time_arguments import parse_time
    from app.wiring import calendar_of, policy_of
    from core.rights import Deed
    from core.stored import StoredRecord
    from evidence import open_store
    from evidence.as_of import Past
    from habits.learning import REMEMBERED_DAYS, Learner
    from policy.replay import replay as replayed

    home, begin = open_home(), parse_time(since)
    permitted(Deed.READ)
    store = open_store(home.kept_evidence())
    rules = policy_of(home, policy)
    learnt = Learner(calendar_of(load_settings(home.settings))) if rules.asks_habits else None
    # What came before counts as earlier volume only, and teaches habits where rules ask for them.
    days = 1 if learnt is None else REMEMBERED_DAYS
    earlier = None if begin is None else begin - timedelta(days=days)
    entries, known = store.iter_by_time(since=earlier), Past(store).script
    records = (entry.record if isinstance(entry, StoredRecord) else None for entry in entries)
    report = replayed(rules, records, dict(_closed(store)), known=known, learnt=learnt, since=begin)
    if as_json:
        typer.echo(json.dumps(report.to_json(), ensure_ascii=False))
    else:
        print_replay(report)
    return 0


def _closed(store: "CaseStore") -> "Iterator[tuple[str, Disposition]]":
    """Yield how each closed case was closed, by its key."""
    from core.review import CaseFilter, CaseStatus, Disposition

    wanted = CaseFilter(status=CaseStatus.CLOSED)
    for offset in range(0, store.count(wanted), 500):
        for case in store.page(wanted, offset, 500):
            if case.disposition is not None and case.disposition in Disposition:
                yield case.key, Disposition(case.disposition)


@application.command(name="test")
def test(
    cases: Annotated[
        Path, typer.Argument(metavar="CASES.yaml", help="Situations and their expected outcomes.")
    ],
    policy: Annotated[
        Path | None, typer.Option("--policy", metavar="FILE", help="The rules to test.")
    ] = None,
) -> int:
    """Check rules against expected outcomes, for an organisation's own CI; 1 when one differs.

    \b
    Example: outgate policy test cases.yaml --policy outgate.yaml
    """
    from app.home import open_home
    from app.wiring import policy_of
    from core.vocabulary.sizes import counted
    from policy.policy_tests import run_cases

    results = run_cases(policy_of(open_home(), policy), cases)
    for result in results:
        told = f"ok     {result.name}" if result.passed else f"DIFFERS {result.name}: {result.told}"
        typer.echo(told)
    failed = sum(not result.passed for result in results)
    typer.echo(f"{counted(len(results), 'case')}, {failed} differ from what was expected.")
    return 1 if failed else 0
