"""Made-up people and made-up harmless payloads, from a seed: nothing here belongs to anybody."""

import base64
import hashlib
import random
import string
import uuid
import zlib
from datetime import date, timedelta

from classifiers.payload import Payload, Segment
from classifiers.personal.scan.cards import check_card
from classifiers.personal.scan.checks import CHECKS

DIGITS = string.digits


def payload_of(value: object) -> Payload:
    """Return a payload as the decoding yields it for a JSON value: one segment a leaf."""
    payload = Payload(json=value)
    _walk(value, None, (), payload.segments)
    return payload


def _walk(value: object, key: str | None, path: tuple[str | int, ...], out: list[Segment]) -> None:
    if isinstance(value, dict):
        for name, child in value.items():
            _walk(child, name, (*path, name), out)
    elif isinstance(value, list):
        for index, child in enumerate(value):
            _walk(child, key, (*path, index), out)
    elif isinstance(value, str):
        out.append(Segment(value, key, path))
    elif isinstance(value, bool) or value is None:
        return
    else:
        out.append(Segment(repr(value), key, path, quoted=False))


def digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choice(DIGITS) for _ in range(count))


def birth(rng: random.Random) -> date:
    return date(1940, 1, 1) + timedelta(days=rng.randrange(22_000))


def _shape(kind: str, rng: random.Random) -> str:
    """Return something of the kind's shape; its check digit is right once in a while."""
    born = birth(rng)
    letters = string.ascii_uppercase

    def pick(chars: str, n: int) -> str:
        return "".join(rng.choice(chars) for _ in range(n))

    return {
        "us_ssn": lambda: (
            f"{rng.randrange(101, 665)}-{rng.randrange(10, 99)}-{rng.randrange(1000, 9999)}"
        ),
        "uk_nino": lambda: pick("ABCEGHJKLMPRSTWXYZ", 2) + digits(rng, 6) + pick("ABCD", 1),
        "br_cpf": lambda: f"{digits(rng, 3)}.{digits(rng, 3)}.{digits(rng, 3)}-{digits(rng, 2)}",
        "br_cnpj": lambda: (
            f"{digits(rng, 2)}.{digits(rng, 3)}.{digits(rng, 3)}/0001-{digits(rng, 2)}"
        ),
        "in_aadhaar": lambda: f"{rng.randrange(2000, 9999)} {digits(rng, 4)} {digits(rng, 4)}",
        "in_pan": (
            lambda: pick(letters, 3) + "P" + pick(letters, 1) + digits(rng, 4) + pick(letters, 1)
        ),
        "de_tax_id": lambda: str(rng.randrange(1, 9)) + digits(rng, 10),
        "fr_nir": lambda: f"{rng.choice('12')}{born:%y%m}{rng.randrange(10, 95)}{digits(rng, 8)}",
        "es_dni": lambda: digits(rng, 8) + pick("TRWAGMYFPDXBNJZSQVHLCKE", 1),
        "es_nie": lambda: pick("XYZ", 1) + digits(rng, 7) + pick("TRWAGMYFPDXBNJZSQVHLCKE", 1),
        "it_codice_fiscale": lambda: (
            pick("BCDFGLMNPRST", 6)
            + f"{born:%y}"
            + pick("ABCDEHLMPRST", 1)
            + f"{born:%d}H501"
            + pick(letters, 1)
        ),
        "nl_bsn": lambda: digits(rng, 9),
        "pl_pesel": lambda: f"{born:%y%m%d}{digits(rng, 5)}",
        "pt_nif": lambda: rng.choice("12") + digits(rng, 8),
        "be_national_number": lambda: f"{born:%y.%m.%d}-{digits(rng, 3)}.{digits(rng, 2)}",
        "se_personnummer": lambda: f"{born:%y%m%d}-{digits(rng, 4)}",
        "no_fodselsnummer": lambda: f"{born:%d%m%y}{digits(rng, 5)}",
        "fi_hetu": lambda: (
            f"{born:%d%m%y}-{rng.randrange(100, 899)}{pick('0123456789ABCDEFHJKLMNPRSTUVWXY', 1)}"
        ),
        "dk_cpr": lambda: f"{born:%d%m%y}-{rng.randrange(1000, 3999)}",
        "ch_ahv": lambda: f"756.{digits(rng, 4)}.{digits(rng, 4)}.{digits(rng, 2)}",
        "ro_cnp": lambda: f"{rng.choice('12')}{born:%y%m%d}{rng.randrange(10, 46)}{digits(rng, 4)}",
        "ca_sin": lambda: f"{rng.randrange(100, 799)} {digits(rng, 3)} {digits(rng, 3)}",
        "au_tfn": lambda: f"{rng.randrange(100, 999)} {digits(rng, 3)} {digits(rng, 3)}",
        "mx_curp": lambda: (
            pick("BCDFG", 1)
            + pick("AEIOU", 1)
            + pick("LMNPR", 2)
            + f"{born:%y%m%d}"
            + pick("HM", 1)
            + "DF"
            + pick("BCDFGLMN", 3)
            + "0"
            + digits(rng, 1)
        ),
        "za_id": lambda: f"{born:%y%m%d}{digits(rng, 4)}08{digits(rng, 1)}",
        "uk_nhs": lambda: f"{rng.randrange(400, 799)} {digits(rng, 3)} {digits(rng, 4)}",
        "credit_card": lambda: (
            f"4{digits(rng, 3)} {digits(rng, 4)} {digits(rng, 4)} {digits(rng, 4)}"
        ),
    }[kind]()


