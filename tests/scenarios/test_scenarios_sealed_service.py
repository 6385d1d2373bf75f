"""Sealed runs of other users behind the gate of the machine, whose attributor is a process of its
own: in namespaces that the test makes, with real users and processes.
"""

import json
import os
import sys
from pathlib import Path

import pytest
from service_machine import on_service_machine

from app.sealing import why_not_sealed

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 or why_not_sealed() is not None,
    reason="users of their own take root, seals take namespaces",
)

_STEPS = r"""
cat > $W/eve/bare.py <<'P'
import http.client, os
c = http.client.HTTPSConnection("rates.example.com", timeout=20)
c.request("GET", "/eur"); print(c.getresponse().status)
print(os.stat("/run/outgate/seals.sock").st_mode & 0o170000 == 0o140000)
P
chown eve $W/eve/bare.py; chmod 600 $W/eve/bare.py
set +e
$W/as eve $PYTHON -m app.cli run --sealed -- $PYTHON bare.py
echo == $?
kill $(sed -n 2p $W/pids)
attributor
$W/as eve $PYTHON -m app.cli run --quiet -- $PYTHON bare.py
echo == $?
$W/as outgate OUTGATE_HOME=$W/state $PYTHON -m app.cli export --format jsonl -o - 2> $W/export.log
kill $(cat $W/pids)
"""


@pytest.mark.timeout(600)
def test_a_sealed_program_goes_through_the_gate_of_the_machine(rule_pack: Path) -> None:
    """A client that heeds no proxy, and a script that only its owner can read: inspected, on record
    at the machine's gate, with script and user, also when the attributor was started again; and
    inside the seal the gate's door is shut.
    """
    done = on_service_machine(rule_pack, _STEPS)
    told, exported = done.stdout.split("== 0\n", 1) if "== 0" in done.stdout else (done.stdout, "")
    assert told == "200\nFalse\n", done.stdout + done.stderr
    assert "on record at the gate of this machine" in done.stderr
    assert exported.startswith("200\nFalse\n== 0\n"), done.stdout + done.stderr
    lines = [json.loads(line) for line in exported.splitlines() if '"sender"' in line]
    records = [line for line in lines if "destination" in line]  # the others are observations
    assert len(records) == 2
    for record in records:
        assert record["destination"]["host"] == "rates.example.com"
        assert record["sender"]["user"] == "eve"
        assert record["sender"]["script"]["path"].endswith("/eve/bare.py")
        # It lies in memory here, where the times of files do not show every change.
        assert record["sender"]["certainty"] == "likely"
        assert record["sender"]["script"]["version"]["sha256_now"]
