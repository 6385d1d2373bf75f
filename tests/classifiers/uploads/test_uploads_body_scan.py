"""A body that is read as it passes gives what the same body gives when it is held, in every coding,
container and split.
"""

import asyncio
import gzip
import io
import json
import random
import zipfile
import zlib
from collections.abc import Callable
from itertools import pairwise

import brotli
import pytest
import zstandard
from families import with_each
from hold_out_files import FILES
from hold_out_formats import FORMATS
from hold_out_texts import CHARSETS, SPELLINGS
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_traffic import exchange, multipart
from paired_carriers import PAIRED, called
from personal_samples import iban, valid

from classifiers.engine import Engine, EngineSetup, build_worker
from classifiers.gate_classifier import GateClassifier
from classifiers.uploads.body_scan import BodyScan
from classifiers.uploads.cutting import OVERLAP, WINDOW
from core.classification import Classification, Scanned
from core.errors import DegradedError
from core.exchange import Exchange
from core.findings import NOT_INSPECTED, Finding, is_least
from core.organisation import Organisation
from core.vocabulary.unread import unread_text
from examples import most

SETUP = EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False)
KEY = "gh" + "p_aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bD0fG3iJ6"


def s3(data: bytes) -> bytes:
    parts = [data[at : at + 9_000] for at in range(0, len(data), 9_000)]
    return b"".join(b"%x;chunk-signature=ab\r\n%b\r\n" % (len(p), p) for p in parts) + b"0\r\n\r\n"


PACK: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": lambda data: brotli.compress(data, quality=1),
    "zstd": zstandard.ZstdCompressor(write_checksum=True).compress,
    "aws-chunked": s3,
    "gzip, aws-chunked": lambda data: s3(gzip.compress(data)),
    "identity, deflate, br": lambda data: brotli.compress(zlib.compress(data), quality=1),
}
DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "none": bytes,
    "padded": lambda body: body + bytes(50),
    "followed": lambda body: body + b" mail last.one@contoso.com ",
    "cut": lambda body: body[:-5],
}
WORDS = ("the depot ships pallets in north and counts totals again later see below").split()