def valid(kind: str, rng: random.Random) -> str:
    """Return a made-up identifier whose check digit is right."""
    check = (lambda v: check_card(v.replace(" ", ""))) if kind == "credit_card" else CHECKS[kind]
    keeps = {"fi_hetu", "se_personnummer", "dk_cpr"}
    for _ in range(30_000):
        text = _shape(kind, rng)
        if check(text if kind in keeps else "".join(c for c in text if c.isalnum())) is not None:
            return text
    raise AssertionError(kind)


def iban(rng: random.Random, country: str = "DE") -> str:
    """Return a made-up IBAN."""
    number = digits(rng, 18)
    letters = "".join(str(int(c, 36)) for c in country)
    check = 98 - int(number + letters + "00") % 97
    text = f"{country}{check:02d}{number}"
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4)) if rng.random() < 0.5 else text


def clean_payloads(seed: int, each: int) -> list[tuple[str, Payload]]:
    """Return harmless payloads of twelve kinds that full-text scanners flag."""
    rng = random.Random(seed)
    return [
        (name, payload_of(make(rng)))
        for make_all in [_CLEAN]
        for name, make in make_all.items()
        for _ in range(each)
    ]


def _uid(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def _sha(rng: random.Random) -> str:
    return hashlib.sha256(rng.randbytes(8)).hexdigest()


def _instant(rng: random.Random) -> str:
    return f"2026-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d}T{rng.randrange(24):02d}:{rng.randrange(60):02d}:{rng.randrange(60):02d}.{digits(rng, 6)}Z"


def _json_ids(rng: random.Random) -> object:
    return {
        "id": _uid(rng),
        "trace_id": _sha(rng)[:32],
        "created_at": _instant(rng),
        "sha256": _sha(rng),
        "user_id": rng.randrange(10**9),
        "request_id": "req_" + _sha(rng)[:24],
        "etag": f'W/"{_sha(rng)[:20]}"',
        "items": [
            {"id": rng.randrange(10**12), "sku": f"SKU-{digits(rng, 8)}", "ok": True}
            for _ in range(10)
        ],
    }


def _embedding(rng: random.Random) -> object:
    return {
        "model": "text-embedding-3-small",
        "data": [{"embedding": [rng.uniform(-1, 1) for _ in range(200)]}],
    }


def _embedding_text(rng: random.Random) -> object:
    return {"content": "vector: " + ", ".join(f"{rng.uniform(-1, 1):.16f}" for _ in range(60))}


def _png(rng: random.Random) -> bytes:
    """Return a whole picture of 16 by 16 points."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4) + name + data + zlib.crc32(name + data).to_bytes(4)

    rows = b"".join(b"\0" + rng.randbytes(48) for _ in range(16))
    head = (16).to_bytes(4) * 2 + bytes((8, 2, 0, 0, 0))
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in chunks)


def _image(rng: random.Random) -> object:
    return {
        "image_url": "data:image/png;base64," + base64.b64encode(_png(rng)).decode(),
        "b64": base64.b64encode(rng.randbytes(300)).decode(),
    }


def _logs(rng: random.Random) -> object:
    lines = [
        f"{_instant(rng)} INFO [worker-{rng.randrange(16)}] handled request {_uid(rng)} in"
        f" {rng.uniform(1, 900):.3f} ms bytes={rng.randrange(10**9)} status=200"
        f" pid={rng.randrange(40000)} from"
        f" 10.0.{rng.randrange(255)}.{rng.randrange(255)}:{rng.randrange(65536)}"
        for _ in range(20)
    ]
    return {"message": "\n".join(lines)}


def _metrics(rng: random.Random) -> object:
    return {
        "series": [
            {
                "metric": "cpu.total",
                "points": [[1763720000 + i * 10, rng.uniform(0, 1e12)] for i in range(20)],
                "timestamp": 1763720000000 + rng.randrange(10**9),
                "ts_ns": 1763720000000000000 + rng.randrange(10**15),
                "counter": rng.randrange(10**16),
                "host": f"ip-10-0-{rng.randrange(255)}-{rng.randrange(255)}",
            }
        ],
        "text": (
            f"up {rng.randrange(10**9)} {rng.randrange(10**10)} {rng.uniform(0, 1e9):.6f}"
            f" {1763720000 + rng.randrange(10**6)}"
        ),
    }


def _code(rng: random.Random) -> object:
    return {
        "content": (
            "import os\n@dataclass(frozen=True)\nclass Order:\n    total: int = "
            + digits(rng, 7)
            + "\n\ndef main(argv):\n    # see https://git@github.com/acme/repo.git and npm i"
            " left-pad@1.3.0\n"
            + f"    version = '1.{rng.randrange(99)}.{rng.randrange(9999)}'\n    mask ="
            f" 0x{_sha(rng)[:8]}\n"
            + "    return subprocess.run(['git', 'clone', 'git@github.com:acme/repo.git'],"
            " timeout=3600)\n"
            + f"    color = '#{_sha(rng)[:6]}'; epoch = {1763720000 + rng.randrange(10**6)}; icon ="
            " 'logo@2x.png'\n"
            + "# license: MIT, ported from the account module; born of necessity, the account 2 of"
            " it follows\n"
        )
    }


def _orders(rng: random.Random) -> object:
    return {
        "orders": [
            {
                "order_id": digits(rng, 16),
                "ean": digits(rng, 13),
                "tracking_number": "1Z" + digits(rng, 16),
                "sku": f"{rng.choice('ABC')}{digits(rng, 9)}",
                "quantity": rng.randrange(9),
                "price": rng.uniform(1, 900),
                "invoice": f"INV-{digits(rng, 10)}",
                "shipment": digits(rng, 12),
                "gtin": digits(rng, 14),
            }
            for _ in range(8)
        ],
        "note": (
            f"Order {digits(rng, 10)} shipped with tracking {digits(rng, 12)}, invoice"
            f" {digits(rng, 9)}."
        ),
    }


def _traces(rng: random.Random) -> object:
    return {
        "resourceSpans": [
            {
                "traceId": _sha(rng)[:32],
                "spanId": _sha(rng)[:16],
                "name": "GET /v1/items",
                "startTimeUnixNano": str(1763720000000000000 + rng.randrange(10**15)),
                "attributes": [
                    {"key": "http.status_code", "value": {"intValue": "200"}},
                    {"key": "snowflake", "value": {"stringValue": str(rng.getrandbits(62))}},
                ],
            }
            for _ in range(6)
        ]
    }


def _digit_columns(rng: random.Random) -> object:
    return {"rows": "\n".join(",".join(digits(rng, n) for n in (9, 10, 11, 12)) for _ in range(20))}


def _prose(rng: random.Random) -> object:
    return {
        "messages": [
            {
                "role": "user",
                "content": (
                    f"The committee met on {rng.randrange(1, 28)} May 2026 and approved 3.5 million"
                    " for 14 projects. Revenue was 1,234,567.89 in the year; section"
                    f" 4.{rng.randrange(9)}.2 of ISO 27001:2022 applies, see pp."
                    f" 100-{rng.randrange(110, 190)}. Call the function on port 8080, then compare"
                    f" 192.168.1.{rng.randrange(255)} with build {digits(rng, 8)}."
                ),
            }
        ],
        "model": "gpt-4o",
        "max_tokens": 4096,
        "seed": rng.randrange(10**9),
    }


def _config(rng: random.Random) -> object:
    return {
        "name": "Build And Deploy",
        "steps": [{"name": "Run Unit Tests", "uses": "actions/checkout@v4"}],
        "image": f"registry.local/app@sha256:{_sha(rng)}",
        "version": f"{rng.randrange(9)}.{rng.randrange(30)}.{rng.randrange(999)}",
        "address": f"0x{_sha(rng)[:40]}",
        "bind_address": "0.0.0.0:8080",
        "account_id": digits(rng, 12),
        "contract_address": f"0x{_sha(rng)[:40]}",
        "ip": "10.1.2.3",
        "mac_address": "00:1a:2b:3c:4d:5e",
        "race": None,
        "conditions": [{"type": "Ready", "status": "True"}],
        "treatment": "control",
        "phone_verified": True,
        "arn": f"arn:aws:iam::{digits(rng, 12)}:role/deploy",
        "dashboard": "https://x.example/d/" + digits(rng, 9),
    }


_CLEAN = {
    "json ids": _json_ids,
    "embedding": _embedding,
    "embedding in text": _embedding_text,
    "image": _image,
    "logs": _logs,
    "metrics": _metrics,
    "code": _code,
    "orders": _orders,
    "traces": _traces,
    "digit columns": _digit_columns,
    "prose": _prose,
    "configuration": _config,
}
