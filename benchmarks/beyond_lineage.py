"""What it costs to find which file was sent, and that none is named wrongly: a sender in a folder
of many files, several ways to send, the helper process that reads.
"""

import base64
import gzip
import io
import json
import os
import random
import statistics
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

from app.lineage import Tracer
from attribution.facts import ProcessFacts
from attribution.os_users import People
from attribution.process_profile import Portrait
from attribution.reader import HelperReader
from attribution.sender_files import FilesOfSenders
from core.attribution import Attribution, Certainty, ProcessRef
from core.exchange import Exchange
from core.ids import utc_now, uuid7
from core.sent_file import SameAs

SENDER = Attribution(certainty=Certainty.EXACT, method="benchmark")
SMALL, LARGE, BESIDE = 50_000, 5_000_000, 300


def _portrait(folder: Path) -> Portrait:
    facts = ProcessFacts(pid=os.getpid(), start=1, argv=("python3",), cwd=str(folder))
    ref = ProcessRef(pid=facts.pid, started_at=None, name="python3", exe=None)
    return Portrait(
        facts=facts, ref=ref, ancestry=(), user=None, script=None, script_facts=facts,
        script_path=None, is_itself_python=True, started_by=None, is_python=True,
        certainty=Certainty.EXACT, reason=None, script_candidates=(), again_s=None,
        has_beacon=False,
    )  # fmt: skip


def _form(content: bytes, headers: bytes = b"") -> tuple[bytes, str]:
    head = b'--b\r\ncontent-disposition: form-data; name="f"; filename="x"\r\n'
    return head + headers + b"\r\n" + content + b"\r\n--b--\r\n", "multipart/form-data; boundary=b"


def _json(**values: str) -> tuple[bytes, str]:
    return json.dumps({"a": "x\n" * 9, **values}).encode(), "application/json"


def _letters(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _zipped(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("x", content)
    return out.getvalue()


WAYS: dict[str, Callable[[bytes], tuple[bytes, str]]] = {
    "as it is": lambda c: (c, "application/octet-stream"),
    "form": _form,
    "base64 in JSON": lambda c: _json(f=_letters(c)),
    "data URL in JSON": lambda c: _json(u="data:text/csv;base64," + _letters(c)),
    "gzip": lambda c: (gzip.compress(c, 1), "application/gzip"),
    "gzip in a form": lambda c: _form(gzip.compress(c, 1)),
    "base64 in a form": lambda c: _form(
        base64.encodebytes(c), b"Content-Transfer-Encoding: base64\r\n"
    ),
    "base64 as a field": lambda c: (
        urlencode({"f": _letters(c)}).encode(), "application/x-www-form-urlencoded"
    ),
    "in an archive": lambda c: (_zipped(c), "application/zip"),
    "base64 in XML": lambda c: (f"<a>{_letters(c)}</a>".encode(), "application/xml"),
}  # fmt: skip


def _contents(dice: random.Random, size: int) -> dict[str, bytes]:
    """Six formats of about so many bytes."""
    rows = [(n, f"Person {n}", f"p{n}@a.example", dice.random()) for n in range(size // 45)]
    table = "".join(f"{a};{b};{c};{d:.9f}\n" for a, b, c, d in rows).encode()
    records = [dict(zip(("id", "name", "mail", "score"), row, strict=True)) for row in rows]
    noise = dice.randbytes(size)
    return {
        "csv": table,
        "json": json.dumps(records[: size // 90]).encode(),
        "jsonl": "\n".join(map(json.dumps, records[: size // 90])).encode(),
        "xlsx": _zipped(table + noise),
        "pdf": b"%PDF-1.7\n" + noise,
        "parquet": b"PAR1" + noise + b"PAR1",
    }


def _exchange(body: bytes, media: str) -> Exchange:
    return Exchange(
        id=uuid7(), at=utc_now(), scheme="https", host="a.example", port=443, method="POST",
        path="/", headers=(("content-type", media),), body=body, body_bytes=len(body),
    )  # fmt: skip


class Costs:
    """Processor time of this process and of the helpers that read for it, in seconds."""

    def __init__(self, reader: HelperReader) -> None:
        self._reader = reader

    def now(self) -> float:
        pids = [helper.number for helper in self._reader._idle]  # all: nobody asks just now
        # as clock_getcpuclockid(3) makes it
        return time.process_time() + sum(time.clock_gettime((~pid << 3) | 2) for pid in pids)


def lineage(turns: int) -> None:
    """Time the whole look of ten ways and six formats, by the clock and by the processor, and count
    files that are named wrongly or missed.
    """
    dice, wrong, asked = random.Random(11), 0, 0
    reader = HelperReader()
    reader.warm(20)
    costs = Costs(reader)
    with tempfile.TemporaryDirectory(prefix="outgate-beyond-") as place:
        folder = Path(place)
        for number in range(BESIDE):
            (folder / f"beside{number}.csv").write_bytes(dice.randbytes(SMALL + number - 150))
        tracer = Tracer(
            files=FilesOfSenders(lambda _: _portrait(folder), reader, People("clear", None))
        )
        for named, size, count in (("100 kB", SMALL * 2, turns), ("5 MB", LARGE, 3)):
            contents = _contents(dice, size)
            for kind, content in contents.items():
                (folder / f"sent{size}.{kind}").write_bytes(content)
            _ways(tracer, costs, named, contents, count)
        small = dice.randbytes(SMALL * 2)
        (folder / "near.bin").write_bytes(small)
        for number in range(1000):
            near = bytearray(small)
            near[dice.randrange(len(near))] ^= 1 + number % 255
            sends = list(WAYS.values())[number % len(WAYS)]
            files = tracer.sent(_exchange(*sends(bytes(near))), SENDER).files
            wrong += any(file.same is not SameAs.OPEN for file in files)
            asked += 1
    reader.close()
    print(f"lineage: {wrong} of {asked} near-equal contents named wrongly")


def _ways(tracer: Tracer, costs: Costs, named: str, contents: dict[str, bytes], count: int) -> None:
    exact, clock_all, cost_all, worst = 0, [], [], ("", 0.0)
    for way, sends in WAYS.items():
        clock, cost = [], []
        for kind, content in contents.items():
            exchange = _exchange(*sends(content))
            found: list[int] = []
            for _ in range(count):
                begun, spent = time.perf_counter(), costs.now()
                files = tracer.sent(exchange, SENDER).files
                clock.append(time.perf_counter() - begun)
                cost.append(costs.now() - spent)
                found = [file.size for file in files if file.same is not SameAs.OPEN]
            exact += len(content) in found
            took = statistics.median(cost[-count:])
            worst = max(worst, (f"{way}, {kind}", took), key=lambda one: one[1])
        _told(f"lineage, {named}, {way}", clock, cost)
        clock_all += clock
        cost_all += cost
    _told(f"lineage, {named}, all", clock_all, cost_all)
    print(f"lineage, {named}: {exact} of {len(WAYS) * len(contents)} exact,", end=" ")
    print(f"dearest {worst[0]} ({worst[1] * 1000:.1f} ms CPU)")


def _told(name: str, clock: list[float], cost: list[float]) -> None:
    by_clock, by_cost = statistics.median(clock) * 1000, statistics.median(cost) * 1000
    print(
        f"{name}: median {by_clock:.2f} ms, {by_cost:.2f} ms CPU, at most {max(clock) * 1000:.1f}"
    )
