"""Measures the fleet: records a second into one PostgreSQL through real TLS, bytes each on disk,
what a second delivery changes, and kills at random moments. Many that come back together:
`benchmarks.fleet_reconnect`.

Run: python -m benchmarks.fleet [--records 60000] [--kills 100]
"""

import argparse
import contextlib
import json
import multiprocessing
import os
import random
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from app.demo.simulated_endpoints import made_up_records, parts_of, write_evidence
from benchmarks.fleet_bars import judged_kills, judged_throughput
from benchmarks.hub_process import HubProcess
from core.errors import OutgateError, SettingsError
from core.ids import utc_now
from evidence.shipping import shipped_file
from fleet.enrolling import enrol
from fleet.line import HttpsLine, HubAwayError
from fleet.membership import Membership, membership
from fleet.shipper import MOST_BYTES, MOST_ENTRIES, Shipper
from fleet.wire import packed
from hub.authority import load_authority
from hub.database import Database, bring_forward, connect
from hub.enrolment import Enrolment
from hub.own_postgres import OwnPostgres, ended_in_order
from hub.settings import init
from hub.verification import verify


@contextmanager
def a_fleet(
    *, durable: bool = True, hubs: int = 1
) -> Iterator[tuple[Path, OwnPostgres, HubProcess]]:
    folder = Path(tempfile.mkdtemp(prefix="og-fleet-"))
    folder.chmod(0o755)
    server, hub = OwnPostgres(folder / "pg"), HubProcess(folder / "hub", hubs)
    with ended_in_order():
        try:
            server.make()
            server.start(durable=durable)
            init(folder / "hub", server.url, ("127.0.0.1",), f"127.0.0.1:{hub.port}", utc_now())
            bring_forward(server.url)
            hub.start()
            if hubs > 1:
                time.sleep(3)  # the others take the port, too
            yield folder, server, hub
        finally:
            hub.kill()
            server.stop()
            shutil.rmtree(folder, ignore_errors=True)


def members(folder: Path, server: OwnPostgres, port: int, count: int) -> list[Membership]:
    database = Database(server.url)
    enrolment = Enrolment(database, load_authority(folder / "hub"), utc_now)
    url, authority = f"https://127.0.0.1:{port}", folder / "hub" / "authority.pem"
    made = [
        enrol(folder / f"e{n}" / "fleet", url, enrolment.token("all"), authority, name=f"e{n}")
        for n in range(count)
    ]
    database.close()
    return made


def shipper(member: Membership) -> Shipper:
    return Shipper(
        evidence=member.folder.parent / "evidence.db",
        membership=member,
        line=HttpsLine.of(member),
        version="bench",
        parts=parts_of,
    )


def ship_some(folders: list[str], twice: bool, told: Any) -> None:
    """In a process of its own: ship what these endpoints have, or deliver it once more."""
    began = time.process_time()
    for folder in folders:
        member = membership(Path(folder))
        assert member is not None
        one = shipper(member)
        if twice:
            again(one)
        else:
            one.round()
        one.line.close()
    told.put((time.process_time() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))


def again(one: Shipper) -> None:
    """Deliver everything once more, in messages of other lengths."""
    with shipped_file(one.evidence) as file:
        for kind in ("records", "acts"):
            standing, after = file.standing(kind), 0
            while run := file.run(kind, after, MOST_ENTRIES * 2 // 3, MOST_BYTES):
                one.line.send("/v1/upload", packed(standing.chain, kind, run))
                after = run.last


def all_shipped(
    made: list[Membership], processes: int, *, twice: bool = False
) -> tuple[float, float]:
    """Return wall seconds and CPU seconds of the shippers."""
    told: Any = multiprocessing.Queue()
    shares = [[str(m.folder) for m in made[n::processes]] for n in range(processes)]
    jobs = [multiprocessing.Process(target=ship_some, args=(s, twice, told)) for s in shares]
    began = time.perf_counter()
    for job in jobs:
        job.start()
    cpu = sum(told.get()[0] for _ in jobs)
    for job in jobs:
        job.join()
    return time.perf_counter() - began, cpu


def postgres_cpu(server: OwnPostgres) -> float:
    """CPU seconds of the server's processes that are there, and of those that ended."""
    total = 0.0
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, IndexError, ValueError):
            fields = path.read_text().rpartition(")")[2].split()
            own = int(path.parent.name) == server.pid
            if own or int(fields[1]) == server.pid:
                ticks = int(fields[11]) + int(fields[12])
                total += ticks + (int(fields[13]) + int(fields[14]) if own else 0)
    return total / os.sysconf("SC_CLK_TCK")


