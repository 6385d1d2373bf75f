"""What travels back: orders, each a signed text with a version; newest first wins, by group and
share of the fleet.
"""

from collections.abc import Mapping
from typing import Any

from hub.database import Connection
from hub.enrolment import Endpoint

_FOR = """SELECT version, body, signature FROM orders
    WHERE grouped IN ('', %s) AND percent > %s ORDER BY version DESC LIMIT 1"""


def share_of(endpoint: Endpoint) -> int:
    """Return where an endpoint stands from 0 to 99: it has what goes to more percent than that."""
    return int(endpoint.id.replace("-", "")[:8], 16) % 100


def orders_version(connection: Connection, endpoint: Endpoint) -> int:
    """Return the version of the orders that are meant for an endpoint; 0: none."""
    row = connection.execute(_FOR, (endpoint.grouped, share_of(endpoint))).fetchone()
    return 0 if row is None else int(row[0])


def order_for(connection: Connection, endpoint: Endpoint) -> Mapping[str, Any]:
    """Return the orders that are meant for an endpoint; empty where there are none."""
    row = connection.execute(_FOR, (endpoint.grouped, share_of(endpoint))).fetchone()
    if row is None:
        return {}
    return {"version": row[0], "body": row[1].decode(), "signature": row[2].hex()}
