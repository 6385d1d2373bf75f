"""The rules for a whole machine, as the kernel itself tells them back."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from capture.machine_rules import cgroup_of

ROOT = Path(__file__).resolve().parents[2]

_TRY = """
import sys
from capture import machine_rules as rules, nftables as nft
channel = nft.connected()
scope = rules.Scope(gate=999, users=[1001, 1002])
ways = {
    "redirecting": rules.redirecting(scope, 15001),
    "open": rules.standing_in(scope, closed=False),
    "closed": rules.standing_in(scope, closed=True),
    "everybody": rules.redirecting(rules.Scope(gate=999), 15001),
}
import subprocess
for name, chains in ways.items():
    nft.send(channel, nft.table_messages(rules.TABLE, chains, nft.Kept.WHILE_OPEN, anew=True))
    print("==", name)
    print(subprocess.run(["nft", "list", "ruleset"], capture_output=True, text=True).stdout)
print("== there", nft.exists(channel, rules.TABLE), nft.exists(channel, "none"))
channel.close()
print("== left", repr(subprocess.run(["nft", "list", "ruleset"], capture_output=True, text=True).stdout))
"""


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 or shutil.which("nft") is None,
    reason="takes root and nft, which tells the rules back",
)
def test_the_kernel_understands_what_is_meant() -> None:
    """Each set of rules, as nft reads it: the gate's user first, loopback left alone, users by
    number, and nothing left when the socket is closed.
    """
    done = subprocess.run(
        ["unshare", "-n", sys.executable, "-c", _TRY],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    parts = done.stdout.split("== ")[1:]
    told = {part.split(None, 1)[0]: " ".join(part.split()[1:]) for part in parts}
    left = 'meta skuid 999 return oif "lo" return'
    assert left in told["redirecting"]
    assert "meta l4proto tcp meta skuid 1002 redirect to :15001" in told["redirecting"]
    assert "udp dport 443 meta skuid 1001 reject" in told["redirecting"]
    assert "ct state new meta skuid 1001 counter packets 0 bytes 0 return" in told["open"]
    assert "redirect" not in told["open"] and "reject" not in told["open"]
    assert (
        "ct state new meta skuid 1001 counter packets 0 bytes 0 reject with tcp reset"
        in told["closed"]
    )
    assert "meta l4proto tcp redirect to :15001" in told["everybody"]
    assert all(told[name].count(left) >= 1 for name in ("open", "closed", "everybody"))
    assert (told["there"], told["left"]) == ("True False", "''")


@pytest.mark.parametrize("path", ["", "/", "no/such/slice", "/etc", "/sys", "../../etc"])
def test_what_is_no_cgroup_is_refused(path: str) -> None:
    """A folder that is no cgroup of version 2, and the root of them all, is nobody's."""
    with pytest.raises(ValueError, match="no such cgroup"):
        cgroup_of(path)
