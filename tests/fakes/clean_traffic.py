"""Harmless things that programs send, made up from a seed: logs, telemetry, ids, digests, cursors,
lock files and vectors. `clean_texts` has what people write.
"""

import base64
import hashlib
import json
import math
import random
import string
import struct
from collections.abc import Callable, Iterator
from urllib.parse import urlencode

from clean_texts import TEXTS
from made_up_traffic import chat, exchange, multipart, user

from core.exchange import Exchange

type Make = Callable[[random.Random], str]

_LOWER = string.ascii_lowercase + string.digits
_LETTERS = string.ascii_letters + string.digits
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
WORDS = (
    "order item cache shard index queue batch worker stage frame page node edge block"
    " route table chunk lease retry merge split build cluster region tenant event metric"
).split()


def run(rng: random.Random, alphabet: str, length: int) -> str:
    """Return so many letters of an alphabet."""
    return "".join(rng.choices(alphabet, k=length))


def uid(rng: random.Random) -> str:
    """Return a UUID of version 4."""
    text = f"{rng.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def digest(rng: random.Random, how: str = "sha256") -> str:
    """Return a digest in hex."""
    return hashlib.new(how, rng.randbytes(8)).hexdigest()


def packed(rng: random.Random, size: int) -> str:
    """Return so many random bytes in base64."""
    return base64.b64encode(rng.randbytes(size)).decode()


def instant(rng: random.Random, *, apart: str = "T") -> str:
    """Return a time of 2026 to the millisecond."""
    day = f"2026-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
    clock = f"{rng.randrange(24):02d}:{rng.randrange(60):02d}:{rng.randrange(60):02d}"
    return f"{day}{apart}{clock}.{rng.randrange(1000):03d}Z"


def address(rng: random.Random) -> str:
    """Return a private address with a port."""
    return f"10.{rng.randrange(255)}.{rng.randrange(255)}.{rng.randint(1, 254)}:{rng.randint(1024, 65535)}"


def lines(rng: random.Random, make: Make, most: int = 20) -> str:
    """Return some lines."""
    return "\n".join(make(rng) for _ in range(rng.randint(4, most)))


def _handled(rng: random.Random) -> str:
    return (
        f"{instant(rng)} {rng.choice(('INFO', 'WARN', 'DEBUG'))} [{rng.choice(WORDS)}-{rng.randrange(64)}]"
        f" handled {uid(rng)} in {rng.uniform(0.1, 900):.3f} ms bytes={rng.randrange(10**9)}"
        f" status={rng.choice((200, 204, 304, 404, 500))} from {address(rng)}"
    )


def _access(rng: random.Random) -> str:
    return (
        f"10.0.{rng.randrange(255)}.{rng.randrange(255)} - - [{rng.randint(1, 28):02d}/Nov/2026:"
        f"{rng.randrange(24):02d}:{rng.randrange(60):02d}:{rng.randrange(60):02d} +0000]"
        f' "GET /{rng.choice(WORDS)}/{rng.randrange(10**6)}?page={rng.randrange(99)} HTTP/1.1"'
        f' 200 {rng.randrange(10**6)} "-" "Mozilla/5.0 (X11; Linux x86_64; rv:{rng.randint(90, 140)}.0)'
        f' Gecko/20100101 Firefox/{rng.randint(90, 140)}.0"'
    )


def _logfmt(rng: random.Random) -> str:
    return (
        f"ts={1763720000 + rng.random() * 1e6:.6f} level=info caller={rng.choice(WORDS)}.go:{rng.randrange(999)}"
        f" trace_id={digest(rng)[:32]} span={digest(rng)[:16]} dur={rng.uniform(0, 9):.9f}s"
        f" goroutine={rng.randrange(9999)} addr=0x{rng.getrandbits(48):x}"
    )


