"""Contracts of scripts at the command line: learnt from the evidence, put into the policy file,
enforced and lifted by a person; each step stands in the chain of acts.
"""

import os
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from app.habits import learner_of
from app.home import Home
from app.settings import Settings
from app.wiring import calendar_of
from core.decision import Mode, Verdict
from core.errors import InputError, SettingsError
from core.review import ScriptVersion
from core.text import printable
from core.vocabulary.sizes import counted
from evidence.store import Store
from habits.baseline import Baseline
from habits.contract import contract_of
from policy.compiling import compile_policy
from policy.contracts import Contract
from policy.decide import RulePolicy
from policy.loading import parse, preset_text
from policy.replay import replayed
from policy.rules import PolicyModel
from policy.watching import as_enforced


def script_meant(store: Store, given: str) -> str:
    """Return the script that is meant by its path, or by its name where only one is called so.
    Raises InputError.
    """
    return _meant(dict.fromkeys(version.script for version in store.script_versions()), given)


def contract_meant(store: Store, path: Path, given: str) -> str:
    """Return the script that is meant, of those that were seen and those that have a contract,
    which the evidence may have forgotten. Raises InputError, PolicyError.
    """
    held = [one.script for one in parse(policy_text(path).encode(), str(path)).contracts]
    seen = [version.script for version in store.script_versions()]
    return _meant(dict.fromkeys([*held, *seen]), given)


def _meant(known: Collection[str], given: str) -> str:
    here = printable(str(Path(given).expanduser().absolute()))
    for name in (printable(given), here, printable(os.path.realpath(here))):
        if name in known:
            return name
    called = [name for name in known if name.replace("\\", "/").rsplit("/", 1)[-1] == given]
    if len(called) == 1:
        return called[0]
    if called:
        raise InputError(
            f"{len(called)} scripts are called {printable(given)}.", remedy="Give the whole path."
        )
    raise InputError(
        f"No script {printable(given)} was seen.", remedy="outgate scripts lists those that were."
    )


def newest_of(versions: "list[ScriptVersion]") -> str | None:
    """Return the hash of the version that sent something last."""
    known = [version for version in versions if version.sha256]
    return max(known, key=lambda version: version.last_at).sha256 if known else None


def learnt_baseline(
    home: Home, settings: Settings, script: str, now: datetime, days: int | None
) -> Baseline:
    """Return the baseline that a contract is to be made of. Raises InputError while it is learnt;
    with `days`, what so many days tell.
    """
    learner = learner_of(home.evidence, calendar_of(settings), now, script)
    if days is not None:
        found = learner.lately(script, now, days)
        if found is None:
            raise InputError(
                f"In the last {counted(days, 'day')} nothing left that is proven to be its own."
            )
        return found
    found = learner.baseline(script, now)
    if found is None:
        raise InputError("Nothing that it sent shows its habits: nothing left, or nothing proven.")
    if found.learning is not None:
        raise InputError(
            f"Its habits are not known yet ({found.learning}).",
            remedy="Wait, or take what the last days tell: --days 7",
        )
    return found


def written(
    baseline: Baseline, version: str | None, settings: Settings, now: datetime
) -> tuple[dict[str, Any], Contract]:
    """Return the contract as a file writes it, and as it is read."""
    entry = contract_of(baseline, version, now, calendar_of(settings), settings.business_zone)
    kinds = frozenset(kind for place in entry["places"] for kind in place["kinds"])
    return entry, Contract.model_validate(entry, context={"kinds": kinds})


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldStop:
    """What a contract would have done to what was recorded."""

    requests: int
    stopped: int
    reasons: tuple[tuple[str, int], ...]
    """The most frequent first."""


def would_stop(store: Store, contract: Contract, since: datetime) -> WouldStop:
    """Return what this contract, enforced, would have stopped since then."""
    model = PolicyModel(
        mode=Mode.ENFORCE, contracts=[contract.model_copy(update={"state": "enforced"})]
    )
    policy = compile_policy(model, "contract")
    count, reasons = 0, Counter[str]()
    for told in _judged(policy, store, contract.script, since):
        count += 1
        if told is not None:
            reasons[told] += 1
    return WouldStop(requests=count, stopped=reasons.total(), reasons=tuple(reasons.most_common(5)))


def _judged(policy: RulePolicy, store: Store, script: str, since: datetime) -> Iterator[str | None]:
    """Yield for each request of a script why it would be stopped; None for one that would not."""
    from core.case_keys import sender_of
    from core.stored import StoredRecord

    stored = (one.record for one in store.iter_by_time(since) if isinstance(one, StoredRecord))
    own = (record for record in stored if sender_of(record) == script)
    for one in replayed(policy, own):
        if one is not None:
            stopped = as_enforced(one.decision) is Verdict.BLOCK
            yield one.decision.reason if stopped else None


def policy_text(path: Path) -> str:
    """Return the policy file that is to be changed; the preset in force where there is none yet.
    Raises SettingsError.
    """
    from policy import DEFAULT_PRESET

    if not path.exists():
        return preset_text(DEFAULT_PRESET)
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"The policy file {path} cannot be read ({type(error).__name__})."
        ) from None


def contract_in(path: Path, script: str) -> Contract:
    """Return the contract of this script. Raises InputError where there is none."""
    found = contract_of_script(path, script)
    if found is None:
        raise InputError(
            f"{printable(script)} has no contract.",
            remedy="outgate policy learn SCRIPT --write writes one, in shadow.",
        )
    return found


def contract_of_script(path: Path, script: str) -> Contract | None:
    """Return the contract of this script, None where it has none. Raises SettingsError,
    PolicyError.
    """
    model = parse(policy_text(path).encode(), str(path))
    return next((one for one in model.contracts if one.script == script), None)


def put(path: Path, text: str) -> None:
    """Write the policy file whole or not at all, with the rights that it had. Raises
    SettingsError.
    """
    target = Path(os.path.realpath(path))
    try:
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o600
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode)
        Path(name).replace(target)
    except OSError as error:
        raise SettingsError(
            f"Cannot write {path}: {error.strerror}.", remedy="Nothing was changed."
        ) from None
