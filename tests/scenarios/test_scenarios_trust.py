"""`outgate trust` on a whole machine, with the system's own tools."""

import os
import shlex
import shutil
import sys
from pathlib import Path

import pytest
from scratch_machine import on_scratch_machine

ROOT = Path(__file__).resolve().parents[2]
DEBIAN = Path("/usr/sbin/update-ca-certificates")

pytestmark = pytest.mark.skipif(
    os.name != "posix" or not DEBIAN.exists(), reason="takes Debian's own tool"
)


def test_a_machine_trusts_the_root_and_forgets_it_without_a_trace(tmp_path: Path) -> None:
    """After removal every file of the machine is as it was; in between a client trusts the root by
    the system's own bundle, and shells have the variables.
    """
    command = f"PYTHONPATH={ROOT} OUTGATE_HOME=/tmp/home {sys.executable} -m app.cli trust"
    shown = "sh -lc 'echo $SSL_CERT_FILE $HTTPS_PROXY'"
    bundle = "/etc/ssl/certs/ca-certificates.crt"
    verify = f'grep -qF "$(sed -n 2p /usr/local/share/ca-certificates/outgate-*.crt)" {bundle}'
    fresh, dry, there, again, stated, gone = on_scratch_machine(
        tmp_path / "scratch",
        [
            "update-ca-certificates",
            f"{command} install --system --dry-run",
            f"{command} install --system --proxy && {verify} && {shown}",
            f"{command} install --system --proxy",
            f"{command} status --system",
            f"{command} remove --system && ! {command} status --system",
        ],
    )
    assert fresh.code == 0, fresh.err
    assert dry.code == 0, dry.err
    assert dry.differences == fresh.differences
    assert there.code == 0, there.out + there.err
    assert there.out.splitlines()[-1] == f"{bundle} http://127.0.0.1:8899"
    changed = set(there.differences) - set(fresh.differences)
    assert "/etc/profile.d/outgate.sh" in changed
    assert any(path.startswith("/usr/local/share/ca-certificates/outgate-") for path in changed)
    assert "Nothing is to be changed." in again.out
    assert stated.code == 0, stated.out
    assert gone.code == 0, gone.out + gone.err
    assert gone.differences == fresh.differences


def test_an_image_is_changed_below_its_folder_only(tmp_path: Path) -> None:
    """An image is set up by its own tools, whatever its links name; this machine stays as it is."""
    image = tmp_path / "image"
    for folder in ("usr/local/share/ca-certificates", "etc/ssl/certs", "usr/sbin", "etc/zsh"):
        (image / folder).mkdir(parents=True)
    shutil.copytree("/usr/share/ca-certificates", image / "usr/share/ca-certificates")
    (image / "etc/ssl/certs/ca-certificates.crt").write_text("")
    (image / "etc/environment").symlink_to("/etc/real-environment")
    (image / "etc/real-environment").write_text("A=1")
    quoted = shlex.quote(str(image))
    home = f"PYTHONPATH={ROOT} OUTGATE_HOME=/tmp/home"
    command = f"{home} {sys.executable} -m app.cli trust"
    [step, out] = on_scratch_machine(
        tmp_path / "scratch",
        [
            f"mkdir -p {quoted}; cd /; {command} install --system --root {quoted}",
            f"{command} remove --system --root {quoted}",
        ],
        quiet=("/root",),
    )
    # The tool is not in the image: the root is laid, and that nobody took it up is told.
    assert step.code == 1
    assert "update-ca-certificates ended with 127" in step.err
    assert not [p for p in step.differences if not p.startswith(str(tmp_path))]
    assert not [p for p in out.differences if not p.startswith(str(tmp_path))]
