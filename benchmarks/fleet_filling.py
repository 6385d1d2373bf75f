"""Kills hubs while they add totals up beside their work, as after an update of a large fleet: every
total has to be there at the end, once, and right.

Run: python -m benchmarks.fleet_filling [--endpoints 2000] [--kills 20] [--hubs 2]
"""

import argparse
import json
import os
import random
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.fleet import a_fleet, asked
from benchmarks.fleet_desk import MAKE
from benchmarks.hub_process import HubProcess
from hub.database import connect
from hub.own_postgres import OwnPostgres

_UNMADE = (
    "TRUNCATE totals",
    "INSERT INTO totals_to_make SELECT number FROM endpoints",
    # What an endpoint of before was half told of: it is made anew, and not added to.
    """INSERT INTO totals SELECT place, destination, kinds, outcome, account, review, 7, 7, 7, 7,
        min(first_at), max(last_at) FROM sums WHERE place % 7 = 0 GROUP BY 1, 2, 3, 4, 5, 6""",
)
_ADDED = """SELECT place, destination, kinds, outcome, account, review, sum(records)::bigint,
    sum(went)::bigint, sum(bytes_went)::bigint, max(found), min(first_at), max(last_at)
    FROM sums GROUP BY 1, 2, 3, 4, 5, 6"""
_KEPT = """SELECT place, destination, kinds, outcome, account, review, records, went, bytes_went,
    found, first_at, last_at FROM totals"""
_WRONG = f"""SELECT count(*) FROM (({_ADDED} EXCEPT ALL {_KEPT})
    UNION ALL ({_KEPT} EXCEPT ALL {_ADDED})) AS differs"""
_LEFT = "SELECT count(*) FROM totals_to_make"


def filled(endpoints: int, times: int, hubs: int) -> dict[str, Any]:
    """Return how often hubs were killed with something left, and how many totals are wrong."""
    chance = random.Random(11)
    left: list[int] = []
    with a_fleet(hubs=hubs) as (_, server, hub):
        hub.kill()
        _made(server, endpoints)
        while len(left) < times and asked(server, _LEFT):
            _serve_and_kill(hub, chance)
            left.append(asked(server, _LEFT))
        hub.start()
        end = time.monotonic() + 600
        while asked(server, _LEFT) and time.monotonic() < end:
            time.sleep(0.5)
        return {
            "kills": len(left),
            "left_after_each": left,
            "totals": asked(server, "SELECT count(*) FROM totals"),
            "left": asked(server, _LEFT),
            "wrong": asked(server, _WRONG),
            "load": os.getloadavg()[0],
        }


def _serve_and_kill(hub: HubProcess, chance: random.Random) -> None:
    """Start hubs, which begin at once, and kill all of them in the middle of it."""
    hub.begin()
    time.sleep(chance.uniform(1.0, 6.0))
    hub.kill()


def _made(server: OwnPostgres, endpoints: int) -> None:
    values = {
        "endpoints": endpoints,
        "scripts": 3000,
        "spread": 30,
        "days": 40,
        "sends": 3,
        "files": 1,
    }
    with connect(server.url) as connection, connection.transaction():
        for statement in (*MAKE, *_UNMADE):
            named = values if "%(" in statement else None
            connection.execute(statement.encode(), named)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoints", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--hubs", type=int, default=2, help="Processes of `hub serve`.")
    given = parser.parse_args()
    print(json.dumps(filled(given.endpoints, given.kills, given.hubs), indent=1))


if __name__ == "__main__":
    main()