def asked(server: OwnPostgres, query: str) -> Any:
    with connect(server.url) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


SIZES = """SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c
    WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"""
BY_TABLE = """SELECT json_object_agg(name, size) FROM (
    SELECT regexp_replace(relname, '_[0-9_]+$', '') AS name,
        sum(pg_total_relation_size(oid)) AS size FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace GROUP BY 1
    ORDER BY 2 DESC LIMIT 4) AS t"""


@contextmanager
def first_of_all(server: OwnPostgres, hub: HubProcess) -> Iterator[None]:
    """For the seconds of the measurement all of it goes before other work of a busy machine."""

    def put(priority: int) -> None:
        assert hub.process is not None
        parents, found = {hub.process.pid, server.pid}, {os.getpid()}
        for path in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError, IndexError, ValueError):
                parent = int(path.read_text().rpartition(")")[2].split()[1])
                if parent in parents or int(path.parent.name) in parents:
                    found.add(int(path.parent.name))
        for pid in found:
            with contextlib.suppress(OSError):  # sessions share the processors first of all
                Path(f"/proc/{pid}/autogroup").write_text(str(priority))
            for task in Path(f"/proc/{pid}/task").glob("*"):
                with contextlib.suppress(OSError):
                    os.setpriority(os.PRIO_PROCESS, int(task.name), priority)

    put(-19)
    try:
        yield
    finally:
        put(0)


