"""Which of the fleet's signed orders is in force here, as whoever follows it asks: the gate, and
every command that reads settings.
"""

from pathlib import Path

import orjson

from core.errors import OutgateError
from fleet.membership import membership
from fleet.orders import RETENTION, SETTINGS, Order, opened


def days_of_fleet(folder: Path) -> int | None:
    """Return how many days the fleet says that evidence is kept, by the folder of the membership;
    None where it says nothing, or its order is damaged or signed by another key.
    """
    order = _in_force(folder, RETENTION)
    return None if order is None else order.days


def settings_of_fleet(folder: Path) -> tuple[int, str] | None:
    """Return version and text (YAML) of the fleet's settings; None as above."""
    order = _in_force(folder, SETTINGS)
    return None if order is None or order.settings is None else (order.version, order.settings)


def _in_force(folder: Path, kind: str) -> Order | None:
    path = folder / f"{kind}.orders"
    if not path.is_file():
        return None
    try:
        member = membership(folder)
        if member is None:
            return None
        return opened(orjson.loads(path.read_bytes()), member.policy_key, kind)
    except (OSError, ValueError, OutgateError):
        return None
