"""Sealed runs of other users behind the gate of the machine, whose attributor is a process of its
own: in namespaces that the test makes, with real users and processes.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.sealing import why_not_sealed

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 or why_not_sealed() is not None,
    reason="users of their own take root, seals take namespaces",
)

_MACHINE = r"""
set -e
W=$1; ROOT=$2; PYTHON=$3  # the fourth: rules made ahead
mount --make-rprivate /
mount -t tmpfs t $W
for d in etc root; do mkdir -p $W/$d-u $W/$d-w; mount -t overlay o -o lowerdir=/$d,upperdir=$W/$d-u,workdir=$W/$d-w /$d; done
mount -t tmpfs r /run
chmod 755 $W
chmod 755 /root; ip link set lo up
useradd --system --home-dir /nonexistent outgate
useradd --system --home-dir /nonexistent --gid outgate attributor
useradd -M --home-dir $W/eve eve
mkdir -p /etc/outgate /run/outgate /run/attributor $W/state $W/eve
mkdir $W/state/cache; cp -r $4 $W/state/cache/credentials
chown outgate /run/outgate; chown -R outgate:outgate $W/state; chmod 700 $W/state; chown eve $W/eve
chown attributor:outgate /run/attributor; chmod 750 /run/attributor
printf 'listen: 127.0.0.1:18994\nrequire_gate: true\nrequire_seal: true\nattributor: /run/attributor/socket\n' > /etc/outgate/settings.yaml
printf 'version: 1\nmode: watch\nrules: []\n' > /etc/outgate/policy.yaml
cat > $W/as <<S
#!/bin/sh
user=\$1; shift
exec setpriv --reuid \$user --regid \$(id -g \$user) --init-groups --reset-env env HOME=$W/\$user PYTHONPATH=$ROOT PYTHONDONTWRITEBYTECODE=1 "\$@"
S
chmod 755 $W/as
export PYTHONPATH=$ROOT PYTHONDONTWRITEBYTECODE=1
cat > $W/internet.py <<P
import time
from pathlib import Path
from app.demo.internet import StandInInternet
with StandInInternet(Path("$W/internet")) as internet:
    Path("$W/internet-root.pem").write_bytes(internet.authority.root_pem())
    Path("$W/port").write_text(str(internet.port))
    time.sleep(600)
P
mkdir $W/internet
$PYTHON $W/internet.py > $W/internet.log 2>&1 & echo $! > $W/pids
n=0; until [ -f $W/port ] || [ $n -gt 400 ]; do sleep 0.05; n=$((n+1)); done
chmod 644 $W/internet-root.pem
attributor() {
rm -f /run/attributor/socket
setpriv --reuid attributor --regid outgate --clear-groups --reset-env --inh-caps -all,+sys_ptrace,+dac_read_search --ambient-caps -all,+sys_ptrace,+dac_read_search --bounding-set -all,+sys_ptrace,+dac_read_search env PYTHONPATH=$ROOT $PYTHON -m app.cli attributor --socket /run/attributor/socket --for outgate > $W/attributor.log 2>&1 & echo $! >> $W/pids
n=0; until [ -S /run/attributor/socket ] || [ $n -gt 400 ]; do sleep 0.05; n=$((n+1)); done
}
attributor
$W/as outgate OUTGATE_HOME=$W/state $PYTHON -m app.cli start --public /run/outgate --upstream-ca $W/internet-root.pem --connect-to ::127.0.0.1:$(cat $W/port) > $W/gate.log 2>&1 & echo $! >> $W/pids
n=0; until [ -f /run/outgate/gate.json ] || [ $n -gt 600 ]; do sleep 0.05; n=$((n+1)); done
cat > $W/eve/bare.py <<'P'
import http.client, os
c = http.client.HTTPSConnection("rates.example.com", timeout=20)
c.request("GET", "/eur"); print(c.getresponse().status)
print(os.stat("/run/outgate/seals.sock").st_mode & 0o170000 == 0o140000)
P
chown eve $W/eve/bare.py; chmod 600 $W/eve/bare.py
cd $W/eve
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


@pytest.mark.timeout(200)
def test_a_sealed_program_goes_through_the_gate_of_the_machine(
    tmp_path: Path, rule_pack: Path
) -> None:
    """A client that heeds no proxy, and a script that only its owner can read: inspected, on record
    at the machine's gate, with script and user, also when the attributor was started again; and
    inside the seal the gate's door is shut.
    """
    folder = tmp_path / "machine"
    folder.mkdir()
    for place in (tmp_path, *tmp_path.parents[:-1]):
        if place.owner() == "root" and place != Path("/tmp"):
            place.chmod(place.stat().st_mode | 0o011)
    done = subprocess.run(
        [
            "unshare",
            "-mn",
            "sh",
            "-c",
            _MACHINE,
            "sh",
            str(folder),
            str(ROOT),
            sys.executable,
            str(rule_pack / "credentials"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
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
