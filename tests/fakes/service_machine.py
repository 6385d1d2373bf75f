"""A machine with the gate as a service, its attributor and a user, in namespaces of its own: real
users and processes, a stand-in internet, and no events of processes from the kernel.
"""

import subprocess
import sys
from pathlib import Path

from whole_group import run_to_end

ROOT = Path(__file__).resolve().parents[2]
_MACHINE = r"""
set -e
W=/mnt; ROOT=$1; PYTHON=$2  # the third: rules made ahead
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
mkdir $W/state/cache; cp -r $3 $W/state/cache/credentials
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
cd $W/eve
"""
"""Then `$W/pids` holds the internet's, the attributor's and the gate's process; `attributor` starts
another one and adds it; `$W/as USER COMMAND…` runs something.
"""


def on_service_machine(rules: Path, steps: str) -> "subprocess.CompletedProcess[str]":
    """Run the steps (shell) there. `rules`: made ahead, as compiling them takes long."""
    given = [str(ROOT), sys.executable, str(rules / "credentials")]
    return run_to_end(["unshare", "-mn", "sh", "-c", _MACHINE + steps, "sh", *given])
