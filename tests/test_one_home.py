"""One home per fact: second tables of words, and words that differ by reader, are found here."""

import ast
import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from families import with_each
from house_measures import walked
from reading import entries_of

from app.policy_words import services
from app.summary import print_records, print_replay
from core.attribution import Attribution, Certainty, LaunchedAs
from core.classification import Account, AccountKind, Category, Destination, LlmCall
from core.decision import Decision, HoldOutcome, Verdict
from core.findings import Confidence, Finding
from core.record import Record, RequestSummary, ResponseSummary
from core.review import Action, Disposition
from core.situation import situation_of
from core.vocabulary.kinds import FINDABLE, KINDS, kind_of
from exports.contents import Contents
from exports.formats.spreadsheet import FORMAT as CSV
from policy.decide import RulePolicy
from policy.loading import load_bytes
from policy.replay import replay
from proxy.refusals import words as refusal_words
from tui.case_detail import describe
from tui.case_reading import Reading
from tui.holds import case_alone
from tui.wording import case_sentence, sentence

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = tuple(
    (
        "activity app attribution capture certs classifiers core destinations evidence exports"
        " fleet habits hub inventory policy"
        " proxy tui"
    ).split()
)
HOME = "core/vocabulary/"
SERVICE_IDS = frozenset(service.id for service in services())
ENOUGH = 5
"""So many ids in one literal make a table of them."""

DETECTORS_OWN = set(
    (
        "classifiers/explaining.py classifiers/personal/detector.py"
        " classifiers/personal/scan/checks.py classifiers/personal/scan/labelled.py"
        " classifiers/personal/scan/published.py classifiers/personal/tables/joining.py"
        " classifiers/personal/tables/contact_phrases.py"
        " classifiers/personal/tables/keyed.py classifiers/personal/tables/phrases.py"
        " classifiers/uploads/prefilter/hints.py"
    ).split()
)
"""How each kind is found: held to the vocabulary by `test_classifiers_kinds`."""
SERVICES_OWN = ("classifiers/destinations/", "destinations/", "proxy/refusals.py")
"""Hosts, keys and shapes of services: the catalogue's business."""
SHAPES_OF_PROVIDERS = "classifiers/llm/request/shapes.py"

WORD_FUNCTIONS = frozenset(
    (
        "size spelt number short_number counted plural capital clock_time short_time at_time"
        " ago lasting went_out lets_out left_by kinds_of by_gravity words_of"
    ).split()
)
UNIT = re.compile(r"^\s?(?:[kKMGT]i?B|bytes?|seconds?|minutes?|hours?|days?)\b")
IN_POWERS_OF_1024 = {
    "classifiers/personal/prose/names.py",
    "classifiers/personal/prose/presidio.py",
    "proxy/spool.py",
}
"""Fixed limits, told as what they are."""
NO_WORDS = {"classifiers/decoding/__init__.py"}
"""`only X of Y bytes`: an amount of a whole, never one of one."""


@dataclass(frozen=True, slots=True)
class Source:
    path: str
    tree: ast.Module


@cache
def abroad() -> list[Source]:
    """Every module but those of the vocabulary."""
    files = (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))
    named = ((str(path.relative_to(ROOT)), path) for path in files)
    return [Source(n, ast.parse(p.read_text())) for n, p in named if not n.startswith(HOME)]


def literals(tree: ast.Module) -> Iterator[tuple[ast.expr, list[ast.expr]]]:
    """Every literal with its keys or its members."""
    for node in walked(tree):
        if isinstance(node, ast.Dict):
            yield node, [key for key in node.keys if key is not None]
        elif isinstance(node, ast.Set | ast.List | ast.Tuple):
            yield node, node.elts


