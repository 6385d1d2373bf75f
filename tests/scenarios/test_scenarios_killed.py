"""What a user sees, and what is on record, when a part of the machine's gate is killed while a
sealed program runs: nothing hangs, and nothing is lost.
"""

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from service_machine import on_service_machine

from app.sealing import why_not_sealed

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 or why_not_sealed() is not None,
    reason="users of their own take root, seals take namespaces",
)

_REQUESTS = 5
_STEPS = r"""
set +e
cat > $W/eve/many.py <<'P'
import http.client, os, time
for number in range(5):
    if number == 2:
        open("two", "w").close()
        while not os.path.exists("killed"):
            time.sleep(0.02)
    begun = time.monotonic()
    try:
        c = http.client.HTTPSConnection("rates.example.com", timeout=30)
        c.request("GET", "/eur")
        said = c.getresponse().status
        c.close()
    except Exception as error:
        said = type(error).__name__
    print(said, f"{time.monotonic() - begun:.2f}", flush=True)
P
chown eve $W/eve/many.py
# Kill what the first argument says, in the middle of a run.
one() {
echo "== $1"; rm -f two killed
$W/as eve $PYTHON -m app.cli run --sealed -- $PYTHON many.py & run=$!
n=0; until [ -f two ] || [ $n -gt 1200 ]; do sleep 0.05; n=$((n+1)); done
kill -9 $(eval "$2"); touch killed
wait $run; echo "code $?"
}
A=$(sed -n 2p $W/pids) G=$(sed -n 3p $W/pids)
export A G
one helper 'pgrep -P $A'
one attributor 'echo $A'
attributor
one gate 'echo $G'
$W/as eve $PYTHON -m app.cli run --sealed -- $PYTHON many.py
echo "== later"; echo "code $?"
rm /run/outgate/gate.json
$W/as outgate OUTGATE_HOME=$W/state $PYTHON -m app.cli start --public /run/outgate --upstream-ca $W/internet-root.pem --connect-to ::127.0.0.1:$(cat $W/port) > $W/gate.log 2>&1 & echo $! >> $W/pids
n=0; until [ -f /run/outgate/gate.json ] || [ $n -gt 600 ]; do sleep 0.05; n=$((n+1)); done
echo "== export"
$W/as outgate OUTGATE_HOME=$W/state $PYTHON -m app.cli export --format jsonl -o - 2> $W/export.log
$W/as outgate OUTGATE_HOME=$W/state $PYTHON -m app.cli verify > $W/verify.log; echo "== verified"; echo "code $?"
kill -9 $(cat $W/pids) 2> $W/kill.log
"""


@pytest.mark.timeout(600)
def test_whatever_is_killed_nothing_hangs_and_nothing_is_lost(rule_pack: Path) -> None:
    """Without the helper that reads senders another is started; without the attributor requests
    pass in watch mode, told as unknown with the reason; without the gate nothing leaves, and both
    the program and its user are told at once.
    """
    done = on_service_machine(rule_pack, _STEPS)
    told = dict(re.findall(r"== (\w+)\n((?:(?!== ).*\n)*)", done.stdout))
    seen = {name: said.splitlines() for name, said in told.items()}
    assert {"helper", "attributor", "gate"} <= seen.keys(), done.stdout + done.stderr
    took = [
        float(line.split()[1])
        for name in ("helper", "attributor", "gate")
        for line in seen[name][:-1]
    ]
    assert len(took) == 3 * _REQUESTS, done.stdout + done.stderr
    assert max(took) < 10
    assert {
        name: [line.split()[0] for line in seen[name]] for name in ("helper", "attributor")
    } == {name: ["200"] * _REQUESTS + ["code"] for name in ("helper", "attributor")}, (
        done.stdout + done.stderr
    )
    assert [line.split()[0] for line in seen["gate"]] == ["200"] * 2 + ["gaierror"] * 3 + ["code"]
    assert "the gate ended while this program ran" in done.stderr
    assert "no other way" in done.stderr
    assert "so this one was not started" in done.stderr
    assert seen["verified"] == ["code 0"], done.stdout[-500:] + done.stderr[-2000:]
    senders = sent(told["export"])
    assert len(senders) == 2 * _REQUESTS + 2, "what was sent when the gate was killed, too"
    unknown = [one for one in senders if one["certainty"] == "unknown"]
    assert {one["reason"] for one in unknown} <= {"the attributor service does not answer"}
    assert len(unknown) <= _REQUESTS - 2, "while there was no attributor"
    assert {one["user"] for one in senders if one not in unknown} == {"eve"}


def sent(lines: str) -> list[dict[str, Any]]:
    """Return who sent each request, of an export."""
    told = [json.loads(line) for line in lines.splitlines() if '"sender"' in line]
    return [one["sender"] for one in told if "destination" in one]
