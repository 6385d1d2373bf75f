"""The demonstration's story: start the stand-in internet and a gate, run the scripts, show what was seen."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TextIO

from app.client import environment_for, private_gate
from app.demo.internet import StandInInternet
from app.home import Home
from app.settings import Settings
from app.summary import print_records, print_unreadable
from core.errors import SettingsError
from core.stored import StoredRecord

CLIENTS = ("anthropic", "openai", "requests")
"""What the example scripts are written with, as an analyst's would be."""
SCRIPTS = (
    "finance/ledger_upload.py",
    "finance/invoice_check.py",
    "clinical/visit_summary.py",
    "operations/nightly_backup.py",
    "finance/exchange_rates.py",
)


def tell(folder: Path, policy: Path | None, out: TextIO) -> int:
    """Run the demonstration with its evidence in `folder`; return 0 when every script was seen."""
    examples = _examples()
    home = _fresh(folder)
    out.write(
        "Outgate demo: a private gate, a stand-in internet on loopback, five example scripts.\n\n"
    )
    out.flush()
    with StandInInternet(home.root / "internet") as internet:
        authority = home.root / "internet" / "root.pem"
        authority.write_bytes(internet.authority.root_pem())
        options = ["--upstream-ca", str(authority)]
        for route in internet.routes:
            options += ["--connect-to", route]
        if policy is not None:
            options += ["--policy", str(policy.resolve())]
        with private_gate(home, options) as gate:
            environment = {
                **environment_for(gate, home, Settings()),
                "OUTGATE_HOME": str(home.root),
            }
            for name in SCRIPTS:
                _run(examples / name, environment, out)
    return _show(home, out)


def _run(script: Path, environment: Mapping[str, str], out: TextIO) -> None:
    out.write(f"$ python {script.parent.name}/{script.name}\n")
    out.flush()
    done = subprocess.run(
        [sys.executable, str(script)],
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    for line in (done.stdout + done.stderr).strip().splitlines()[-4:]:
        out.write(f"  {line[:200]}\n")
    out.flush()


def _show(home: Home, out: TextIO) -> int:
    from evidence import open_store, verify

    entries = list(open_store(home.evidence).iter_records())
    records = [entry.record for entry in entries if isinstance(entry, StoredRecord)]
    out.write("\nWhat the gate saw:\n\n")
    print_records(records, out)
    print_unreadable(entries, out)
    report = verify(home.evidence)
    out.write(f"\n{report.text().splitlines()[0]} {report.entries} records, chained.\n\n")
    prefix = f"OUTGATE_HOME={home.root} outgate"
    out.write(f"Review it:   {prefix} review\n")
    out.write(f"Export it:   {prefix} export --format csv --out evidence.csv\n")
    out.write("Your script: outgate run -- python your_script.py\n")
    scripts = (record.sender.script for record in records)
    seen = {script.name for script in scripts if script is not None}
    return 0 if report.ok and {Path(name).name for name in SCRIPTS} <= seen else 1


def _fresh(folder: Path) -> Home:
    """Empty the folder if it is ours, so that each demonstration tells its own story. Raises SettingsError."""
    marker = folder / ".outgate-demo"
    if folder.exists() and any(folder.iterdir()) and not marker.exists():
        raise SettingsError(f"{folder} is not empty.", remedy="Give --home a new folder.")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    marker.touch()
    os.environ["OUTGATE_HOME"] = str(folder)
    return Home(folder.resolve())


def _examples() -> Path:
    """Return where the scripts are: beside this module in an installation, else in the clone.

    Raises SettingsError when what they are written with is not installed.
    """
    missing = [name for name in CLIENTS if find_spec(name) is None]
    if missing:
        raise SettingsError(
            f"The example scripts need {', '.join(missing)}.", remedy="Install outgate[demo]."
        )
    installed = Path(__file__).resolve().parent / "examples"
    return installed if installed.is_dir() else Path(__file__).resolve().parents[2] / "examples"
