"""The offline archive and the Debian package: built by the script, installed on a clean machine,
run, upgraded and removed.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from scratch_machine import can_be_made, on_scratch_machine

ROOT = Path(__file__).resolve().parents[2]
BACKUPS = {f"/etc/{name}-" for name in ("passwd", "group", "shadow", "gshadow")}
MINUTES = 20 * 60
_WAIT = "n=0; until [ -f /run/outgate/gate.json ] || [ $n -gt 300 ]; do sleep 0.2; n=$((n+1)); done"
_GATE = (
    "mkdir -p /run/outgate && chown outgate /run/outgate &&"
    " mkdir -p /var/lib/outgate && chown outgate: /var/lib/outgate && chmod 700 /var/lib/outgate;"
    " OUTGATE_ATTRIBUTOR= OUTGATE_HOME=/var/lib/outgate setpriv --reuid outgate --regid outgate"
    " --clear-groups /opt/outgate/bin/outgate start --public /run/outgate > /tmp/gate.log 2>&1 &"
)

pytestmark = [
    pytest.mark.skipif(
        "CI" not in os.environ and "OUTGATE_PACKAGES" not in os.environ,
        reason="builds and installs packages: runs in CI",
    ),
    pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="takes Debian's tools"),
    pytest.mark.timeout(MINUTES),
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with both packages; OUTGATE_PACKAGES names one that was built before."""
    if not can_be_made():
        pytest.skip("no mount namespace with an overlay can be made here")
    if given := os.environ.get("OUTGATE_PACKAGES"):
        return Path(given)
    folder = tmp_path_factory.mktemp("packages")
    package = str(ROOT / ".ci" / "package.py")
    command = [sys.executable, package, "--out", str(folder), "--level", "1"]
    subprocess.run(command, check=True)
    return folder


def test_a_package_comes_serves_is_upgraded_and_goes(built: Path, tmp_path: Path) -> None:
    """Installed offline it runs as its own user; evidence outlives upgrade and removal; after
    purging the machine is as it was.
    """
    [package] = built.glob("*.deb")
    came, served, upgraded, removed, purged = on_scratch_machine(
        tmp_path / "scratch",
        [
            f"cp {package} /tmp/outgate.deb; dpkg -i /tmp/outgate.deb && outgate --version",
            f"{_GATE} {_WAIT}; cat /tmp/gate.log; outgate status;"
            " kill $(pgrep -u outgate -f 'outgate start'); n=0;"
            " while pgrep -u outgate > /dev/null && [ $n -lt 150 ]; do sleep 0.2; n=$((n+1)); done;"
            " ls /var/lib/outgate",
            "dpkg -i /tmp/outgate.deb && ls /var/lib/outgate/evidence.db",
            "dpkg -r outgate && ls /var/lib/outgate/evidence.db && ! ls /opt/outgate",
            "dpkg -P outgate",
        ],
        quiet=("/root", "/var/log", "/var/lib/dpkg", "/var/cache", "/run"),
    )
    assert came.code == 0, came.out + came.err
    assert "outgate 0" in came.out
    assert "running" in served.out.lower() or "evidence.db" in served.out, served.out + served.err
    assert upgraded.code == 0, upgraded.out + upgraded.err
    assert removed.code == 0, removed.out + removed.err
    assert purged.code == 0, purged.out + purged.err
    assert set(purged.differences) - BACKUPS == set()


def test_the_archive_needs_nothing_but_itself(built: Path, tmp_path: Path) -> None:
    """Unpacked on any Linux it says its version with no Python on the path, and is told to
    install; removed with its folder, nothing is left.
    """
    [archive] = built.glob("*.tar.gz")
    ran, gone = on_scratch_machine(
        tmp_path / "scratch",
        [
            f"tar -C / -xzf {archive} && cd / && mkdir -p /tmp/home &&"
            " env -i OUTGATE_HOME=/tmp/home PATH=/nowhere /opt/outgate/bin/outgate policy check &&"
            " env -i OUTGATE_HOME=/tmp/home /opt/outgate/bin/outgate install --dry-run"
            " --program /opt/outgate/bin/outgate",
            "rm -rf /opt/outgate",
        ],
        quiet=("/root",),
    )
    assert ran.code == 0, ran.out + ran.err
    assert "outgate.service" in ran.out
    assert not gone.differences
