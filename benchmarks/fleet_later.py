"""Measures what an update costs a hub that has to read earlier records once more
(`hub.reading_later`): how they came about (schema 19), which files they sent (schema 16), and what
was cut off half-way (schema 21).

Run: python -m benchmarks.fleet_later [--records 60000]
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from app.demo.simulated_endpoints import made_up_records, write_evidence
from benchmarks.fleet import a_fleet, all_shipped, asked, members, postgres_cpu
from core.ids import utc_now
from hub.database import Database, connect
from hub.file_rows import read_files
from hub.how_rows import read_hows
from hub.own_postgres import OwnPostgres
from hub.rows_again import read_rows

_HOURS_S = 36_000.0
_AS_BEFORE = (
    "UPDATE records SET how = 0, outcome = (SELECT max(number) FROM words) WHERE seq % 10 = 0",
    "UPDATE records SET how = 0",
    "TRUNCATE how_sent, sent_files",
    "UPDATE chains SET hows_to = 0, files_to = 0, rows_to = 0",
)


def read_later(records: int, endpoints: int) -> dict[str, Any]:
    """Ship records, put the database back to before the updates, and read them once more."""
    with a_fleet() as (folder, server, hub):
        made = members(folder, server, hub.port, endpoints)
        for number, member in enumerate(made):
            path = member.folder.parent / "evidence.db"
            write_evidence(path, made_up_records(number, records // endpoints, utc_now()))
        all_shipped(made, 2)
        hub.kill()
        count, known = asked(server, "SELECT count(*) FROM records"), _hows(server)
        with connect(server.url) as connection, connection.transaction():
            for statement in _AS_BEFORE:
                connection.execute(statement.encode())
        database = Database(server.url)
        told = {
            "records": count,
            "hows": _measured(server, count, lambda: read_hows(database, _HOURS_S)),
            "files": _measured(server, count, lambda: read_files(database, _HOURS_S, utc_now())),
            "rows, a tenth of which says something else": _measured(
                server, count, lambda: read_rows(database, _HOURS_S)
            ),
            "lost": known - _hows(server),
            "load": os.getloadavg()[0],
        }
        database.close()
        return told


def _hows(server: OwnPostgres) -> int:
    return int(asked(server, "SELECT count(*) FROM records WHERE how <> 0"))


def _measured(server: OwnPostgres, count: int, work: Callable[[], int]) -> dict[str, Any]:
    """Return records a second, and microseconds of CPU for each on both sides."""
    before, began = (time.process_time(), postgres_cpu(server)), time.perf_counter()
    left = work()
    wall, cpu = time.perf_counter() - began, time.process_time() - before[0]
    return {
        "left": left,
        "records_per_second": round(count / wall),
        "cpu_us_per_record": {
            "hub": round(cpu / count * 1e6, 1),
            "postgres": round((postgres_cpu(server) - before[1]) / count * 1e6, 1),
        },
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=60_000)
    parser.add_argument("--endpoints", type=int, default=12)
    given = parser.parse_args()
    print(json.dumps(read_later(given.records, given.endpoints), indent=1))


if __name__ == "__main__":
    main()
