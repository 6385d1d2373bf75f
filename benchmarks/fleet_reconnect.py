"""Measures the fleet when its endpoints come back together: real shippers, each another endpoint
with evidence, key and certificate of its own, through real TLS.

Run: python -m benchmarks.fleet_reconnect [--endpoints 10000] [--within 60] [--hubs 2]
"""

import argparse
import contextlib
import json
import multiprocessing
import os
import random
import shutil
import sqlite3
import sys
import time
import uuid
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from app.demo.simulated_endpoints import write_evidence
from benchmarks.fleet import a_fleet, first_of_all, postgres_cpu, shipper
from benchmarks.fleet_bars import at_most
from benchmarks.hub_process import HubProcess
from core.errors import OutgateError
from core.ids import utc_now
from fleet.membership import join, membership, request
from hub.authority import load_authority
from hub.database import Database
from hub.enrolment import Enrolment
from hub.own_postgres import OwnPostgres


def known_members(folder: Path, server: OwnPostgres, port: int, count: int) -> list[str]:
    """Return the folders of so many endpoints that shipped before: of their own id, key,
    certificate, evidence file and chains; enrolled without the network, which is not measured here.
    """
    database, authority = Database(server.url), load_authority(folder / "hub")
    enrolment = Enrolment(database, authority, utc_now)
    template = folder / "template.db"
    write_evidence(template, iter(()))
    found, url = [], f"https://127.0.0.1:{port}"
    for number in range(count):
        home = folder / f"e{number}"
        asked = request(home / "fleet")
        id_, signed = enrolment.enrol(enrolment.token("all"), asked, f"e{number}", "bench")
        join(home / "fleet", url, authority.pem, id_, signed.pem, "00" * 32)
        shutil.copy(template, home / "evidence.db")
        with contextlib.closing(sqlite3.connect(home / "evidence.db")) as evidence, evidence:
            for name in ("records", "reviews"):
                values = (f"{name}:{uuid.uuid4()}", f"chain.{name}")
                evidence.execute("UPDATE meta SET value = ? WHERE key = ?", values)
        found.append(str(home / "fleet"))
    database.close()
    return found


def check_ins(endpoints: int, seconds: float, hubs: int, *, ahead: bool) -> dict[str, Any]:
    """Let endpoints, each another, reconnect within so many seconds, each with a TLS handshake;
    twice, for all is well the second time, as it is with those that were there before.
    """
    with a_fleet(durable=False, hubs=hubs) as (folder, server, hub):
        folders = known_members(folder, server, hub.port, endpoints)
        first = waited_for(folders, 1.0, hub, server)
        with first_of_all(server, hub) if ahead else contextlib.nullcontext():
            return {"first": first, "again": waited_for(folders, seconds, hub, server)}


def waited_for(
    folders: list[str], seconds: float, hub: HubProcess, server: OwnPostgres
) -> dict[str, Any]:
    """Return how long those waited that came back."""
    processes = 2
    told: Any = multiprocessing.Queue()
    shares = [folders[n::processes] for n in range(processes)]
    jobs = [multiprocessing.Process(target=reconnect, args=(s, seconds, told)) for s in shares]
    before = hub.usage[0], postgres_cpu(server)
    began = time.perf_counter()
    for job in jobs:
        job.start()
    waits: list[float] = []
    failed = 0
    cpu = 0.0
    for _ in jobs:
        some, lost, used = told.get()
        waits += some
        failed += lost
        cpu += used
    wall = time.perf_counter() - began
    waits.sort()
    return {
        "check_ins": len(waits),
        "failed": failed,
        "seconds": round(wall, 1),
        "wait_p50_s": round(waits[len(waits) // 2], 3),
        "wait_max_s": round(waits[-1], 2),
        "hub_peak_mb": round(hub.usage[1]),
        "cpu_ms_each": {
            "hub": round((hub.usage[0] - before[0]) / len(waits) * 1000, 2),
            "postgres": round((postgres_cpu(server) - before[1]) / len(waits) * 1000, 2),
            "endpoint": round(cpu / len(waits) * 1000, 2),
        },
        "load": os.getloadavg()[0],
    }


def reconnect(folders: list[str], seconds: float, told: Any) -> None:
    """Come back within so many seconds, each endpoint once, and again where the hub says so."""
    chance, ready = random.Random(os.getpid()), []
    for folder in folders:  # they run, and have lost their hub: what they know is in their memory
        member = membership(Path(folder))
        assert member is not None
        ready.append((chance.uniform(0, seconds), shipper(member)))
    ready.sort(key=lambda one: one[0])
    used = time.process_time()
    began, waits, failed = time.perf_counter(), [], 0
    for moment, one in ready:
        time.sleep(max(0.0, moment - (time.perf_counter() - began)))
        at = time.perf_counter()
        try:
            one.round()
        except OutgateError:
            failed += 1
        one.line.close()
        # How long it waits: from when it wanted to come, so that a queue here counts, too.
        waits.append(max(time.perf_counter() - began - moment, time.perf_counter() - at))
    told.put((waits, failed, time.process_time() - used))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoints", type=int, default=1000)
    parser.add_argument("--within", type=float, default=60.0)
    parser.add_argument("--hubs", type=int, default=1, help="Processes of `hub serve`.")
    parser.add_argument(
        "--first", action="store_true", help="Before other work, for those seconds; needs root."
    )
    given = parser.parse_args()
    told = check_ins(given.endpoints, given.within, given.hubs, ahead=given.first)
    print(json.dumps(told, indent=1))
    again = told["again"]
    at_most(f"not served of {again['check_ins']:,} that came back", again["failed"], 0, "")
    at_most("longest wait", again["wait_max_s"], 30, "s")
    at_most("memory of the hub, all its processes", again["hub_peak_mb"], 500, "MB")


if __name__ == "__main__":
    main()
