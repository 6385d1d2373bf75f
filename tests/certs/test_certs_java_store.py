"""A trust store that Java itself reads."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from certs.authority import open_authority
from certs.java_store import java_store


def test_a_store_holds_its_roots_and_its_own_check(tmp_path: Path) -> None:
    """Every root is in it, and the check at its end is over all that stands before."""
    store = java_store([b"one", b"second"])
    assert b"one" in store
    assert b"second" in store
    salted = "changeit".encode("utf-16-be") + b"Mighty Aphrodite" + store[:-20]
    assert hashlib.sha1(salted).digest() == store[-20:]


def test_java_reads_it(tmp_path: Path) -> None:
    """Java's own tool lists the roots of the store."""
    if shutil.which("keytool") is None:
        pytest.skip("there is no Java here")
    path = tmp_path / "store"
    path.write_bytes(java_store([open_authority(tmp_path / "authority").root_der()]))
    command = ["keytool", "-list", "-keystore", str(path), "-storepass", "changeit"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "contains 1 entry" in done.stdout
    assert "trustedCertEntry" in done.stdout
