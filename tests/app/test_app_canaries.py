"""Values that were sent, seen or typed: none stands unmasked in what Outgate keeps and gives away,
whatever the form.
"""

import base64
import io
import json
import threading
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet
import pypdfium2
import pytest

from app.cli import code_of
from classifiers.engine import Engine, EngineSetup
from core.case_keys import case_id, case_key
from core.decision import Decision, Verdict
from core.exchange import Exchange
from core.ids import uuid7
from core.observation import Kind
from core.organisation import Organisation
from core.record import Record
from core.recorded import record_of
from core.review import Action, CaseFilter, Disposition, ReviewEvent, ScriptVersion, script_event
from evidence import open_evidence, open_store
from evidence.database import connect
from evidence.notary import Notary
from exports.formats import formats
from exports.outbox.metrics import families, prometheus
from exports.report.forms import FORMS
from tests.classifiers.test_classifiers_found_values import VALUES, WORD, carriers
from tests.evidence.conftest import make_observation, make_record

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
TYPED = {name: VALUES[name] for name in ("email", "iban", "card", "key", "cloud key")}
"""What one door masks by its form alone, wherever somebody writes it."""
HOSTS = ("files.example", "api.openai.com")
OUTPUTS = (
    *(f"export {name}" for name in (*sorted(formats()), "pack")),
    *(f"report {f}" for f in FORMS),
)
BESIDE = ("breach", "metrics", "evidence.db")
WITH_EXCERPTS = ("csv", "jsonl", "ocsf", "parquet", "xlsx", "pack")


def exchange(number: int, carrier: str, value: str, host: str) -> Exchange:
    """Return a request that holds the value where the carrier says, and in its body."""
    kind, body, path, headers = carriers(value)[carrier]
    at = AT + timedelta(seconds=number)
    return Exchange(
        id=uuid7(at),
        at=at,
        scheme="https",
        host=host,
        port=443,
        method="POST",
        path=path.replace(" ", "%20"),
        headers=(("content-type", kind), *headers),
        body=body,
        body_bytes=len(body),
    )


def sent() -> Iterator[Record]:
    """Yield records as the gate makes them, of every value in every part of a request."""
    ours = Organisation(words=(WORD,), canaries=(VALUES["canary"],))
    engine = Engine(EngineSetup(key=b"k" * 32, organisation=ours, long_tail=False))
    watched = Decision(verdict=Verdict.WATCH, rule="r", reason="Personal data.")
    requests = [(what, carrier) for what in VALUES for carrier in carriers("")]
    for number, (what, carrier) in enumerate(requests):
        # An organisation's word may be the name of its account at a model's provider.
        host = HOSTS[0] if what == "own word" else HOSTS[number % len(HOSTS)]
        one = exchange(number, carrier, VALUES[what], host)
        yield record_of(one, make_record().sender, engine.classify(one), watched)


def said(record: Record) -> Iterator[ReviewEvent]:
    """Yield what reviewers do, each with a value in their words."""
    version = ScriptVersion(
        script="/home/analyst/upload.py", sha256="ab" * 32, first_at=AT, last_at=AT
    )
    for number, value in enumerate(TYPED.values()):
        note = f"Sent by mistake: {value}, see ticket INC0012345."
        at = AT + timedelta(hours=1, seconds=number)
        for action in (Action.NOTE, Action.CLOSE, Action.REOPEN):
            yield ReviewEvent(
                id=uuid7(at), at=at, case_key=case_key(record), action=action, who="ada", note=note,
                disposition=Disposition.CONFIRMED_LEAK if action is Action.CLOSE else None,
            )  # fmt: skip
        yield script_event(version, approve=True, who="ada", at=at, note=note)


def given(folder: Path, output: str) -> bytes:
    """Return what was given away under this name."""
    return (folder / output.replace(" ", "-")).read_bytes()


def write(home: Path, records: list[Record]) -> None:
    """Chain the records, observations with the values, and what reviewers said."""
    opened, done = open_evidence(home / "evidence.db"), threading.Semaphore(0)
    seen = [
        make_observation(at=AT, kind=kind, about=f"postgresql at db of {value}", user=value)
        for value in TYPED.values()
        for kind in Kind
    ]
    old = make_record(at=AT - timedelta(days=1))
    for record in (old, *records):
        opened.writer.close_record(record, lambda _: done.release())
    for one in seen:
        opened.writer.observed(one, lambda _: done.release())
    for _ in (old, *records, *seen):
        assert done.acquire(timeout=60)
    opened.close()
    with closing(open_store(home / "evidence.db", clock=lambda: AT)) as store:
        store.append(list(said(records[0])))


