"""A gate that is killed in the middle of what takes long: how much of it had left at least is on
record afterwards.
"""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing

from core.fate import AT_LEAST_NOTE
from tests.scenarios.conftest import Outgate

_UPLOADS = """
import http.client, os, time
connection = http.client.HTTPSConnection(os.environ["HTTPS_PROXY"].split("/")[2], timeout=60)
connection.set_tunnel("files.example")
connection.putrequest("PUT", "/big.bin")
connection.putheader("content-length", str(1 << 30))
connection.endheaders()
while True:
    connection.send(os.urandom(1 << 16))
    time.sleep(0.01)
"""


def test_a_gate_killed_in_an_upload_knows_how_much_left_at_least(outgate: Outgate) -> None:
    """The journal hears of it as it goes on: nobody is told of 0 bytes where millions had left."""
    gate = outgate.start()
    script = outgate.script("sends.py", _UPLOADS)
    client = subprocess.Popen([sys.executable, str(script)], env=outgate.behind())
    try:
        known = outgate.wait_for(lambda: _bytes_in_journal(outgate))
        gate.kill()
        gate.wait(20)
    finally:
        client.kill()
        client.wait(20)
    outgate.start()
    [record] = outgate.wait_for(outgate.records)
    assert record["request"]["bytes"] >= known > 0
    assert not record["request"]["complete"]
    assert AT_LEAST_NOTE in record["notes"]


def _bytes_in_journal(outgate: Outgate) -> int:
    """Return how much has left of what is under way, as it stands on the disk."""
    place = f"file:{outgate.home / 'evidence.db'}?mode=ro"
    with closing(sqlite3.connect(place, uri=True)) as connection:
        rows = connection.execute("SELECT CAST(body AS TEXT) FROM open_exchanges").fetchall()
    return max((json.loads(body)["request"]["bytes"] for (body,) in rows), default=0)
