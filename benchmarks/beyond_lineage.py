"""What it costs to find which file was sent, and that none is named wrongly: a sender in a folder
of many files, several ways to send, the helper process that reads.
"""

import base64
import gzip
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

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


def _form(content: bytes) -> tuple[bytes, str]:
    head = b'--b\r\ncontent-disposition: form-data; name="f"; filename="x"\r\n\r\n'
    return head + content + b"\r\n--b--\r\n", "multipart/form-data; boundary=b"


WAYS: dict[str, Callable[[bytes], tuple[bytes, str]]] = {
    "as it is": lambda c: (c, "application/octet-stream"),
    "form": _form,
    "base64 in JSON": lambda c: (
        json.dumps({"a": "x", "f": base64.b64encode(c).decode()}).encode(), "application/json"
    ),
    "gzip": lambda c: (gzip.compress(c, 1), "application/gzip"),
}  # fmt: skip


def _exchange(body: bytes, media: str) -> Exchange:
    return Exchange(
        id=uuid7(), at=utc_now(), scheme="https", host="a.example", port=443, method="POST",
        path="/", headers=(("content-type", media),), body=body, body_bytes=len(body),
    )  # fmt: skip


def _told(name: str, spent: list[float]) -> None:
    median = statistics.median(spent) * 1000
    print(f"{name}: median {median:.2f} ms, at most {max(spent) * 1000:.2f} ms")


def lineage(turns: int) -> None:
    """Time the whole look, by the clock, and count files that are named wrongly or missed."""
    dice, wrong, missed, asked = random.Random(11), 0, 0, 0
    reader = HelperReader()
    reader.warm(20)
    with tempfile.TemporaryDirectory(prefix="outgate-beyond-") as place:
        folder = Path(place)
        for number in range(BESIDE):
            (folder / f"beside{number}.csv").write_bytes(dice.randbytes(SMALL + number - 150))
        small, large = dice.randbytes(SMALL * 2), dice.randbytes(LARGE)
        (folder / "small.csv").write_bytes(small)
        (folder / "large.bin").write_bytes(large)
        people = People("clear", None)
        tracer = Tracer(files=FilesOfSenders(lambda _: _portrait(folder), reader, people))
        for way, sends in WAYS.items():
            for name, content, count in (("100 kB", small, turns), ("5 MB", large, 10)):
                spent = []
                for _ in range(count):
                    exchange = _exchange(*sends(content))
                    begun = time.perf_counter()
                    files = tracer.sent(exchange, SENDER).files
                    spent.append(time.perf_counter() - begun)
                    found = [file.size for file in files if file.same is not SameAs.OPEN]
                    missed += found != [len(content)]
                _told(f"lineage, {name}, {way}", spent)
        for number in range(1000):
            near = bytearray(small)
            near[dice.randrange(len(near))] ^= 1 + number % 255
            sends = list(WAYS.values())[number % len(WAYS)]
            files = tracer.sent(_exchange(*sends(bytes(near))), SENDER).files
            wrong += any(file.same is not SameAs.OPEN for file in files)
            asked += 1
    reader.close()
    print(f"lineage: {missed} missed, {wrong} of {asked} near-equal contents named wrongly")