def _syslog(rng: random.Random) -> str:
    return (
        f"Nov {rng.randint(1, 28):2d} {rng.randrange(24):02d}:{rng.randrange(60):02d}:{rng.randrange(60):02d}"
        f" node{rng.randrange(99)} kernel: [{rng.uniform(0, 9e6):.6f}] {rng.choice(WORDS)}:"
        f" pid {rng.randrange(2**22)} comm {rng.choice(WORDS)} ip {rng.getrandbits(64):016x}"
        f" sp {rng.getrandbits(64):016x} error {rng.randrange(16)}"
    )


def _trace_of_java(rng: random.Random) -> str:
    frames = "".join(
        f"\n\tat org.acme.{rng.choice(WORDS)}.{rng.choice(WORDS).title()}Service$Impl.run({rng.choice(WORDS).title()}.java:{rng.randrange(999)})"
        for _ in range(rng.randint(3, 12))
    )
    return f"java.lang.IllegalStateException: lease {rng.randrange(10**9)} expired{frames}"


def _json_log(rng: random.Random) -> str:
    return json.dumps(
        {
            "@timestamp": instant(rng),
            "level": "INFO",
            "thread": f"pool-{rng.randrange(9)}-thread-{rng.randrange(99)}",
            "logger": f"c.a.{rng.choice(WORDS)}.{rng.choice(WORDS).title()}",
            "msg": f"{rng.choice(WORDS)} {rng.randrange(10**8)} done in {rng.randrange(5000)}ms",
            "trace": {"id": digest(rng)[:32], "span": digest(rng)[:16], "sampled": True},
        }
    )


def _gauge(rng: random.Random) -> str:
    name = f"{rng.choice(WORDS)}_{rng.choice(('total', 'seconds', 'bytes'))}"
    return f'{name}{{instance="{address(rng)}",le="{rng.random():.3f}",shard="{rng.randrange(512)}"}} {rng.uniform(0, 1e12):.{rng.randrange(9)}f}'


def _ids(rng: random.Random) -> str:
    made = (
        uid(rng),
        run(rng, _CROCKFORD, 26),
        run(rng, _LETTERS, 27),
        run(rng, _LETTERS + "_-", 21),
        str(rng.getrandbits(62)),
        f"{rng.getrandbits(96):024x}",
        "c" + run(rng, _LOWER, 24),
        f"req_{run(rng, _LETTERS, 24)}",
        f"chatcmpl-{run(rng, _LETTERS, 29)}",
        f"msg_01{run(rng, _LETTERS, 22)}",
        f"i-0{rng.getrandbits(64):016x}",
        f"sha256:{digest(rng)}",
        digest(rng, "md5"),
        digest(rng, "sha1"),
        digest(rng, "sha512"),
        base64.b64encode(bytes.fromhex(digest(rng))).decode(),
        "sha512-" + base64.b64encode(bytes.fromhex(digest(rng, "sha512"))).decode(),
        base64.urlsafe_b64encode(rng.randbytes(rng.randint(16, 64))).decode().rstrip("="),
        f'W/"{digest(rng)[:20]}"',
        f"0x{digest(rng)[:40]}",
    )
    kept = rng.sample(made, 12)
    return json.dumps({f"{rng.choice(WORDS)}_{number}": one for number, one in enumerate(kept)})


def _npm_lock(rng: random.Random) -> str:
    packages = {
        f"node_modules/{rng.choice(WORDS)}-{rng.choice(WORDS)}": {
            "version": f"{rng.randrange(9)}.{rng.randrange(30)}.{rng.randrange(99)}",
            "resolved": f"https://packages.example/-/{rng.choice(WORDS)}-{rng.randrange(9)}.0.0.tgz",
            "integrity": "sha512-" + packed(rng, 64),
        }
        for _ in range(rng.randint(3, 9))
    }
    return json.dumps({"lockfileVersion": 3, "packages": packages}, indent=2)


def _sums(rng: random.Random) -> str:
    return (
        f"code.example/{rng.choice(WORDS)}/{rng.choice(WORDS)} v0.{rng.randrange(40)}.0-2026{rng.randrange(10**10):010d}-"
        f"{digest(rng)[:12]} h1:{packed(rng, 32)}"
    )