def throughput(
    records: int, endpoints: int, processes: int, hubs: int, *, first: bool
) -> dict[str, Any]:
    with a_fleet(hubs=hubs) as (folder, server, hub):
        made = members(folder, server, hub.port, endpoints)
        for number, member in enumerate(made):
            path = member.folder.parent / "evidence.db"
            write_evidence(path, made_up_records(number, records // endpoints, utc_now()))
        before = postgres_cpu(server), hub.usage[0]
        with first_of_all(server, hub) if first else contextlib.nullcontext():
            wall, cpu = all_shipped(made, processes)
        used = postgres_cpu(server) - before[0], hub.usage[0] - before[1]
        count = asked(server, "SELECT count(*) FROM records")
        size = int(asked(server, SIZES))
        tables = asked(server, BY_TABLE)
        again_wall, _ = all_shipped(made, processes, twice=True)
        after = asked(server, "SELECT count(*) FROM records")
        with connect(server.url) as connection, connection.transaction():
            problems = verify(connection).problems
        return {
            "records": count,
            "seconds": round(wall, 2),
            "records_per_second": round(count / wall),
            "cpu_us_per_record": {
                "shipper": round(cpu / count * 1e6, 1),
                "hub": round(used[1] / count * 1e6, 1),
                "postgres": round(used[0] / count * 1e6, 1),
            },
            "two_cores_carry": round(2e6 * count / ((cpu + used[0] + used[1]) * 1e6)),
            "bytes_per_record": round(size / count),
            "bytes_by_table": {k: round(v / count) for k, v in tables.items()},
            "hub_peak_mb": round(hub.usage[1]),
            "second_delivery": {
                "records_per_second": round(count / again_wall),
                "doubled": after - count,
                "lost": records // endpoints * endpoints - after,
            },
            "problems": problems,
            "load": os.getloadavg()[0],
        }


def endpoint_that_never_gives_up(folder: str, seed: int, count: int) -> None:
    """Records a little, ships, is killed any time; goes on where it was."""
    chance = random.Random(seed + os.getpid())
    member = membership(Path(folder))
    assert member is not None
    one = shipper(member)
    path, parent = member.folder.parent / "evidence.db", os.getppid()
    while os.getppid() == parent:
        there = 0
        if path.exists():
            with shipped_file(path) as file:
                there = file.standing("records").last
        if there < count:
            write_evidence(path, made_up_records(seed, min(40, count - there), utc_now()))
        try:
            one.round()
        except HubAwayError:
            one.line.close()
            time.sleep(0.2 * chance.random())
        except OutgateError as error:
            sys.stderr.write(f"{error.message}\n")
            time.sleep(0.2)


def start_again(server: OwnPostgres) -> None:
    """Start a server that was killed: what it had started holds its memory for a moment more."""
    for _ in range(20):
        with contextlib.suppress(SettingsError):
            return server.start()
        time.sleep(0.5)
    raise SystemExit("PostgreSQL does not start again")


def kills(times: int, endpoints: int, each: int, hubs: int) -> dict[str, Any]:
    """Kill hub, database and shippers at random moments; then look whether anything is missing."""
    chance = random.Random(7)
    with a_fleet(hubs=hubs) as (folder, server, hub):
        made = members(folder, server, hub.port, endpoints)

        def start(number: int) -> multiprocessing.Process:
            values = (str(made[number].folder), number, each)
            job = multiprocessing.Process(
                target=endpoint_that_never_gives_up, args=values, daemon=True
            )
            job.start()
            return job

        jobs = [start(n) for n in range(endpoints)]
        done = {"hub": 0, "database": 0, "shipper": 0}
        for number in range(times):
            sys.stderr.write(f"kill {number + 1} of {times}\n")
            time.sleep(chance.uniform(0.05, 0.6))
            what = chance.choice(("hub", "database", "shipper", "shipper"))
            done[what] += 1
            if what == "hub":
                hub.kill()
                hub.start()
            elif what == "database":
                server.stop(at_once=True)
                start_again(server)
            else:
                which = chance.randrange(endpoints)
                jobs[which].kill()
                jobs[which].join()
                jobs[which] = start(which)
        wanted, end = endpoints * each, time.monotonic() + 300
        while time.monotonic() < end:
            with contextlib.suppress(OutgateError):
                if asked(server, "SELECT count(*) FROM records") >= wanted:
                    break
            time.sleep(1)
        for job in jobs:
            job.kill()
            job.join()
        count = asked(server, "SELECT count(*) FROM records")
        distinct = asked(server, "SELECT count(*) FROM (SELECT DISTINCT chain, seq FROM records) t")
        with connect(server.url) as connection, connection.transaction():
            found = verify(connection)
        alarms = asked(server, "SELECT count(*) FROM alarms")
        return {
            "kills": done,
            "records": count,
            "lost": wanted - count,
            "doubled": count - distinct,
            "problems": found.problems,
            "alarms": alarms,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=60_000)
    parser.add_argument("--endpoints", type=int, default=20, help="Which have them.")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--hubs", type=int, default=1, help="Processes of `hub serve`.")
    parser.add_argument(
        "--first", action="store_true", help="Before other work, for those seconds; needs root."
    )
    parser.add_argument("--kills", type=int, default=0)
    options = parser.parse_args()
    result: dict[str, Any] = {}
    if options.records:
        result["throughput"] = throughput(
            options.records,
            options.endpoints,
            options.processes,
            options.hubs,
            first=options.first,
        )
    if options.kills:
        result["kills"] = kills(options.kills, 4, 1500, options.hubs)
    print(json.dumps(result, indent=1))
    if options.records:
        judged_throughput(result["throughput"])
    if options.kills:
        judged_kills(result["kills"])


if __name__ == "__main__":
    main()
