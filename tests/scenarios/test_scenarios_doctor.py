"""`outgate doctor` on this machine: real clients, real TLS, a private gate."""

import json

from tests.scenarios.conftest import Outgate


def test_installed_clients_are_tried_for_real(outgate: Outgate) -> None:
    """Each client that is installed makes a request through a private gate, and the report says how
    that went.
    """
    done = outgate("doctor", "--json")

    assert done.returncode == 0, done.stdout + done.stderr
    told = {
        r["subject"]: r for r in json.loads(done.stdout) if r["words"] == "works behind the gate"
    }
    assert {"client urllib", "client requests", "client httpx"} <= set(told)
    assert all(r["mark"] == "ok" for r in told.values())
    assert not (outgate.home / "evidence.db").exists(), (
        "the canary's records do not belong into the evidence"
    )
