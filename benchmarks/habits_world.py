"""A made-up company whose scripts each keep habits of their own, and what they never did before."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from core.attribution import Attribution, Certainty, LaunchedAs, Script
from core.classification import Account, AccountKind, Category, Destination
from core.decision import Decision, Verdict
from core.findings import Confidence, Finding
from core.ids import uuid7
from core.record import Record, RequestSummary, ResponseSummary

FIRST = date(2026, 9, 7)
"""A Monday."""
HOLIDAY = date(2026, 10, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One request as a script makes it."""

    at: datetime
    script: str
    place: str
    size: int
    kinds: tuple[str, ...] = ()
    service: str | None = None
    account: str | None = None
    account_kind: AccountKind = AccountKind.UNKNOWN
    started_by: str | None = "cron"
    user: str = "ann"
    sha256: str = "a" * 64
    verdict: Verdict = Verdict.WATCH

    def record(self) -> Record:
        """Return the record that it leaves."""
        script = Script(
            path=self.script,
            sha256=self.sha256,
            launched_as=LaunchedAs.FILE,
            name=self.script.rsplit("/", 1)[-1],
        )
        return Record(
            id=uuid7(self.at),
            at=self.at,
            sender=Attribution(
                certainty=Certainty.EXACT,
                method="sock_diag",
                user=self.user,
                script=script,
                started_by=self.started_by,
                is_python=True,
            ),
            destination=Destination(
                scheme="https",
                host=self.place if self.service is None else f"api.{self.service}.example",
                port=443,
                path="/",
                service=self.service,
                category=Category.OTHER if self.service is None else Category.CLOUD_STORAGE,
                account=Account(kind=self.account_kind, id=self.account),
            ),
            request=RequestSummary(
                method="POST", content_type="application/json", bytes=self.size, complete=True
            ),
            response=ResponseSummary(status=200, bytes=10),
            llm=None,
            findings=tuple(_finding(kind) for kind in self.kinds),
            decision=Decision(verdict=self.verdict),
        )


