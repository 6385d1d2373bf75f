"""`outgate doctor` on this machine: real clients, real TLS, the gate that runs or a private one."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.conftest import Outgate


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which somebody keeps an environment that has nothing but Python."""
    folder = tmp_path_factory.mktemp("projects")
    venv = folder / "ledger" / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    return folder


@pytest.fixture(autouse=True)
def quick_programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Of the programs of this machine those that start quickly: what is slow is tried elsewhere."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("python3", "python", "sh", "env", "curl", "wget", "node", "git"):
        if (program := shutil.which(name)) is not None:
            (folder / name).symlink_to(program)
    monkeypatch.setenv("PATH", str(folder))


def told(outgate: Outgate, *arguments: str) -> dict[str, dict[str, Any]]:
    done = outgate("doctor", "--json", *arguments, timeout=280)
    assert done.returncode in {0, 1}, done.stderr
    return {r["subject"]: r for r in json.loads(done.stdout)}


@pytest.mark.timeout(600)
def test_installed_clients_are_tried_for_real(outgate: Outgate) -> None:
    """Each client that is installed makes a request through a private gate, and the report says how
    that went.
    """
    found = told(outgate, "--python", sys.executable)

    verdicts = {r["subject"].removeprefix("client "): r["verdict"] for r in found.values()}
    for name in ("urllib", "requests", "httpx", "aiohttp with trust_env=True", "botocore"):
        assert verdicts[name] == "works", found[f"client {name}"]
    for name in ("http.client", "urllib3", "aiohttp"):
        assert verdicts[name] == "goes past", found[f"client {name}"]
        assert found[f"client {name}"]["remedy"]
    assert found["certifi"]["python"] == found["python"]["python"] == sys.prefix
    assert not (outgate.home / "evidence.db").exists(), (
        "the canary's records do not belong into the evidence"
    )


def test_the_gate_that_runs_is_the_one_that_is_tried(outgate: Outgate, bare: Path) -> None:
    """Clients go through the running gate; nothing of it is on record. A gate that signs with an
    authority that was replaced is found, by its own line and by every client.
    """
    outgate.start()
    found = told(outgate, "--python", str(bare))
    assert found["client urllib"]["verdict"] == "works"
    assert found["client http.client"]["verdict"] == "goes past"
    assert found["gate"]["words"] == "signs with the authority that is trusted"
    shutil.rmtree(outgate.home / "authority")
    assert outgate("ca", "create").returncode == 0
    assert outgate("ca", "path").returncode == 0
    found = told(outgate, "--python", str(bare))
    assert found["gate"]["mark"] == "BROKEN"
    assert "outgate stop" in found["gate"]["remedy"]
    assert found["client urllib"]["verdict"] == "distrusts"
    assert found["client urllib"]["mark"] == "BROKEN"
    assert outgate.records() == []


def test_environments_below_a_folder_are_found_and_what_is_none_is_told(
    outgate: Outgate, bare: Path, tmp_path: Path
) -> None:
    """Each environment is tried once; a program that only has the name of a Python is named; a
    folder without any is wrong use.
    """
    fake = tmp_path / "fake" / "bin" / "python3"
    fake.parent.mkdir(parents=True)
    fake.write_text("#!/bin/sh\necho nothing\n")
    fake.chmod(0o755)
    venv = bare / "ledger" / ".venv" / "bin" / "python3"
    done = outgate(
        "doctor", "--python", str(bare), "--python", str(venv), "--python", str(tmp_path / "fake")
    )
    assert done.stdout.count("ok      python: ") == 1
    assert f"{fake} does not run as a Python" in done.stdout
    (tmp_path / "empty").mkdir()
    for wrong in ("empty", "nowhere"):
        done = outgate("doctor", "--python", str(tmp_path / wrong))
        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == 1


def _roots(bundle: bytes) -> list[bytes]:
    return [root.strip() for root in bundle.split(b"-----END CERTIFICATE-----") if root.strip()]


def test_what_is_safe_is_mended(outgate: Outgate, bare: Path) -> None:
    """A bundle that lacks roots is written anew; without --mend nothing is changed."""
    assert outgate("ca", "path").returncode == 0
    bundle = outgate.home / "bundle.pem"
    whole = bundle.read_bytes()
    bundle.write_bytes(whole[len(whole) // 2 :])
    assert told(outgate, "--python", str(bare))["bundle"]["mark"] == "BROKEN"
    assert bundle.read_bytes() == whole[len(whole) // 2 :]
    assert told(outgate, "--python", str(bare), "--mend")["bundle"]["mark"] == "ok"
    assert sorted(_roots(bundle.read_bytes())) == sorted(_roots(whole))
