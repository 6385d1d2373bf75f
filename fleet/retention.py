"""How long the fleet says that evidence is kept, as the gate asks it: from the signed
order that the hub sent last.
"""

from pathlib import Path

import orjson

from core.errors import OutgateError
from fleet.membership import membership
from fleet.orders import RETENTION, opened


def days_of_fleet(folder: Path) -> int | None:
    """Return how many days the fleet says, by the folder of the membership; None where it says
    nothing, or its order is damaged or signed by another key.
    """
    path = folder / f"{RETENTION}.orders"
    if not path.is_file():
        return None
    try:
        member = membership(folder)
        if member is None:
            return None
        return opened(orjson.loads(path.read_bytes()), member.policy_key, RETENTION).days
    except (OSError, ValueError, OutgateError):
        return None
