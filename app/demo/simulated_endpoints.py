"""Made-up evidence of endpoints, for the demonstration of the hub and its benchmarks: the scripts
of one company on many machines. The files are real evidence files; nothing in them is anyone's.
"""

import hashlib
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from core.attribution import Attribution, Certainty, LaunchedAs, ProcessRef, Script
from core.classification import Account, AccountKind, Category, Destination
from core.decision import Decision, Verdict
from core.findings import Confidence, Finding
from core.ids import uuid7
from core.observation import Observation
from core.record import Record, RequestSummary, ResponseSummary
from evidence.batch import Appender, Batch, Items
from evidence.database import connect
from evidence.notary import Notary
from evidence.schema import prepare

_GROUP = 64
_PEOPLE = ("amara", "bruno", "chen", "dana", "emil", "fatima", "goran", "hana")


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeUpScript:
    """A script of the company, in its versions."""

    name: str
    folder: str
    versions: int
    to: Sequence[tuple[str, str | None, Category, AccountKind]]
    kinds: tuple[str, ...]
    verdict: Verdict
    packages: Sequence[tuple[str, str]]

    def sha256(self, version: int) -> str:
        """Return the hash of one version."""
        return hashlib.sha256(f"{self.name} {version}".encode()).hexdigest()

    def parts(self) -> Mapping[str, Any]:
        """Return what it is made of, as a gate keeps it."""
        installed = [[name, number, False] for name, number in self.packages]
        used = [[name, name, number] for name, number in self.packages[:1]]
        return {
            "imports": [name for name, _ in self.packages[:1]],
            "installed": installed,
            "used": used,
        }


_OPENAI = ("api.openai.com", "openai", Category.LLM, AccountKind.CORPORATE)
_CLAUDE = ("api.anthropic.com", "anthropic", Category.LLM, AccountKind.PERSONAL)
_ONEDRIVE = ("graph.microsoft.com", "onedrive", Category.CLOUD_STORAGE, AccountKind.PERSONAL)
_RATES = ("rates.example.com", None, Category.OTHER, AccountKind.UNKNOWN)
_TELEGRAM = ("api.telegram.org", "telegram", Category.MESSAGING, AccountKind.UNKNOWN)

SCRIPTS = (
    MadeUpScript(
        name="invoice_check.py",
        folder="finance",
        versions=3,
        to=(_OPENAI,),
        kinds=("iban",),
        verdict=Verdict.WATCH,
        packages=(("openai", "3.54.0"), ("litellm", "1.82.7"), ("httpx", "0.28.1")),
    ),
    MadeUpScript(
        name="exchange_rates.py",
        folder="finance",
        versions=1,
        to=(_RATES,),
        kinds=(),
        verdict=Verdict.ALLOW,
        packages=(("requests", "2.34.2"),),
    ),
    MadeUpScript(
        name="visit_summary.py",
        folder="clinical",
        versions=2,
        to=(_CLAUDE,),
        kinds=("health_data", "uk_nhs"),
        verdict=Verdict.BLOCK,
        packages=(("anthropic", "2.12.0"),),
    ),
    MadeUpScript(
        name="ledger_upload.py",
        folder="finance",
        versions=1,
        to=(_ONEDRIVE,),
        kinds=("iban",),
        verdict=Verdict.WATCH,
        packages=(("requests", "2.31.0"), ("polars", "2.1.0")),
    ),
    MadeUpScript(
        name="nightly_backup.py",
        folder="operations",
        versions=1,
        to=(_TELEGRAM, _RATES),
        kinds=("secret",),
        verdict=Verdict.WARN,
        packages=(("requests", "2.34.2"),),
    ),
)


def parts_of(sha256: str) -> Mapping[str, Any] | None:
    """Return what a made-up version is made of."""
    for script in SCRIPTS:
        if any(script.sha256(version) == sha256 for version in range(script.versions)):
            return script.parts()
    return None


def made_up_records(seed: int, count: int, until: datetime) -> Iterator[Record]:
    """Yield records of one endpoint, oldest first, the last at `until`."""
    chance = random.Random(seed)  # noqa: S311 - the same each time
    person = _PEOPLE[seed % len(_PEOPLE)]
    own = chance.sample(SCRIPTS, k=2 + seed % 4)
    for number in range(count):
        at = until - timedelta(seconds=37 * (count - 1 - number))
        yield _record(chance, person, chance.choice(own), at)


def _record(chance: random.Random, person: str, script: MadeUpScript, at: datetime) -> Record:
    host, service, category, account = chance.choice(script.to)
    version = min(chance.randrange(script.versions), chance.randrange(script.versions))
    found = chance.randint(1, 400)
    return Record(
        id=uuid7(at),
        at=at,
        sender=_sender(person, script, version, at),
        destination=Destination(
            scheme="https",
            host=host,
            port=443,
            path=f"/v1/{chance.choice(('items', 'chat', 'files'))}",
            service=service,
            category=category,
            account=Account(kind=account),
            upload=category is Category.CLOUD_STORAGE,
        ),
        request=RequestSummary(
            method="POST",
            content_type="application/json",
            bytes=chance.randint(300, 900_000),
            complete=True,
        ),
        response=ResponseSummary(status=200, bytes=chance.randint(20, 9000)),
        llm=None,
        findings=tuple(_finding(chance, kind, found) for kind in script.kinds),
        decision=Decision(
            verdict=script.verdict,
            rule=None if script.verdict is Verdict.ALLOW else f"watch-{script.folder}",
            reason=""
            if script.verdict is Verdict.ALLOW
            else "Sensitive data to an outside service.",
            policy="a3f1c2d4e5b60718",
        ),
    )


def _sender(person: str, script: MadeUpScript, version: int, at: datetime) -> Attribution:
    begun = at.replace(minute=0, second=0, microsecond=0)  # a run sends more than one request
    shell = ProcessRef(pid=812, started_at=begun, name="bash", exe="/bin/bash")
    path = f"/home/{person}/{script.folder}/{script.name}"
    return Attribution(
        certainty=Certainty.EXACT,
        method="sock_diag",
        process=ProcessRef(pid=4127, started_at=begun, name="python3", exe="/usr/bin/python3.13"),
        user=person,
        script=Script(
            path=path,
            sha256=script.sha256(version),
            launched_as=LaunchedAs.FILE,
            name=script.name,
            version={"size": 1200 + version, "owner": person},
        ),
        ancestry=(shell,),
        started_by="terminal",
        is_python=True,
    )


def _finding(chance: random.Random, kind: str, found: int) -> Finding:
    return Finding(
        kind=kind,
        detector=kind,
        confidence=Confidence.CERTAIN,
        count=found,
        distinct=found,
        records=found,
        where=("body.messages[0].content",),
        excerpt="DE••••00",
        fingerprints=tuple(f"{chance.getrandbits(64):016x}" for _ in range(3)),
    )


def write_evidence(path: Path, records: Iterator[Record | Observation]) -> None:
    """Append records and observations to the evidence file at `path`, made where there is none, and
    sign what it holds then.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    prepare(path)
    items = Items()
    with closing(connect(path)) as connection:
        appender = Appender(connection, gate="simulated")
        batch = Batch()
        for record in records:
            batch.closes.append(items.made(record, ends=True))
            if len(batch.closes) >= _GROUP:
                appender.write(batch)
                batch = Batch()
        if batch.closes:
            appender.write(batch)
        Notary(path).take(connection, "hour")
