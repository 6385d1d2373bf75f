"""The demonstration of the fleet: a PostgreSQL of its own, a hub with TLS on loopback, endpoints
that enrol and ship as real ones do, and what the hub then knows.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from app.demo.simulated_endpoints import made_up_records, parts_of, write_evidence
from core.ids import utc_now
from core.vocabulary.sizes import counted
from fleet.enrolling import enrol
from fleet.line import HttpsLine
from fleet.shipper import Shipper
from hub import questions, telling
from hub.answering import Hub
from hub.authority import make_authority, server_files
from hub.database import Database, bring_forward
from hub.own_postgres import own_postgres
from hub.service import Serving, server_context

RECORDS_EACH = 60
_HUNTED = ("litellm", "1.82.7")


def tell(count: int, out: TextIO) -> int:
    """Run the demonstration; return 0 when every record arrived."""
    out.write(f"Outgate hub demo: a PostgreSQL, a hub, {counted(count, 'endpoint')} that ship.\n")
    out.flush()
    folder = Path(tempfile.mkdtemp(prefix="outgate-hub-"))
    folder.chmod(0o755)  # the database runs as another user where we are root
    try:
        with own_postgres(folder / "pg", durable=False) as server, _hub(folder, server.url) as hub:
            return _told(folder, hub, count, out)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _hub(folder: Path, url: str) -> Iterator[tuple[Hub, int]]:
    bring_forward(url)
    authority = make_authority(folder / "hub", utc_now())
    server = server_files(authority, folder / "hub", ["127.0.0.1"], utc_now())
    database = Database(url)
    hub = Hub(database=database, authority=authority)
    context = server_context(server, folder / "hub" / "authority.pem")
    try:
        with Serving(hub, context) as serving:
            yield hub, serving.port
    finally:
        database.close()


def _told(folder: Path, running: tuple[Hub, int], count: int, out: TextIO) -> int:
    hub, port = running
    shipped = 0
    for at in range(count):
        shipped += _shipped(folder / f"endpoint-{at + 1:02}", at, hub, port)
    with hub.database.work() as connection:
        now = utc_now()
        known = questions.status(connection, now)
        out.write("\n")
        _write(out, telling.status(known))
        _write(out, telling.endpoints(questions.endpoints(connection, now)[:5], now), "ENDPOINTS")
        out.write(f"…and {count - 5} more.\n" if count > 5 else "")
        _write(out, telling.scripts(questions.scripts(connection)), "SCRIPTS, each once")
        _write(out, telling.cases(questions.cases(connection)[:10]), "CASES, alike ones as one")
        versions = questions.versions_of(connection, _HUNTED[0])
        found = questions.hunt(connection, [row["number"] for row in versions])
        lines = list(telling.hunted(*_HUNTED, found.had, found.unknown, found.untold))
        _write(out, iter(lines[:9]), f"WHO HAD {' '.join(_HUNTED)}?")
        out.write("…\n" if len(lines) > 9 else "")
    return 0 if shipped == known["records"] == count * RECORDS_EACH else 1


def _shipped(home: Path, at: int, hub: Hub, port: int) -> int:
    """Make one endpoint, enrol it, and let it ship what it recorded."""
    home.mkdir()
    write_evidence(home / "evidence.db", made_up_records(at, RECORDS_EACH, utc_now()))
    token = hub.enrolment.token("finance" if at % 2 else "clinical")
    authority = home.parent / "hub" / "authority.pem"
    url = f"https://127.0.0.1:{port}"
    member = enrol(home / "fleet", url, token, authority, name=f"endpoint-{at + 1:02}")
    line = HttpsLine.of(member)
    shipper = Shipper(
        evidence=home / "evidence.db",
        membership=member,
        line=line,
        version="demo",
        parts=parts_of,
    )
    try:
        return shipper.round().shipped["records"]
    finally:
        line.close()


def _write(out: TextIO, lines: Iterator[str], title: str = "") -> None:
    if title:
        out.write(f"\n{title}\n")
    for line in lines:
        out.write(f"{line}\n")