def base58(data: bytes) -> bytes:
    """Return data in the letters of base58."""
    number, out = int.from_bytes(data), bytearray()
    while number:
        number, at = divmod(number, 58)
        out.append(b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"[at])
    return bytes(out[::-1])


def lines(rng: random.Random, size: int) -> list[str]:
    """Return lines of prose with a value in every tenth."""
    found: list[str] = []
    total = 0
    while total < size:
        words = [rng.choice(WORDS) for _ in range(rng.randrange(6, 14))]
        if len(found) % 10 == 7:
            words.insert(3, value(rng))
        found.append(" ".join(words))
        total += len(found[-1]) + 1
    return found


def value(rng: random.Random) -> str:
    return rng.choice(
        [
            f"a.{rng.randrange(10**6)}@contoso.com",
            iban(rng),
            valid("credit_card", rng),
            KEY,
        ]
    )


def prose(rng: random.Random, size: int) -> tuple[bytes, str]:
    return "\n".join(lines(rng, size)).encode(), "text/plain; charset=utf-8"


def table(rng: random.Random, size: int) -> tuple[bytes, str]:
    rows = [f"{n},{line.replace(',', ' ')}" for n, line in enumerate(lines(rng, size))]
    return ("number,remark\n" + "\n".join(rows)).encode(), "text/csv"


def json_lines(rng: random.Random, size: int) -> tuple[bytes, str]:
    return (
        "\n".join(json.dumps([line]) for line in lines(rng, size)).encode(),
        "application/x-ndjson",
    )


def form(rng: random.Random, size: int) -> tuple[bytes, str]:
    return multipart(("note", None, None, prose(rng, size)[0]))


def octets(rng: random.Random, size: int) -> tuple[bytes, str]:
    """Return binary data with values in its readable runs."""
    parts = [rng.randbytes(40) + b"\0" + line.encode() + b"\0" for line in lines(rng, size)]
    return b"\xfe\x01\x02" + b"".join(parts), "application/octet-stream"


def packed_file(rng: random.Random, size: int) -> tuple[bytes, str]:
    return gzip.compress(prose(rng, size)[0]), "application/octet-stream"


CUT_LINE = ("decoder", "a line of the JSON lines is malformed")
CUT_PART = ("decoder", "the multipart body ends inside a part")
"""Said of the last line of a body that is cut; windows are text, in which a cut line is no
fault."""
CONTAINERS = {f.__name__: f for f in (prose, table, json_lines, form, octets, packed_file)}


class InProcess:
    """A pool whose worker is an engine in this process."""

    def __init__(self, worker: Engine) -> None:
        self._worker = worker
        self.late = False
        """From the second window on."""
        self._asked = 0

    async def classify(self, exchange: Exchange, deadline_s: float) -> Classification:
        return self._worker.classify(exchange)

    async def classify_window(self, exchange: Exchange, deadline_s: float) -> Classification:
        await asyncio.sleep(0)
        self._asked += 1
        if self.late and self._asked > 1:
            raise DegradedError("classifier", "the worker was late")
        return self._worker.classify_window(exchange)

    async def close(self) -> None:
        pass


ENGINE, WORKER = GateClassifier(SETUP), build_worker(SETUP)


def request(body: bytes, kind: str, coding: str) -> Exchange:
    headers = {"content-encoding": coding} if coding else {}
    return exchange(body, kind, host="files.example", path="/", headers=headers)


def cut(body: bytes, places: list[int]) -> list[bytes]:
    marks = sorted({0, len(body), *(place % (len(body) + 1) for place in places)})
    return [body[a:b] for a, b in pairwise(marks)] or [body]


def streamed(sent: Exchange, pieces: list[bytes], pool: InProcess | None = None) -> Scanned:
    """Return what is known at the end of a body that comes in these pieces."""

    async def run() -> Scanned:
        scan = BodyScan(sent, ENGINE, pool or InProcess(WORKER), 60)
        known = Scanned()
        for number, piece in enumerate(pieces):
            async for seen in scan.feed(piece, last=number == len(pieces) - 1):
                known = seen
            assert scan.through <= sum(map(len, pieces[: number + 1]))
        assert scan.through == sum(map(len, pieces))
        return known

    return asyncio.run(run())


def held(findings: tuple[Finding, ...]) -> dict[tuple[str, bool], tuple[int, int, frozenset[str]]]:
    return {
        (f.kind, f.test_data): (f.count, f.distinct, frozenset(f.fingerprints))
        for f in findings
        if f.kind != NOT_INSPECTED
    }


def kinds(findings: tuple[Finding, ...]) -> set[str]:
    return {f.kind for f in findings if f.kind != NOT_INSPECTED}


def unread(findings: tuple[Finding, ...]) -> set[tuple[str, str | None]]:
    return {(f.detector, f.note) for f in findings if f.kind == NOT_INSPECTED}


@given(
    st.sampled_from(sorted(PACK)),
    st.sampled_from(sorted(CONTAINERS)),
    st.sampled_from(sorted(DAMAGE)),
    st.integers(0, 10**6),
    st.integers(0, 5_000),
    st.lists(st.integers(0, 1 << 20), max_size=8),
)
@settings(max_examples=most(120), deadline=None)
def test_a_small_body_gives_the_same_held_and_streamed(
    coding: str, container: str, damage: str, seed: int, size: int, places: list[int]
) -> None:
    """Held or streamed, whole or in pieces, sound or damaged: the same findings, counts and reasons
    for what is unread.
    """
    plain, kind = CONTAINERS[container](random.Random(seed), size)
    body = DAMAGE[damage if coding else "none"](PACK[coding](plain))
    sent = request(body, kind, coding)
    whole = WORKER.classify(sent).findings
    passed = streamed(sent, cut(body, places)).findings

    assert held(passed) == held(whole)
    assert unread(passed) == unread(whole)


@given(
    st.sampled_from(sorted(PACK)),
    st.sampled_from(sorted(CONTAINERS)),
    st.sampled_from(sorted(DAMAGE)),
    st.integers(0, 10**6),
    st.sampled_from([66_000, 200_000, 450_000]),
    st.lists(st.integers(0, 1 << 20), max_size=8),
)
@settings(max_examples=most(30), deadline=None)
def test_a_large_body_gives_the_same_held_and_streamed(
    coding: str, container: str, damage: str, seed: int, size: int, places: list[int]
) -> None:
    """Over many windows, too: each occurrence counted once, in every split, and the same parts said
    to be unread.

    Distinct values are counted window by window: one that stands in two of them may count twice.
    """
    plain, kind = CONTAINERS[container](random.Random(seed), size)
    body = DAMAGE[damage if coding else "none"](PACK[coding](plain))
    sent = request(body, kind, coding)
    whole = WORKER.classify(sent).findings
    once = streamed(sent, [body]).findings
    passed = streamed(sent, cut(body, places)).findings

    assert passed == once
    assert {k: v[0] for k, v in held(passed).items()} == {k: v[0] for k, v in held(whole).items()}
    assert all(v[1] <= held(passed)[k][1] for k, v in held(whole).items())
    # That the coding ended too early is said either way, and says it of what lies within.
    assert unread(passed) - {CUT_LINE, CUT_PART} == unread(whole) - {CUT_LINE, CUT_PART}


def test_the_bodies_above_hold_something() -> None:
    """A comparison of nothing with nothing would prove nothing."""
    for make in CONTAINERS.values():
        plain, kind = make(random.Random(1), 30_000)
        found = kinds(WORKER.classify(request(plain, kind, "")).findings)
        assert found >= {"email", "secret", "iban", "credit_card"}


@pytest.mark.parametrize(
    "coding", ["gzip,aws-chunked", "gzip, br", "aws-chunked, gzip", "gzip, identity"]
)
def test_stacked_codings_are_read_above_the_limit_as_below(coding: str) -> None:
    """A body is not left unread because it is large and its sender packs it twice."""
    plain, kind = prose(random.Random(2), 300_000)
    body = plain
    for name in coding.replace(" ", "").split(","):
        body = bytes(body) if name == "identity" else PACK[name](body)
    sent = request(body, kind, coding)
    passed = streamed(sent, cut(body, [99_000]))

    assert held(passed.findings) == held(WORKER.classify(sent).findings)
    assert passed.degraded == ()


def test_a_file_is_named_as_unread_and_wanted_whole() -> None:
    """A workbook cannot be read as it passes: that is said, and whoever can wait is told to."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", random.Random(1).randbytes(200_000))
    for body, coding in ((out.getvalue(), ""), (brotli.compress(out.getvalue(), quality=1), "br")):
        sent = request(body, "application/octet-stream", coding)
        assert BodyScan(sent, ENGINE, InProcess(WORKER), 60).reads_as_one(body[:70_000])
        passed = streamed(sent, [body])
        assert passed.degraded == ("documents: a large file of this type is only read as a whole",)
        assert ("decoder", "a large file of this type is only read as a whole") in unread(
            passed.findings
        )


@pytest.mark.parametrize("seam", [WINDOW, 3 * WINDOW])
@given(st.integers(-2 * OVERLAP, OVERLAP), st.sampled_from(["cp037", "utf-16", "base58", "folded"]))
@settings(max_examples=most(60), deadline=None)
def test_a_part_is_read_as_one_wherever_it_begins(seam: int, beside: int, written: str) -> None:
    """A file of a form is read in its own letters and ways behind others, too, and counted once
    also where it lies across two windows.
    """
    value = "Customer 77 pays from DE02120300000000202051, as always."
    file = {
        "base58": base58(value.encode()),
        "folded": b"BEGIN:VCALENDAR\r\nNOTE:DE021203000\r\n 00000202051\r\nEND:VCALENDAR\r\n",
    }.get(written) or value.encode(written)
    line = b"nothing to see in this line\n"
    before = (line * (seam // len(line) + 400))[: seam + beside]
    octets = "application/octet-stream"
    body, kind = multipart(("a", None, None, before), ("b", "b.bin", octets, file))
    told = held(streamed(request(body, kind, ""), [body]).findings)
    assert {name: count for (name, _), (count, *_) in told.items()} == {"iban": 1}


ALL_TEXTS = {**SPELLINGS, **CHARSETS}
LINE = b"nothing to see in this line\n"
VALUE = b"Customer 77 pays from DE02120300000000202051, as always. "
_NUMBERS = ("base36 of one number", "base58", "base62", "Crockford's base32", "z-base-32")
_LETTERS = ("cp037", "cp500", "cp1140", "cp273", "braille", "private letters", "high bits set")
_WIDE = ("fullwidth in Shift JIS", "fullwidth in GBK", "fullwidth in EUC", "overlong digits")
ODD: dict[str, Callable[[bytes], bytes]] = {
    **{
        name: ALL_TEXTS[name] for name in (*_NUMBERS, *_LETTERS, *_WIDE, "overlong digits of three")
    },
    "calendar": FORMATS["calendar, folded"][1],
    "gzip without its head": FILES["gzip without its head"],
}
"""What stands in such letters is no text of UTF-8, or not as it was written."""


def is_told(findings: tuple[Finding, ...]) -> bool:
    """True where the value is found, or a rule knows that something could not be read."""
    return "iban" in kinds(findings) or bool(unread_text(findings))


def among_many(file: bytes) -> tuple[bytes, str]:
    """A form of so many parts that hundreds stand in a window."""
    parts = [(f"f{number}", None, None, LINE * 20) for number in range(400)]
    parts.insert(270, ("file", None, None, file))
    return multipart(*parts)


def across_a_seam(file: bytes) -> tuple[bytes, str]:
    """A file that begins in one window and ends in the next."""
    before = LINE * (3 * WINDOW // len(LINE))
    around = ("note", None, None, before[: 3 * WINDOW - len(file) // 2])
    return multipart(around, ("file", None, None, file), ("z", None, None, LINE * 3_000))


def larger_than_a_window(file: bytes) -> tuple[bytes, str]:
    """A file that is in several windows."""
    many = file * (300_000 // len(file) + 1)
    return multipart(("file", None, None, many), ("z", None, None, LINE * 300))


@pytest.mark.parametrize("layout", [among_many, across_a_seam, larger_than_a_window])
def test_no_part_of_a_large_form_passes_silently(
    layout: Callable[[bytes], tuple[bytes, str]],
) -> None:
    """Whatever letters a part is in, wherever it lies and however many there are: it is read, or
    rules know that it was not.
    """
    silent: list[str] = []
    for name, write in ODD.items():
        value = LINE * 300 + VALUE + LINE * 300 if layout is across_a_seam else VALUE
        body, kind = layout(write(value))
        if not is_told(streamed(request(body, kind, ""), [body]).findings):
            silent.append(name)
    assert silent == []


@pytest.mark.parametrize("name", sorted(ODD))
def test_odd_letters_amid_a_large_text_are_told(name: str) -> None:
    """A few odd letters in megabytes of ordinary text are no ordinary text."""
    body = LINE * 4_000 + ODD[name](VALUE) + b"\n" + LINE * 4_000
    assert is_told(streamed(request(body, "text/plain", ""), [body]).findings)


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data"])
def test_ordinary_text_of_any_language_is_not_told_as_unread(kind: str) -> None:
    """Accents, ideographs and emoji are letters; so are the parts of a form that is sound."""
    words = "Größe, façade; żółw, 今日は良い天気ですね、散歩に行きましょう。 Привет 👍️ ok\n" * 4_000
    body = words.encode()
    if kind.startswith("multipart"):
        body, kind = multipart(("a", None, None, body), ("b", None, None, body))
    assert streamed(request(body, kind, ""), [body]).findings == ()


@pytest.mark.parametrize("mark", ["----WebKitFormBoundaryAbCdEf0", "ALL-UPPER", "lower"])
def test_letters_of_a_boundary_are_kept_as_they_are(mark: str) -> None:
    """Browsers and many clients part forms by letters of both cases: such a form is sound, and each
    of its parts is read for itself.
    """
    body, kind = among_many(ODD["calendar"](VALUE))
    written = body.replace(b"b0undary7e3", mark.encode())
    for named in (kind.replace("b0undary7e3", mark), f'Multipart/Form-Data; Boundary="{mark}"'):
        found = streamed(request(written, named, ""), [written]).findings
        assert (kinds(found), unread_text(found)) == ({"iban"}, ())


def test_parts_that_cannot_be_told_apart_are_said_to_be_unread() -> None:
    """A form that does not begin as one, or has forms in it, may hide anything behind its first
    window.
    """
    body, kind = multipart(("file", None, None, CHARSETS["cp037"](VALUE)))
    late = LINE * 4_000 + b"\r\n" + body
    inner, called = multipart(*[("f", None, None, LINE * 20)] * 400)
    inner, called = inner.replace(b"7e3", b"1n3"), called.replace("7e3", "1n3")
    nested = multipart(("a", None, None, LINE), ("file", None, called, inner))
    coded = b"--xx\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b"QUJD\r\n" * 40_000
    for sent, named in ((late, kind), nested, (coded, "multipart/form-data; boundary=xx")):
        assert unread_text(streamed(request(sent, named, ""), [sent]).findings)


def test_what_stands_beside_a_file_in_a_large_form_is_still_found() -> None:
    """A file that is only read as a whole costs no other part its reading."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.txt", "nothing")
    before = ("note", None, None, LINE * 4_000)
    after = ("text", None, None, VALUE + LINE * 9)
    body, kind = multipart(before, ("file", "a.zip", "application/zip", packed.getvalue()), after)
    found = streamed(request(body, kind, ""), [body]).findings

    assert kinds(found) == {"iban"}
    assert unread_text(found)


