"""The demonstration's six stories: look at the scripts at rest, start the stand-in internet and a
gate, run the scripts, show what was seen.
"""

import csv
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import TextIO

from app.client import environment_for, private_gate
from app.demo.internet import StandInInternet
from app.home import Home
from app.settings import Settings
from app.summary import print_records, print_unreadable
from core.errors import SettingsError
from core.stored import StoredRecord
from core.vocabulary.files import file_words

CLIENTS = ("anthropic", "openai", "requests")
"""What the example scripts are written with, as an analyst's would be."""
SCRIPTS = (
    "finance/ledger_upload.py",
    "finance/invoice_check.py",
    "clinical/visit_summary.py",
    "operations/nightly_backup.py",
    "clinical/send_export.py",
    "finance/exchange_rates.py",
)
_AT_REST = "finance/invoice_check.py"
_REASONS = 4
_EXPORT, _ROWS, _AGE = "visits-2026-10.csv", 240, timedelta(weeks=6)
"""What one of them sends: a file that has lain there for a while."""


def tell(folder: Path, policy: Path | None, out: TextIO) -> int:
    """Run the demonstration with its evidence in `folder`; return 0 when every script was seen."""
    examples = _examples()
    home = _fresh(folder)
    out.write(
        "Outgate demo: a private gate, a stand-in internet on loopback, six example scripts.\n\n"
    )
    out.flush()
    _look_at_rest(examples, home, out)
    export = _lay_export(home.root / "exports" / _EXPORT)
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
                more = [str(export)] if name.endswith("send_export.py") else []
                _run(examples / name, more, environment, out)
    return _show(home, out)


def _look_at_rest(examples: Path, home: Home, out: TextIO) -> None:
    """Scan the script whose password and package can be known before it ever runs."""
    advisories = examples / "advisories" / "pysec-2021-142.json"
    # Where people keep scripts: those of an installation lie among libraries, which are none.
    script = home.root / "at-rest" / _AT_REST
    script.parent.mkdir(parents=True, mode=0o700)
    shutil.copy2(examples / _AT_REST, script)
    _outgate(home, "advisories", "import", str(advisories))
    report = home.root / "scan.json"
    _outgate(home, "scan", str(script), "--at-once", "--format", "json", "--out", str(report))
    [found] = json.loads(report.read_bytes())["scripts"]
    out.write(f"Before anything runs: $ outgate scan {_AT_REST}\n")
    for reason in found["reasons"][:_REASONS]:
        out.write(f"  {reason['words']}\n")
    out.write("\n")
    out.flush()


def _outgate(home: Home, *words: str) -> None:
    """Run a command as a person would. Raises SettingsError with what it said."""
    command = [sys.executable, "-m", "app.cli", *words]
    environment = {**os.environ, "OUTGATE_HOME": str(home.root)}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode:
        raise SettingsError(f"outgate {words[0]} failed: {done.stderr.strip()[-300:]}")


def _lay_export(place: Path) -> Path:
    """Write the export, as old as it would be. Its people are made up."""
    place.parent.mkdir(mode=0o700)
    with place.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["subject", "date_of_birth", "visit", "icd10", "diagnosis"])
        for number in range(_ROWS):
            born = date(1940, 1, 1) + timedelta(days=number * 7919 % 21_000)
            visit = date(2026, 9, 1) + timedelta(days=number % 30)
            table.writerow([f"S-{1000 + number}", born, visit, "E11.9", "type 2 diabetes"])
    then = (datetime.now(UTC) - _AGE).timestamp()
    os.utime(place, (then, then))
    return place


def _run(script: Path, more: Sequence[str], environment: Mapping[str, str], out: TextIO) -> None:
    shown = " ".join((f"{script.parent.name}/{script.name}", *(Path(word).name for word in more)))
    out.write(f"$ python {shown}\n")
    out.flush()
    done = subprocess.run(
        [sys.executable, str(script), *more],
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
    for file in (file for record in records for file in record.files):
        out.write(f"\nWhere it came from: {file_words(file)}.\n")
    report = verify(home.evidence)
    out.write(f"\n{report.text().splitlines()[0]} {report.entries} records, chained.\n\n")
    outgate = _typed()
    prefix = f"OUTGATE_HOME={shlex.quote(str(home.root))} {outgate}"
    out.write(f"Review it:   {prefix} review\n")
    out.write(f"Export it:   {prefix} export --format csv --out evidence.csv\n")
    out.write(f"Your script: {outgate} run -- python your_script.py\n")
    scripts = (record.sender.script for record in records)
    seen = {script.name for script in scripts if script is not None}
    return 0 if report.ok and {Path(name).name for name in SCRIPTS} <= seen else 1


def _typed() -> str:
    """Return how a shell calls this command: in a clone, uv has it on no path but its own."""
    in_clone = (Path(__file__).resolve().parents[2] / "pyproject.toml").is_file()
    return (
        "uv run outgate"
        if in_clone and ("UV" in os.environ or not which("outgate"))
        else ("outgate")
    )


def _fresh(folder: Path) -> Home:
    """Empty the folder if it is ours, so that each demonstration tells its own story.

    Raises SettingsError.
    """
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
