"""Which policy is in force here: the machine's, which binds its users; else the user's own; else
the preset that only watches, and then that is said aloud where an organisation looks after the
machine.
"""

from collections.abc import Iterator
from pathlib import Path

from app import settings_layers
from app.gate_registry import announced, health
from app.home import Home
from app.settings import Settings
from core.errors import SettingsError
from core.text import printable

_NAME = "policy.yaml"


def machine_policy() -> Path | None:
    """Return this machine's policy file; None where there is none. Raises SettingsError for one
    that its users can write.
    """
    path = settings_layers.MACHINE / _NAME
    if not path.exists():
        return None
    settings_layers.refuse_if_others_write(path)
    return path


def policy_path(home: Home, chosen: Path | None) -> Path | None:
    """Return the policy file to read: the chosen one, the machine's, the home's, or None for the
    built-in preset. Raises SettingsError.
    """
    if chosen is not None:
        if chosen.is_dir():
            raise SettingsError(
                f"{printable(str(chosen))} is a folder, and no policy file.",
                remedy="Name the file in it.",
            )
        if not chosen.is_file():
            raise SettingsError(f"There is no policy file {chosen}.", remedy="Check its path.")
        return chosen
    if (machines := machine_policy()) is not None:
        return machines
    return home.policy if home.policy.is_file() else None


def deciding_path(home: Home) -> Path | None:
    """Return the policy file that decides here now: the one that the running gate was started with,
    else what `policy_path` says. Waits for the gate's word where it was. Raises SettingsError.
    """
    if (machines := machine_policy()) is not None:
        return machines
    gate = announced(home.running)
    told = gate is not None and gate.policy and health(gate) is not None
    return Path(gate.policy) if gate is not None and told else policy_path(home, None)


def serving_path(home: Home, chosen: Path | None, settings: Settings) -> Path | None:
    """Return the policy file of a gate that serves: nothing chosen takes the place of the
    machine's. Raises SettingsError.
    """
    machines = machine_policy()
    if machines is not None and chosen is not None:
        raise SettingsError(
            f"The policy of this machine, {machines}, binds its gates; --policy cannot replace it.",
            remedy="Leave --policy out. To try rules: outgate policy check|test|replay.",
        )
    if machines is None and settings.require_policy:
        raise SettingsError(
            f"There is no policy {settings_layers.MACHINE / _NAME}, and no gate may serve without"
            " it (require_policy).",
            remedy="Tell whoever looks after this machine.",
        )
    return policy_path(home, chosen)


def policy_remarks(home: Home, chosen: Path | None) -> Iterator[str]:
    """Yield what is to know of the policy of a gate that starts here."""
    machines = machine_policy()
    if machines is not None:
        if home.policy.is_file():
            yield f"{home.policy} is not in force: the policy of this machine is, {machines}"
        return
    if chosen is None and not home.policy.is_file() and settings_layers.is_managed():
        yield (
            f"there is no policy {settings_layers.MACHINE / _NAME}: the built-in preset is in"
            " force, which only watches and stops nothing"
        )