def test_text_is_not_wanted_whole() -> None:
    """Text, tables and noise are read as they pass."""
    for make in (prose, table, form, octets):
        plain, kind = make(random.Random(1), 70_000)
        assert not BodyScan(request(plain, kind, ""), ENGINE, InProcess(WORKER), 60).reads_as_one(
            plain
        )


def test_a_late_worker_is_said_and_the_rest_is_read() -> None:
    """What a worker found before the next one was late stays, and the gap is stated."""
    pool = InProcess(WORKER)
    pool.late = True
    plain, kind = prose(random.Random(3), 300_000)
    passed = streamed(request(plain, kind, ""), [plain], pool)

    assert kinds(passed.findings)
    assert unread(passed.findings) == {("classifier", "the worker was late")}
    assert passed.degraded == ("classifier: the worker was late",)


def test_where_others_wait_no_window_stays_under_way() -> None:
    """A body that is told so has its windows scanned before it takes the next bytes."""
    sent = request(b"word " * 200_000, "text/plain", "")

    async def left(*, settled: bool) -> str:
        scan = BodyScan(sent, ENGINE, InProcess(WORKER), 60)
        async for _ in scan.feed(sent.body, last=False, settled=settled):
            pass
        async for _ in scan.feed(b"", last=False, settled=settled):
            pass
        return repr(scan)

    assert "1 windows in flight" in asyncio.run(left(settled=False))
    assert "0 windows in flight" in asyncio.run(left(settled=True))


@with_each("way", sorted(PAIRED))
def test_names_beside_values_at_a_seam_are_found(way: str) -> None:
    """Wherever a body is cut, each kind is found, no more often than it stands there; less often
    only where that is said.
    """
    base = "worker finished the job in good time\n" * 3000
    for language, number, before in (("en", 3, 400), ("de", 30, 5_000)):
        at = (65_536 - before) // 37 * 37
        text = f"{base[:at]}\n{PAIRED[way][0](called(language, number))}\n\n{base[at:90_000]}"
        sent = request(text.encode(), "text/plain", "")
        whole = {f.kind: f for f in WORKER.classify(sent).findings}
        passed = {f.kind: f for f in streamed(sent, [sent.body]).findings}
        assert passed.keys() == whole.keys()
        for kind, finding in passed.items():
            assert finding.count <= whole[kind].count, kind
            assert finding.count == whole[kind].count or is_least(finding), kind
            assert finding.count >= (finding.records or 0), kind
