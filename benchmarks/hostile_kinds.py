"""The kinds of hostile traffic that `benchmarks/loop_steps.py` sends, and their bodies."""

import functools
import io
import json
import random
import zipfile

from benchmarks.hostile import CLEAN, SHAPES, hostile
from benchmarks.hostile_traffic import (
    SIZE,
    Traffic,
    bytes_of_2,
    chunks,
    frame_of_2,
    framed,
    heads,
    hellos,
    http2,
    pieces,
    pipelined,
    post,
    repeated,
    requests_of_2,
    websocket,
)


def _zipped(depth: int) -> bytes:
    data = b"a@a.b,1\n" * 2000
    for _ in range(depth):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for n in range(8):
                archive.writestr(f"f{n}.zip", data)
        data = file.getvalue()
    return data


def _parts(count: int) -> bytes:
    each = b'--b\r\nContent-Disposition: form-data; name="n%d"; filename="f%d"\r\n\r\nv%d\r\n'
    return b"".join(each % (n, n, n) for n in range(count)) + b"--b--\r\n"


def _table(columns: int, rows: int) -> bytes:
    head = ",".join(f"c{n}" for n in range(columns))
    row = ",".join(f"a{n}@b.example" for n in range(columns))
    return "\n".join([head, *[row] * rows]).encode()


def _findings(count: int) -> bytes:
    people = [
        {"email": f"jane.roe{n}@contoso.com", "iban": "DE02120300000000202051", "note": f"n{n}"}
        for n in range(count)
    ]
    return json.dumps(people).encode()


def _names(count: int) -> bytes:
    return json.dumps({"names": [f"Anna Schmidt{n}" for n in range(count)]}).encode()


def _header_lines(count: int, value: str = "v") -> str:
    return "".join(f"X-H{n}: {value}{n}\r\n" for n in range(count))


def _cookies(count: int) -> str:
    return "Cookie: " + "; ".join(f"c{n}={n}" for n in range(count)) + "\r\n"


def _masked(count: int) -> str:
    return "".join(f"X-{n}: jane.roe{n}@contoso.com\r\n" for n in range(count))


_OCTETS, _FORM = "application/octet-stream", "application/x-www-form-urlencoded"
_PARTED = "multipart/form-data; boundary=b"

KINDS: dict[str, Traffic] = {
    "clean": repeated(lambda: post(CLEAN)),
    **{name: repeated(functools.partial(lambda n: post(hostile(n)), name)) for name in SHAPES},
    "findings, 100": repeated(lambda: post(_findings(8))),
    "findings, 60 KB": repeated(lambda: post(_findings(600))),
    "findings, 2 MB": repeated(lambda: post(_findings(20_000))),
    "findings, 12 MB": repeated(lambda: post(_findings(120_000))),
    "deep JSON": repeated(lambda: post(b"[" * 30_000 + b"]" * 30_000)),
    "deep JSON, 4 MB": repeated(lambda: post(b'{"a":' * 700_000 + b"1" + b"}" * 700_000)),
    "wide JSON": repeated(lambda: post(json.dumps({f"k{n}": n for n in range(5000)}).encode())),
    "numbers": repeated(lambda: post(json.dumps([*range(11_000)]).encode())),
    "names": repeated(lambda: post(_names(2500))),
    "wide table": repeated(lambda: post(_table(2000, 2), "text/csv")),
    "wide table, 4 MB": repeated(lambda: post(_table(20_000, 14), "text/csv")),
    "long line": repeated(lambda: post(b"ab" * (SIZE // 2), "text/plain")),
    "long line, 7 MB": repeated(lambda: post(b"a1" * 3_500_000, "text/plain")),
    "random": repeated(lambda: post(random.Random(1).randbytes(SIZE), _OCTETS)),
    "random, 7 MB": repeated(lambda: post(random.Random(1).randbytes(7_000_000), _OCTETS)),
    "random, 24 MB": repeated(lambda: post(random.Random(1).randbytes(24_000_000), _OCTETS)),
    "form": repeated(lambda: post(b"&".join(b"a%d=%d" % (n, n) for n in range(5000)), _FORM)),
    "parts": repeated(lambda: post(_parts(900), _PARTED)),
    "parts, 4 MB": repeated(lambda: post(_parts(60_000), _PARTED)),
    "zip in zip": repeated(lambda: post(_zipped(3), "application/zip")),
    "many headers": repeated(lambda: post(b"{}", more=_header_lines(2000))),
    "headers to mask": repeated(lambda: post(b"{}", more=_masked(1500))),
    "cookies": repeated(lambda: post(b"{}", more=_cookies(4000))),
    "long path": repeated(lambda: post(b"{}", path="/" + "a/" * 25_000)),
    "long query": repeated(
        lambda: post(b"{}", path="/?" + "&".join(f"a{n}={n}@b.example" for n in range(2500)))
    ),
    "long authorization": repeated(
        lambda: post(b"{}", more="Authorization: Bearer " + "QUJDREVG" * 7000 + "\r\n")
    ),
    "chunks of a byte": chunks(1, 10_000),
    "chunks of 10": chunks(10, 200_000),
    "pipelined": pipelined(200),
    "answer of 4 MB": repeated(lambda: post(CLEAN, path="/large")),
    "deep answer": repeated(lambda: post(CLEAN, path="/deep")),
    "wide answer": repeated(lambda: post(CLEAN, path="/wide")),
    "packed answer": repeated(lambda: post(CLEAN, path="/bomb")),
    "answer's cookies": repeated(lambda: post(CLEAN, path="/cookies")),
    "events": repeated(lambda: post(CLEAN, path="/events")),
    "messages": websocket(lambda: framed(b'{"a": 1}') * 500),
    "messages with values": websocket(lambda: framed(b'{"a": "jane@contoso.com"}') * 200),
    "message of 60 KB": websocket(lambda: framed(hostile("signs"))),
    "message in pieces": websocket(lambda: pieces(5000)),
    "HTTP/2, pings": http2(lambda: [frame_of_2(6, 0, b"12345678") * 3800] * 3),
    "HTTP/2, settings": http2(lambda: [frame_of_2(4, 0) * 7000] * 3),
    "HTTP/2, bytes": http2(lambda: bytes_of_2(6000)),
    "HTTP/2, requests": http2(lambda: requests_of_2(100)),
    "hellos": hellos(20),
    "endless head": heads(b"GET http://a.example/ HTTP/1.1\r\nX: " + b"a" * 2_000_000),
    "head of lines": heads(b"GET http://a.example/ HTTP/1.1\r\n" + b"X: y\r\n" * 200_000),
}