def texts(nodes: Iterable[ast.expr]) -> set[str]:
    return {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def tables_of(ids: frozenset[str], sources: Iterable[Source]) -> set[str]:
    """The modules in which a literal holds many of these ids."""
    return {
        source.path
        for source in sources
        for _, members in literals(source.tree)
        if len(texts(members) & ids) >= ENOUGH
    }


def test_kinds_are_listed_in_the_vocabulary_and_by_their_detectors_only() -> None:
    """A list of kinds elsewhere would forget the next one."""
    assert tables_of(frozenset(KINDS), abroad()) <= DETECTORS_OWN


def test_services_are_listed_in_the_catalogue_only() -> None:
    """A list of services elsewhere would call one by another name, or not at all."""
    found = tables_of(SERVICE_IDS, abroad())
    assert {path for path in found if not path.startswith(SERVICES_OWN)} <= {SHAPES_OF_PROVIDERS}


SECOND_HOMES = """
NAMES = {"nl_bsn": "NL BSN", "iban": "IBAN", "email": "mail", "phone": "tel", "secret": "key"}
ALSO = frozenset({"openai", "dropbox", "onedrive", "github", "slack"})
WORDS = {Verdict.ALLOW: "ok", "block": "stopped", "hold": "waits"}
def size(n): return f"{n:.3g} kB"
def outcome(v):
    match v:
        case "allow" | Verdict.WARN: return "ok"
        case "block": return "stopped"
"""


def test_a_second_home_would_be_seen() -> None:
    """The searches below find what they look for."""
    tree = ast.parse(SECOND_HOMES)
    assert tables_of(frozenset(KINDS), [Source("x", tree)]) == {"x"}
    assert tables_of(SERVICE_IDS, [Source("x", tree)]) == {"x"}
    assert list(worded(tree)) == ["Verdict", "Verdict"]
    assert list(units(tree)) == [" kB"]


WORDED: tuple[type[StrEnum], ...] = (
    Verdict,
    HoldOutcome,
    Disposition,
    Action,
    Category,
    AccountKind,
    Confidence,
    Certainty,
    LaunchedAs,
)


def members_of(enum: type[StrEnum], nodes: Iterable[ast.AST | None]) -> set[str]:
    """Which members of this enum stand there, by name or by value."""
    values = {member.value: member.name for member in enum}
    found = set()
    for node in nodes:
        if isinstance(node, ast.Constant) and node.value in values:
            found.add(values[node.value])
        if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == enum.__name__:
            found.add(node.attr)
    return found


def is_text(node: ast.AST | None) -> bool:
    """Whether this is written text, or text with values in it."""
    written = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return written or isinstance(node, ast.JoinedStr)


def worded(tree: ast.Module) -> Iterator[str]:
    """The enums of which this module words several members, in a table or case by case."""
    for node in walked(tree):
        keys: list[ast.AST | None] = []
        said = False
        if isinstance(node, ast.Dict):
            keys = [*node.keys]
            said = any(is_text(part) for value in node.values for part in ast.walk(value))
        elif isinstance(node, ast.Match):
            patterns = [part for case in node.cases for part in ast.walk(case.pattern)]
            keys = [part.value for part in patterns if isinstance(part, ast.MatchValue)]
            answers = [part for case in node.cases for part in case.body]
            said = any(isinstance(part, ast.Return) and is_text(part.value) for part in answers)
        if said:
            yield from (enum.__name__ for enum in WORDED if len(members_of(enum, keys)) >= 3)


def test_the_words_of_the_core_have_one_home() -> None:
    """Verdicts, outcomes, reasons to close, accounts and the like are put into words once."""
    assert {(source.path, enum) for source in abroad() for enum in worded(source.tree)} == set()


def test_sizes_times_and_the_like_are_worded_by_one_function_each() -> None:
    """No second `size`, `ago` or “did it leave?”."""
    second = {
        (source.path, node.name)
        for source in abroad()
        if source.path not in {"core/decision.py", "core/record.py"}
        for node in walked(source.tree)
        if isinstance(node, ast.FunctionDef) and node.name in WORD_FUNCTIONS
    }
    assert second == set()


def units(tree: ast.Module) -> Iterator[str]:
    """Amounts that are written with a unit by hand, for anybody but a programmer."""
    reprs = [n for n in walked(tree) if isinstance(n, ast.FunctionDef) and n.name == "__repr__"]
    unseen = {id(inner) for one in reprs for inner in ast.walk(one)}
    for node in walked(tree):
        if not isinstance(node, ast.JoinedStr) or id(node) in unseen:
            continue
        for amount, after in zip(node.values, node.values[1:], strict=False):
            if isinstance(amount, ast.FormattedValue) and isinstance(after, ast.Constant):
                yield from UNIT.findall(str(after.value)[:9])


def test_no_amount_is_given_its_unit_by_hand() -> None:
    """`1 bytes` and `1e+03 kB` came from such places."""
    known = IN_POWERS_OF_1024 | NO_WORDS
    assert {
        s.path: list(units(s.tree)) for s in abroad() if s.path not in known and any(units(s.tree))
    } == {}


# -- one event, read by everybody ------------------------------------------------------------------

NOW = datetime(2026, 11, 20, 14, 14, tzinfo=UTC)
BLOCK_ALL = "mode: enforce\nrules:\n  - {id: all, description: Nothing leaves, then: block}\n"


def finding(kind: str, count: int = 1, **more: Any) -> Finding:
    fields: dict[str, Any] = {
        "detector": "personal",
        "confidence": Confidence.CERTAIN,
        "distinct": count,
    }
    return Finding(kind=kind, count=count, **(fields | more))


def event(
    *findings: Finding,
    service: str | None = "deepseek",
    category: Category = Category.LLM,
    account: AccountKind = AccountKind.UNKNOWN,
    size: int = 999_700,
) -> Record:
    """A request that was let pass under no rules, as evidence holds it."""
    where = Destination(
        scheme="https",
        host="service.example",
        port=443,
        path="/v1",
        service=service,
        category=category,
        account=Account(kind=account),
        upload=category is not Category.LLM,
    )
    llm = LlmCall(provider=service, operation="chat") if category is Category.LLM else None
    return Record(
        id="01930000-0000-7000-8000-000000000001",
        at=NOW,
        sender=Attribution(certainty=Certainty.UNKNOWN, method="none"),
        destination=where,
        request=RequestSummary(
            method="POST", content_type="application/json", bytes=size, complete=True
        ),
        response=ResponseSummary(status=200, bytes=10),
        llm=llm,
        findings=findings,
        decision=Decision(verdict=Verdict.ALLOW),
    )


SHEET = ("Found", "To", "Outcome", "Left the machine", "Reason")


@dataclass(frozen=True, slots=True)
class Told:
    """What everybody reads of one blocked event, on one line each."""

    refusal: str
    reason: str
    table: str
    sentence: str
    case: str
    detail: str
    replay: str
    export: str

    def __iter__(self) -> Iterator[str]:
        return (getattr(self, name) for name in self.__slots__)


def policy() -> RulePolicy:
    return load_bytes(BLOCK_ALL.encode(), "test")


def told(record: Record, capsys: pytest.CaptureFixture[str]) -> Told:
    """Block the event, and read it as the analyst, the officer, the engineer and the auditor do."""
    rules = policy()
    decision = rules.decide(situation_of(record))
    blocked = replace(record, decision=decision)
    case = case_alone(blocked)
    table, sheet = io.StringIO(), io.BytesIO()
    print_records([blocked], table)
    CSV.write(Contents(entries_of(blocked)), None, sheet)
    [newest] = (entry.opened() for entry in entries_of(blocked))
    capsys.readouterr()
    print_replay(replay(rules, [record]))
    (row,) = csv.DictReader(io.StringIO(sheet.getvalue().decode("utf-8-sig")))
    rows = describe(Reading(case=case, newest=newest, complete=True), NOW, UTC)
    return Told(
        refusal=refusal_words(decision, "ref-1"),
        reason=decision.reason,
        table=" ".join(table.getvalue().split()),
        sentence=sentence(blocked, NOW, UTC),
        case=case_sentence(case, NOW, UTC),
        detail=" ".join(line.text for section in rows for line in section.rows),
        replay=" ".join(capsys.readouterr().out.split()),
        export=" · ".join(row[name] for name in SHEET),
    )


def raised(text: str) -> str:
    return text[:1].upper() + text[1:]


def says(line: str, words: str) -> bool:
    return words in line or raised(words) in line


SAMPLES = [
    ([finding("nl_bsn")], {"service": "deepseek"}, "1 Dutch citizen number (BSN)", "DeepSeek"),
    ([finding("nl_bsn", 3)], {"service": "ai21"}, "3 Dutch citizen numbers (BSN)", "AI21"),
    (
        [finding("secret", 2, detector="aws-access-key")],
        {"service": "github-copilot"},
        "2 passwords or keys",
        "GitHub Copilot",
    ),
    (
        [finding("uk_nhs", 24, records=24)],
        {"service": "aws-s3", "category": Category.CLOUD_STORAGE, "account": AccountKind.PERSONAL},
        "British NHS numbers",
        "a personal Amazon S3",
    ),
    (
        [finding("organisation_word")],
        {
            "service": "azure-devops",
            "category": Category.CODE_HOST,
            "account": AccountKind.OTHER_TENANT,
        },
        "1 word your organisation protects",
        "another organisation's Azure DevOps account",
    ),
    (
        [finding("employee_id", 2)],
        {"service": None, "category": Category.OTHER},
        "2 employee id values",
        "service.example",
    ),
]


@pytest.mark.parametrize(("findings", "more", "what", "where"), SAMPLES)
def test_everybody_reads_the_same_words_of_one_event(
    findings: list[Finding],
    more: dict[str, Any],
    what: str,
    where: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Refusal, table, review, replay and export call what was found, and where it went, alike."""
    lines = told(event(*findings, **more), capsys)
    counted_rows = any(f.records for f in findings)
    for name, line in zip(Told.__slots__, lines, strict=True):
        alone = len(findings) == 1 and findings[0].kind == "secret" and name == "case"
        assert says(line, what.partition(" ")[2] if alone or counted_rows else what), (name, line)
        assert says(line, where) or name in {"detail", "replay"}, (name, line)


@with_each("kind", sorted(FINDABLE - {"not_inspected"}))
def test_every_kind_is_called_by_its_words_everywhere(
    kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """No reader shows an id, and none has a name of its own."""
    lines = told(event(finding(kind, 2)), capsys)
    for name, line in zip(Told.__slots__, lines, strict=True):
        assert says(line, kind_of(kind).many), (name, line)
        if "_" in kind and name != "export":
            assert kind not in line and kind.replace("_", " ").upper() not in line


@with_each("service", services())
def test_every_service_is_called_by_its_name_everywhere(
    service: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """A refusal says “GitHub Copilot”, not “Github Copilot”."""
    lines = told(event(service=service.id, category=service.categories[0]), capsys)
    assert [
        (n, line)
        for n, line in zip(Told.__slots__, lines, strict=True)
        if not says(line, service.name)
    ] == []


@pytest.mark.parametrize(
    ("size", "words"), [(1, "1 byte"), (999, "999 bytes"), (999_700, "999.7 kB"), (10**9, "1.0 GB")]
)
def test_sizes_are_the_same_everywhere(
    size: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """`999.7 kB` is never `1e+03 kB`, and one byte is not `1 bytes`."""
    lines = told(event(service="ai21", size=size), capsys)
    for line in (
        lines.refusal,
        lines.reason,
        lines.table,
        lines.sentence,
        lines.detail,
        lines.replay,
    ):
        assert re.search(rf"(^|\W){re.escape(words)}(\W|$)", line), line


def test_nothing_that_was_stopped_is_said_to_have_been_sent(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A blocked request was not sent: no reader says so."""
    lines = told(event(finding("iban")), capsys)
    assert [line for line in lines if re.search(r"(?<!tried to )\bsent\b", line)] == []
    assert lines.export.split(" · ")[3] == "no"


def test_what_was_not_read_is_said_by_everybody(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing found in what was not read is no clean request."""
    unread = finding("not_inspected", note="an archive inside is encrypted", detector="decoder")
    lines = told(event(unread), capsys)
    for line in (lines.refusal, lines.reason, lines.sentence, lines.replay):
        assert "that could not all be read" in line
    both = told(event(unread, finding("email")), capsys)
    for line in (both.refusal, both.reason, both.sentence, both.replay):
        assert says(line, "1 e-mail address, partly unread,")


def test_published_examples_are_said_to_be_such_by_everybody(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An example from a manual is no customer's number."""
    lines = told(event(finding("credit_card", 2, test_data=True)), capsys)
    for line in (lines.refusal, lines.reason, lines.table, lines.sentence, lines.replay):
        assert says(line, "2 payment card numbers (published examples)")


def test_a_filter_understands_the_words_that_are_shown() -> None:
    """What a person reads can be looked for: each kind and each outcome by its words."""
    from core.case_words import parse
    from core.vocabulary.verdicts import VERDICTS

    for words in {kind.one for kind in KINDS.values()}:
        wanted = parse(f'found:"{words}"', NOW, UTC).wanted
        ((kind,),) = [condition.values for condition in wanted.conditions]
        assert kind_of(kind).one == words
    for verdict, outcome in VERDICTS.items():
        ((first, *_),) = [c.values for c in parse(outcome.word, NOW, UTC).wanted.conditions]
        assert first == verdict