def _pinned(rng: random.Random) -> str:
    return f"{rng.choice(WORDS)}=={rng.randrange(9)}.{rng.randrange(30)}.{rng.randrange(9)} \\\n    --hash=sha256:{digest(rng)}"


def _git(rng: random.Random) -> str:
    return (
        f"diff --git a/{rng.choice(WORDS)}.py b/{rng.choice(WORDS)}.py\nindex {digest(rng)[:7]}..{digest(rng)[:7]} 100644\n"
        f"@@ -{rng.randrange(900)},{rng.randrange(40)} +{rng.randrange(900)},{rng.randrange(40)} @@ def {rng.choice(WORDS)}(\n"
        f"-    return {rng.choice(WORDS)}[{rng.randrange(99)}]\n+    return {rng.choice(WORDS)}.get({rng.randrange(99)})"
    )


def _commits(rng: random.Random) -> str:
    return f"{digest(rng, 'sha1')} {rng.choice(WORDS).title()} the {rng.choice(WORDS)} of {rng.choice(WORDS)} (#{rng.randrange(99999)})"


def _cursor(rng: random.Random) -> str:
    inner = json.dumps(
        {"after": rng.randrange(10**9), "sort": rng.choice(WORDS), "at": instant(rng)}
    )
    return json.dumps(
        {
            "next": base64.urlsafe_b64encode(inner.encode()).decode(),
            "limit": 100,
            "total": rng.randrange(10**6),
        }
    )


def _vector(rng: random.Random) -> str:
    values = [rng.gauss(0, 0.05) for _ in range(rng.choice((64, 128, 256)))]
    how = rng.randrange(4)
    if how == 0:
        return json.dumps({"embedding": values, "index": 0})
    if how == 1:
        data = struct.pack(f"<{len(values)}f", *values)
        return json.dumps({"embedding": base64.b64encode(data).decode(), "index": 0})
    if how == 2:
        return json.dumps({"q": [round(127 * math.tanh(v * 9)) for v in values]})
    return json.dumps({"text": "vector: [" + ", ".join(f"{v:.8f}" for v in values) + "]"})


def _span(rng: random.Random) -> str:
    start = 1763720000000000000 + rng.randrange(10**15)
    span = {
        "traceId": digest(rng)[:32],
        "spanId": base64.b64encode(rng.randbytes(8)).decode(),
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + rng.randrange(10**9)),
        "attributes": [{"key": "thread.id", "value": {"intValue": str(rng.randrange(10**6))}}],
    }
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span] * 2}]}]})


def _series(rng: random.Random) -> str:
    rows = [[1763720000 + 10 * n, rng.uniform(0, 1e6)] for n in range(rng.randint(10, 40))]
    return json.dumps({"metric": f"{rng.choice(WORDS)}.rate", "points": rows})


def _places(rng: random.Random) -> str:
    line = [[rng.uniform(-180, 180), rng.uniform(-90, 90)] for _ in range(rng.randint(5, 30))]
    code = run(rng, "".join(map(chr, range(63, 127))), rng.randint(10, 60))
    return json.dumps({"geometry": {"type": "LineString", "coordinates": line}, "polyline": code})


def _rows(rng: random.Random) -> str:
    head = "run,step,loss,accuracy,rate,elapsed\n"
    rows = (
        f"{rng.randrange(99)},{n * 100},{rng.random():.6f},{rng.random():.4f},{rng.random() / 999:.2e},{rng.uniform(0, 9e4):.1f}"
        for n in range(rng.randint(4, 25))
    )
    return head + "\n".join(rows)


def _matrix(rng: random.Random) -> str:
    width = rng.randint(3, 12)
    how = rng.choice(("{:4d}", "{:d}", "{:3d},", "{:02x}", "{:.3f}"))
    whole = "f}" not in how
    return "\n".join(
        " ".join(how.format(rng.randrange(256) if whole else rng.random()) for _ in range(width))
        for _ in range(rng.randint(3, 12))
    )