def ask(*words: str) -> int:
    return code_of(list(words))


def give_away(home: Path, out: Path) -> None:
    """Export and report all of it in every form."""
    for name in (*formats(), "pack"):
        assert ask("export", "-f", name, "-o", str(out / f"export-{name}")) == 0
    times = ("--since", "2026-11-01", "--until", "2026-12-01")
    for form in FORMS:
        assert ask("report", *times, "-f", form, "-o", str(out / f"report-{form}")) == 0
    with closing(open_store(home / "evidence.db", clock=lambda: AT)) as store:
        (out / "metrics").write_text(prometheus(families(store)))
        case = store.page(CaseFilter(status=None), 0, 1)[0]
    assert ask("report", "--breach", case_id(case.key), "-o", str(out / "breach")) == 0
    with closing(connect(home / "evidence.db")) as connection:
        texts = connection.execute(
            "SELECT unpacked(body) FROM entries UNION ALL SELECT unpacked(body) FROM past"
        ).fetchall()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    file = (home / "evidence.db").read_bytes()
    (out / "evidence.db").write_bytes(file + b"\n".join(text for (text,) in texts))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home with the evidence of all canaries, and all that was given away of it."""
    home, out = tmp_path_factory.mktemp("home", numbered=True), tmp_path_factory.mktemp("out")
    home.chmod(0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OUTGATE_HOME", str(home))
        write(home, list(sent()))
        reason = f"Art. 17, request of {VALUES['email']} with {VALUES['key']}"
        assert ask("hold", "matter-7", "--until", "2020-01-01", "--reason", reason) == 0
        assert ask("erase", "--before", "2026-11-20", "--reason", reason, "--yes") == 0
        give_away(home, out)
    yield out


def readable(content: bytes) -> Iterator[str]:
    """Yield all texts in a file, whatever it is packed in."""
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            for name in packed.namelist():
                yield name
                yield from readable(packed.read(name))
    elif content.startswith(b"%PDF"):
        document = pypdfium2.PdfDocument(content)
        for page in document:
            yield page.get_textpage().get_text_range().replace("\r\n", "")
    elif content.startswith(b"PAR1"):
        yield json.dumps(pyarrow.parquet.read_table(io.BytesIO(content)).to_pylist(), default=str)
    else:
        yield content.decode("utf-8", "replace")


def spellings(value: str) -> set[str]:
    """Return how a value may be written."""
    plain = {value, value.replace(" ", ""), value.replace(" ", "%20"), value.replace("@", "%40")}
    return {one.casefold() for one in (*plain, base64.b64encode(value.encode()).decode())}


def canaries_in(content: bytes) -> set[str]:
    """Return the names of the values that stand in a file."""
    text = "\n".join(readable(content)).casefold()
    return {name for name, value in VALUES.items() if any(s in text for s in spellings(value))}


@pytest.mark.parametrize("output", [*OUTPUTS, *BESIDE])
def test_no_value_stands_in_what_is_given_away(folder: Path, output: str) -> None:
    """Records, observations, notes and reasons with an address, an account, a card, a key or a word
    of the organisation in each of their parts: every export, every report, the pack, the metrics
    and the evidence itself hold none of them.
    """
    content = given(folder, output)
    assert len(content) > 100
    assert canaries_in(content) == set()


def test_notes_stay_readable(folder: Path) -> None:
    """A number of a ticket and the words around a value are kept."""
    text = "\n".join(readable(given(folder, "export jsonl")))
    assert "Sent by mistake: {email}, see ticket INC0012345." in text
    assert text.count("Art. 17, request of {email} with {token}") == len(("hold", "erasure"))


def test_a_value_that_stands_there_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The search sees into each form: values that were planted where an excerpt stands are found
    in every export that has excerpts.
    """
    monkeypatch.setenv("OUTGATE_HOME", str(tmp_path))
    tmp_path.chmod(0o700)
    made = make_record(at=AT)
    finding = replace(made.findings[0], excerpt=" ".join(VALUES.values()))
    opened, done = open_evidence(tmp_path / "evidence.db"), threading.Semaphore(0)
    opened.writer.close_record(replace(made, findings=(finding,)), lambda _: done.release())
    assert done.acquire(timeout=30)
    opened.close()
    Notary(tmp_path / "evidence.db").take_now("test")
    for name in WITH_EXCERPTS:
        assert code_of(["export", "-f", name, "-o", str(tmp_path / name)]) == 0
        assert canaries_in((tmp_path / name).read_bytes()) == VALUES.keys(), name
