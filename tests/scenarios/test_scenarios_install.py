"""`outgate install` and `uninstall` on a whole machine: what comes, what stays, what is left."""

import sys
from pathlib import Path

from scratch_machine import on_scratch_machine

ROOT = Path(__file__).resolve().parents[2]
BACKUPS = {f"/etc/{name}-" for name in ("passwd", "group", "shadow", "gshadow")}
"""The system's own copies of the state before, which it writes at each change of a user."""


def test_nothing_is_left_but_what_was_asked_to_stay(tmp_path: Path) -> None:
    """An upgrade changes neither settings nor policy nor evidence; removal keeps them where that is
    asked, and leaves the machine as it was where not. Without a word about them nothing is removed.
    """
    outgate = "/opt/outgate/bin/outgate"
    before, dry, there, upgraded, unasked, kept, purged = on_scratch_machine(
        tmp_path / "scratch",
        [
            "mkdir -p /opt/outgate/bin; chmod 755 /root; update-ca-certificates;"
            f" printf '#!/bin/sh\\nPYTHONPATH={ROOT} OUTGATE_HOME=/tmp/home exec {sys.executable}"
            f' -m app.cli "$@"\\n\' > {outgate}; chmod 755 {outgate}',
            f"{outgate} install --dry-run --program {outgate}",
            f"{outgate} install --program {outgate} && ! {outgate} trust install --system &&"
            f" {outgate} ca export -o /tmp/r.pem &&"
            f" {outgate} trust install --system --proxy --certificate /tmp/r.pem"
            " && id outgate-attributor && systemctl is-enabled outgate.service",
            "mkdir /var/lib/outgate; echo evidence > /var/lib/outgate/evidence.db;"
            " echo 'workers: 2' > /etc/outgate/settings.yaml;"
            f" {outgate} install --program {outgate}; cat /etc/outgate/settings.yaml",
            f"{outgate} uninstall",
            f"{outgate} uninstall --keep; cat /var/lib/outgate/evidence.db",
            f"{outgate} install --program {outgate} && {outgate} uninstall --purge",
        ],
        quiet=("/root", "/var/log"),
    )
    assert before.code == 0, before.err
    assert dry.code == 0, dry.out + dry.err
    assert dry.differences == before.differences
    assert there.code == 0, there.out + there.err
    came = set(there.differences) - set(before.differences)
    assert {
        "/etc/systemd/system/outgate.service",
        "/etc/systemd/system/outgate-attributor.service",
        "/etc/systemd/system/multi-user.target.wants/outgate.service",
        "/etc/outgate/policy.yaml",
        "/etc/profile.d/outgate.sh",
        "/etc/passwd",
    } <= came
    assert "workers: 2" in upgraded.out
    assert "names no attributor" in upgraded.err
    assert "names no attributor" not in there.err
    assert unasked.code == 2
    assert unasked.differences == upgraded.differences
    assert kept.out.endswith("evidence\n")
    left = set(kept.differences) - set(before.differences) - BACKUPS
    assert left == {
        *(f"/etc/{name}" for name in ("passwd", "group", "shadow", "gshadow", "outgate")),
        *(f"/etc/outgate/{name}" for name in ("settings.yaml", "policy.yaml")),
        *("/var/lib/outgate", "/var/lib/outgate/evidence.db"),
    }
    assert purged.code == 0, purged.out + purged.err
    assert set(purged.differences) - BACKUPS == set(before.differences)


def test_a_program_that_services_cannot_reach_is_refused(tmp_path: Path) -> None:
    """A gate of its own user cannot run what lies in somebody's closed home."""
    outgate = f"PYTHONPATH={ROOT} OUTGATE_HOME=/tmp/home {sys.executable} -m app.cli"
    closed, none, odd, elsewhere = on_scratch_machine(
        tmp_path / "scratch",
        [
            f"mkdir -m 700 /srv/closed; cp /bin/true /srv/closed/outgate;"
            f" {outgate} install --program /srv/closed/outgate",
            f"{outgate} install --program /nowhere/outgate",
            f"{outgate} install --program '/bin/a b'",
            f"{outgate} install --root /nowhere",
        ],
        quiet=("/root", "/srv"),
    )
    for step in (closed, none, odd, elsewhere):
        assert step.code == 2
        assert len(step.err.splitlines()) == 1
    assert "closed" in closed.err
    assert not elsewhere.differences