def _keys(rng: random.Random) -> str:
    key = {
        "kty": "RSA",
        "use": "sig",
        "alg": "RS256",
        "kid": run(rng, _LETTERS, 22),
        "e": "AQAB",
        "n": base64.urlsafe_b64encode(rng.randbytes(256)).decode().rstrip("="),
    }
    return json.dumps({"keys": [key]})


def _manifest(rng: random.Random) -> str:
    layers = [
        {
            "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
            "size": rng.randrange(10**8),
            "digest": f"sha256:{digest(rng)}",
        }
        for _ in range(rng.randint(2, 8))
    ]
    return json.dumps({"schemaVersion": 2, "layers": layers})


def _small_picture(rng: random.Random) -> str:
    head = b"GIF89a" + struct.pack("<HH", 8, 8) + b"\x80\0\0" + rng.randbytes(6)
    frame = b"\x2c\0\0\0\0\x08\0\x08\0\0\x02" + b"\x08" + rng.randbytes(8) + b"\0;"
    return json.dumps({"icon": "data:image/gif;base64," + base64.b64encode(head + frame).decode()})


PROGRAMS: dict[str, Make] = {
    "application log": lambda rng: lines(rng, _handled),
    "access log": lambda rng: lines(rng, _access),
    "logfmt": lambda rng: lines(rng, _logfmt),
    "syslog": lambda rng: lines(rng, _syslog),
    "stack of Java": _trace_of_java,
    "log in JSON lines": lambda rng: lines(rng, _json_log, 12),
    "gauges": lambda rng: lines(rng, _gauge),
    "ids": _ids,
    "lock file": _npm_lock,
    "sums of modules": lambda rng: lines(rng, _sums, 10),
    "pinned packages": lambda rng: lines(rng, _pinned, 10),
    "difference": lambda rng: lines(rng, _git, 6),
    "commits": lambda rng: lines(rng, _commits, 12),
    "cursor": _cursor,
    "vector": _vector,
    "spans": _span,
    "series": _series,
    "places": _places,
    "rows of numbers": _rows,
    "matrix": _matrix,
    "public keys": _keys,
    "manifest": _manifest,
    "small picture": _small_picture,
}
KINDS: dict[str, Make] = PROGRAMS | TEXTS


def _as_body(rng: random.Random, text: str) -> Exchange:
    return exchange(text, "application/json" if text[:1] == "{" else "text/plain")


def _as_prompt(rng: random.Random, text: str) -> Exchange:
    return chat(user(f"Explain this:\n```\n{text}\n```"), model="gpt-4o")


def _as_field(rng: random.Random, text: str) -> Exchange:
    return exchange(json.dumps({"id": rng.randrange(10**6), "message": text}, ensure_ascii=False))


def _as_form(rng: random.Random, text: str) -> Exchange:
    return exchange(urlencode({"message": text}), "application/x-www-form-urlencoded")


def _as_part(rng: random.Random, text: str) -> Exchange:
    return exchange(*multipart(("message", None, "text/plain", text.encode())))


def _as_tool_result(rng: random.Random, text: str) -> Exchange:
    return chat(
        user("What did it say?"),
        {"role": "tool", "tool_call_id": f"call_{run(rng, _LETTERS, 24)}", "content": text},
    )


def _as_query(rng: random.Random, text: str) -> Exchange:
    return exchange(b"", path="/v1/items?" + urlencode({"q": text[:600]}), method="GET")


CARRIED = {
    "body": _as_body,
    "prompt": _as_prompt,
    "field": _as_field,
    "form": _as_form,
    "part": _as_part,
    "tool result": _as_tool_result,
    "query": _as_query,
}


def clean_requests(seed: int, number: int) -> Iterator[tuple[str, str, Exchange]]:
    """Yield (kind, carrier, request), each kind in each carrier in turn."""
    rng = random.Random(seed)
    pairs = [(kind, carrier) for kind in KINDS for carrier in CARRIED]
    for at in range(number):
        kind, carrier = pairs[at % len(pairs)]
        yield kind, carrier, CARRIED[carrier](rng, KINDS[kind](rng))
