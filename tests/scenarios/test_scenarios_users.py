"""Three users of one machine at once: each record names its user, each run tells its own only."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from service_machine import on_service_machine

from app.sealing import why_not_sealed

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 or why_not_sealed() is not None,
    reason="users of their own take root, a machine of its own takes namespaces",
)

_PLACES = {
    "eve": "rates.example.com",
    "adam": "api.telegram.org",
    "zoe": "content.dropboxapi.com",
}
_RUNS, _PAST = 3, "eve2"
"""So many of each, at once; one of them goes past the gate, too."""
_STEPS = r"""
sed -i 's/require_seal: true/require_seal: false/' /etc/outgate/settings.yaml
ip addr add 10.78.0.1/24 dev lo
(cd $W; $PYTHON -m http.server --bind 10.78.0.1 8000 > $W/files.log 2>&1 & echo $! >> $W/pids)
n=0; until ss -ltn | grep -q 10.78.0.1:8000 || [ $n -gt 400 ]; do sleep 0.05; n=$((n+1)); done
cat > $W/send.py <<'P'
import socket, sys, urllib.request as u
print(u.urlopen(f"https://{sys.argv[1]}/x", data=b"{}", timeout=30).status)
if sys.argv[2:] == ["past"]:
    one = socket.create_connection(("10.78.0.1", 8000), source_address=("10.78.0.2", 0))
    one.settimeout(1.5)
    try:
        one.recv(1)
    except TimeoutError:
        pass
P
set +e
for user in eve adam zoe; do
  [ $user = eve ] || useradd -M --home-dir $W/$user $user; mkdir -p $W/$user; chown $user $W/$user
  # One script of one name for each, which the others can't read.
  cp $W/send.py $W/$user/send.py; chown $user $W/$user/send.py; chmod 600 $W/$user/send.py
done
waited=
for user in eve adam zoe; do
  case $user in eve) place=rates.example.com;; adam) place=api.telegram.org;;
    zoe) place=content.dropboxapi.com;; esac
  for run in 1 2 3; do
    past=; [ $user$run != eve2 ] || past=past
    cd $W/$user
    $W/as $user $PYTHON -m app.cli run -- $PYTHON send.py $place $past \
      > $W/told.$user.$run 2>&1 & waited="$waited $!"
  done
done
wait $waited
cd $W/adam
$W/as adam $PYTHON -m app.cli status > $W/told.adam.status 2>&1
$W/as adam sh -c 'cat /run/outgate/*.json' > $W/told.adam.public
for user in eve adam zoe; do for run in 1 2 3; do
  echo "== $user $run"; cat $W/told.$user.$run
done; done
echo "== adam status"; cat $W/told.adam.status
echo "== adam public"; cat $W/told.adam.public
echo; echo "== export it"
$W/as outgate OUTGATE_HOME=$W/state $PYTHON -m app.cli export --format jsonl -o - 2> $W/export.log
kill $(cat $W/pids)
"""


@pytest.mark.timeout(600)
def test_each_of_three_users_is_told_of_what_was_theirs_and_of_nothing_else(
    rule_pack: Path,
) -> None:
    """Nine runs at once behind one gate: no name, place or count goes over to another user."""
    done = on_service_machine(rule_pack, _STEPS)
    told = dict(_parts(done.stdout))
    for user in _PLACES:
        for run in range(1, _RUNS + 1):
            said, astray = told[f"{user} {run}"], f"{user}{run}" == _PAST
            assert said.startswith("200\n"), said + done.stderr
            summed = "2 requests, at least 2 bytes sent" if astray else "1 request, 2 bytes sent"
            assert f"outgate: {summed}, " in said
            assert ("10.78.0.1, port 8000: 1 connection" in said) is astray, said
            assert "on record at the gate of this machine" in said
            assert not [foreign for foreign in _PLACES.values() if foreign in said], said
    for seen in ("adam status", "adam public"):
        foreign = [place for user, place in _PLACES.items() if user != "adam"]
        assert not [place for place in (*foreign, "10.78.0.1") if place in told[seen]], told[seen]
    entries = [json.loads(line) for line in told["export it"].splitlines() if '"sender"' in line]
    past, sent = [one for one in entries if _host(one) == "10.78.0.1"], _sent_by(entries)
    assert sent == {
        user: [(place, f"/mnt/{user}/send.py")] * _RUNS for user, place in _PLACES.items()
    }
    assert [one["sender"]["user"] for one in past] == ["eve"], "past the gate, and whose it was"


def _parts(text: str) -> list[tuple[str, str]]:
    """Return each headed part of what the machine printed: heading, text."""
    return [
        (part.split("\n", 1)[0], part.split("\n", 1)[1])
        for part in ("\n" + text).split("\n== ")[1:]
    ]


def _host(entry: dict[str, Any]) -> str | None:
    """Return where a record says that it went; None for what is no record of a request."""
    return (entry.get("destination") or {}).get("host")


def _sent_by(entries: list[dict[str, Any]]) -> dict[str, list[tuple[str, str]]]:
    """Return place and script of each request through the gate, by user."""
    found: dict[str, list[tuple[str, str]]] = {user: [] for user in _PLACES}
    for one in entries:
        if (host := _host(one)) is not None and host != "10.78.0.1":
            script = one["sender"].get("script") or {}
            found[one["sender"]["user"]].append((host, script.get("path", "")))
    return found