def _finding(kind: str) -> Finding:
    return Finding(
        kind=kind, detector=kind, confidence=Confidence.LIKELY, count=3, distinct=3, records=3
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """How one script behaves."""

    name: str
    clock: str
    """`daily`, `hourly`, `monday`, `working`, `analyst`, `seldom`, `service`, `twice`."""
    places: tuple[str, ...] = ("api.partner.example",)
    services: dict[str, str] = field(default_factory=dict)
    """Service → account of the organisation."""
    kinds: tuple[str, ...] = ()
    size: float = 20_000
    spread: float = 0.3
    requests: int = 3
    started_by: str | None = "cron"
    crawls: bool = False


SCRIPTS = (
    Habit(name="payroll", clock="daily", kinds=("iban", "person"), size=80_000),
    Habit(name="invoices", clock="working", kinds=("iban",), services={"onedrive": "tenant-1"}),
    Habit(name="health_export", clock="monday", kinds=("email", "person"), size=2e6, spread=0.1),
    Habit(name="sync", clock="hourly", places=("erp.example", "crm.example"), size=4_000, spread=1),
    Habit(
        name="telemetry", clock="service", size=900, spread=0.2, requests=4, started_by="systemd"
    ),
    Habit(
        name="analysis",
        clock="analyst",
        services={"openai": "org-1"},
        size=6_000,
        spread=1.2,
        requests=9,
        started_by="terminal",
    ),
    Habit(
        name="notebook",
        clock="seldom",
        places=("api.partner.example", "data.example"),
        spread=1,
        requests=4,
        started_by="ide:vscode",
    ),
    Habit(name="crawler", clock="daily", crawls=True, size=700, requests=12),
    Habit(
        name="agent_job",
        clock="analyst",
        services={"anthropic": "org-2"},
        size=30_000,
        spread=1.5,
        requests=15,
        started_by="agent:claude-code",
    ),
    Habit(
        name="backup", clock="daily", services={"aws": "bucket-1"}, size=5e7, spread=0.2, requests=2
    ),
    Habit(name="report", clock="twice", kinds=("email",), spread=0.5, started_by=None),
    Habit(
        name="webhooks",
        clock="service",
        places=tuple(f"c{n}.hooks.example" for n in range(7)),
        size=1_500,
        spread=0.8,
        requests=3,
        started_by="container",
    ),
    Habit(name="night_etl", clock="night", kinds=("person",), size=1e6, spread=0.6, requests=5),
    Habit(
        name="desk_tool",
        clock="analyst",
        services={"slack": "team-1"},
        kinds=("person",),
        size=2_000,
        spread=0.7,
        requests=6,
        started_by="terminal",
    ),
)


def path_of(name: str) -> str:
    """Return where a script lies."""
    return f"/srv/jobs/{name}.py"


def clean(days: int, seed: int = 7, *, scripts: tuple[Habit, ...] = SCRIPTS) -> list[Sent]:
    """Return what these scripts send in so many days, in the order of time."""
    found = [
        one for habit in scripts for one in _of(habit, days, random.Random(f"{seed}{habit.name}"))
    ]
    return sorted(found, key=lambda one: one.at)


def _of(habit: Habit, days: int, rng: random.Random) -> Iterator[Sent]:
    for n in range(days):
        day = FIRST + timedelta(days=n)
        for hour in _hours(habit.clock, day, rng):
            begin = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
            start = begin + timedelta(minutes=rng.randint(0, 40))
            for k in range(max(1, round(rng.gauss(habit.requests, habit.requests / 4)))):
                yield _one(habit, start + timedelta(seconds=20 * k), rng)


def _hours(clock: str, day: date, rng: random.Random) -> list[int]:
    working = day.weekday() < 5 and day != HOLIDAY
    match clock:
        case "daily":
            return [6]
        case "night":
            return [23, 2] if rng.random() < 0.9 else [23]
        case "working":
            return [7] if day.weekday() < 5 else []
        case "monday":
            return [8] if day.weekday() == 0 else []
        case "twice":
            return [9, 15] if working else []
        case "hourly" | "service":
            return list(range(24))
        case "analyst":
            return (
                sorted(rng.sample(range(8, 18), rng.randint(1, 5)))
                if working and rng.random() < 0.9
                else []
            )
        case _:
            return [rng.randint(8, 17)] if working and rng.random() < 0.4 else []


def _one(habit: Habit, at: datetime, rng: random.Random) -> Sent:
    size = max(100, int(habit.size * rng.lognormvariate(0, habit.spread)))
    kinds = tuple(kind for kind in habit.kinds if rng.random() < 0.8)
    plain = Sent(
        at=at,
        script=path_of(habit.name),
        place="",
        size=size,
        kinds=kinds,
        started_by=habit.started_by,
    )
    if habit.crawls:
        return replace(plain, place=f"www.site{rng.randint(0, 400)}.example")
    service = next(iter(habit.services), None)
    if service is not None:
        return replace(
            plain,
            place=service,
            service=service,
            account=habit.services[service],
            account_kind=AccountKind.CORPORATE,
        )
    return replace(plain, place=rng.choice(habit.places))


def _newest(sent: list[Sent], day: date) -> dict[str, Sent]:
    """Return the newest request of each script before a day, by the script's path."""
    return {one.script: one for one in sent if one.at.date() < day}


def _at(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, 20, tzinfo=UTC)


def planted(sent: list[Sent], day: date) -> dict[str, tuple[str, list[Sent]]]:
    """Return twenty things that scripts never did, each with the word for it; `day` is a Wednesday
    on which habits are known.
    """
    newest = _newest(sent, day)
    saturday = day + timedelta(days=3)

    def one(name: str, at: datetime, **other: object) -> list[Sent]:
        return [replace(newest[path_of(name)], at=at, **other)]  # type: ignore[arg-type]

    usual = {"payroll": 6, "invoices": 7, "sync": 11, "backup": 6, "report": 9, "night_etl": 23}

    def then(name: str) -> datetime:
        return _at(day, usual.get(name, 11))

    many = [
        replace(newest[path_of("telemetry")], at=_at(day, 11) + timedelta(seconds=n), size=900)
        for n in range(1500)
    ]
    small_pieces = [
        replace(newest[path_of("payroll")], at=then("payroll") + timedelta(seconds=n), size=90_000)
        for n in range(30)
    ]
    return {
        "payroll at noon": ("hours", one("payroll", _at(day, 13))),
        "weekly job on another day": ("hours", one("health_export", _at(day, 8))),
        "analyst at three in the night": ("hours", one("analysis", _at(day, 3))),
        "working days' job on a Saturday": ("hours", one("invoices", _at(saturday, 7))),
        "night job at noon": ("hours", one("night_etl", _at(day, 12))),
        "seldom used notebook at two": ("hours", one("notebook", _at(day, 2))),
        "payroll to a paste": (
            "destination",
            one(
                "payroll",
                then("payroll"),
                place="pastebin",
                service="pastebin",
                account=None,
                account_kind=AccountKind.UNKNOWN,
            ),
        ),
        "backup to another bucket": (
            "destination",
            one(
                "backup", then("backup"), account="bucket-9", account_kind=AccountKind.OTHER_TENANT
            ),
        ),
        "invoices to a personal account": (
            "destination",
            one("invoices", then("invoices"), account="me", account_kind=AccountKind.PERSONAL),
        ),
        "analysis to another model": (
            "destination",
            one(
                "analysis",
                then("analysis"),
                place="deepseek",
                service="deepseek",
                account=None,
                account_kind=AccountKind.UNKNOWN,
            ),
        ),
        "crawler to a file service": (
            "destination",
            one("crawler", _at(day, 6), place="dropbox", service="dropbox"),
        ),
        "sync to a stranger": (
            "destination",
            one("sync", then("sync"), place="collect.evil.example"),
        ),
        "webhook to a stranger": (
            "destination",
            one("webhooks", _at(day, 11), place="hooks.elsewhere.example"),
        ),
        "ten payrolls at once": ("volume", one("payroll", then("payroll"), size=1_200_000)),
        "backup ten times as large": ("volume", one("backup", then("backup"), size=900_000_000)),
        "telemetry that carries a file": ("volume", one("telemetry", _at(day, 11), size=3_000_000)),
        "telemetry without end": ("volume", many),
        "health data in the weekly export": (
            "kind",
            one("health_export", _at(day - timedelta(days=2), 8), kinds=("health_data",)),
        ),
        "bank accounts in the report": ("kind", one("report", then("report"), kinds=("iban",))),
        "payroll in many pieces": ("volume", small_pieces),
    }
