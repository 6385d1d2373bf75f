"""Values in every part of a request: whatever was found is in no field of the record."""

import base64
import gzip
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from families import with_each

from classifiers.engine import Engine, EngineSetup
from core.attribution import UNATTRIBUTED
from core.decision import Decision, Verdict
from core.exchange import Exchange
from core.organisation import Organisation
from core.recorded import record_of

KEY = "sk-proj-" + "Canary7Zq" * 6
WORD = "Project Basalt"
PERSON = "Annabel Kowalska"
VALUES = {
    "email": "canary.person7341@nordwind-logistik.de",
    "iban": "DE32100500004417889213",
    "card": "4539578763621486",
    "phone": "+49 170 4417882",
    "social security number": "536-90-4399",
    "key": KEY,
    "cloud key": "AKIA" + "QX7C2NARY5ZT4WLM",
    "own word": WORD,
    "canary": "canary-7f3a9c2e41",
}
JSON, FORM, CSV = "application/json", "application/x-www-form-urlencoded", "text/csv"
PART = 'form-data; name="{}"; filename="{}"'

type Sent = tuple[str, bytes, str, tuple[tuple[str, str], ...]]
"""Content type, body, path, headers."""


def _part(name: str, file: str, kind: str, content: str) -> bytes:
    head = f"--B\r\nContent-Disposition: {PART.format(name, file)}\r\nContent-Type: {kind}\r\n\r\n"
    return f"{head}{content}\r\n--B--\r\n".encode()


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


_NAMING = (
    *("user-agent", "referer", "x-file", "content-disposition", "if-none-match", "accept", "range"),
    *("x-amz-meta-name", "slug", "destination", "origin", "x-goog-user-project", "link", "from"),
)
"""Headers in which programs put names."""


def _zipped(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, "id,email\n1,a@b.de\n2,c@d.de\n")
    return out.getvalue()


def carriers(value: str) -> dict[str, Sent]:
    """Return requests that hold the value where names stand."""
    multipart, chat = "multipart/form-data; boundary=B", "/v1/chat/completions"
    picture = f"data:image/{value};base64," + base64.b64encode(b"abc" * 30).decode()
    parts = [{"type": "image_url", "image_url": {"url": picture}}]
    tool = {"type": "function", "function": {"name": value, "description": "x"}}
    rows = [{value: n, "email": f"a{n}@b.de"} for n in range(4)]
    named = (("openai-organization", value), ("openai-project", value))
    coded = _json({value: {"note": value, "email": "a@b.de"}})
    tight = base64.b64encode(coded).decode()
    rpc = {"jsonrpc": "2.0", "id": value, "method": value, "params": {"name": value, value: value}}
    query = {"query": f'mutation M {{ add(name: "{value}") {{ id }} }}', "operationName": value}
    used = {"id": value, "function": {"name": value, "arguments": json.dumps({value: value})}}
    said = {"role": "assistant", "name": value, "content": None, "tool_calls": [used]}
    call = {"model": value, "messages": [{"role": "user", "content": "a@b.de"}], "tools": [tool]}
    seen = {"model": "gpt-4o", "messages": [{"role": "user", "content": parts}]}
    return {
        "JSON key": (JSON, _json({value: {"iban": "x"}, "a": "a@b.de"}), "/x", ()),
        "nested JSON key": (JSON, _json({"to": {value: {"card": value}}}), "/x", ()),
        "key of rows": (JSON, _json(rows), "/x", ()),
        "CSV header": (CSV, f"id,{value}\n1,a@b.de\n2,c@d.de\n3,e@f.de\n".encode(), "/x", ()),
        "form name": (FORM, f"{value}=a@b.de&z=3".encode(), "/x", ()),
        "multipart name": (multipart, _part(value, "", "text/plain", "a@b.de"), "/x", ()),
        "file name": (multipart, _part("f", f"{value}.csv", CSV, "id,email\n1,a@b.de"), "/x", ()),
        "type of a part": (multipart, _part("f", "x.bin", f"image/{value}", "\0\1\xff"), "/x", ()),
        "XML name": ("application/xml", f"<r><a{value}>a@b.de</a{value}></r>".encode(), "/x", ()),
        "model and tool": (JSON, _json(call), chat, named),
        "attachment": (JSON, _json(seen), chat, ()),
        "path": (JSON, _json({"k": value}), f"/files/{value}/x?{value}=1&q={value}", ()),
        "name of a header": (JSON, b"{}", "/x", ((value.lower(), "a@b.de"),)),
        "content-encoding": (JSON, b"{}", "/x", (("content-encoding", value),)),
        "boundary": (f"multipart/form-data; boundary={value}", b"x", "/x", ()),
        "charset": (f"text/plain; charset={value}", b"x", "/x", ()),
        "method": (JSON, b"{}", "/x", ()),
        "headers that name": (JSON, b"{}", "/x", tuple((name, value) for name in _NAMING)),
        "cookies": (JSON, b"{}", "/x", (("cookie", f"{value}={value}; seen={value}"),)),
        "parameter of a path": (JSON, b"{}", f"/a;{value}={value}/b", ()),
        "gzip": (JSON, gzip.compress(coded), "/x", (("content-encoding", "gzip"),)),
        "base64": ("text/plain", base64.b64encode(coded), f"/x?d={tight}", (("x-coded", tight),)),
        "a call of a tool server": (JSON, _json(rpc), "/mcp", (("mcp-session-id", value),)),
        "GraphQL": (JSON, _json(query), "/graphql", ()),
        "a type with a parameter": (f"{JSON}; {value}={value}", coded, "/x", ()),
        "lines of JSON": ("application/x-ndjson", _json({value: value}) + b"\n" + coded, "/x", ()),
        "calls of tools": (JSON, _json({"model": "gpt-4o", "messages": [said]}), chat, ()),
        "a file in a zip": ("application/zip", _zipped(f"{value}.csv"), f"/{value}.zip", ()),
        "S3 object": ("text/csv", b"id,email\n1,a@b.de\n", f"/bucket-{value}/{value}.csv", ()),
    }


@pytest.fixture(scope="module", params=[False, True], ids=["on the loop", "in a worker"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    ours = Organisation(words=(WORD,), canaries=(VALUES["canary"],))
    setup = EngineSetup(key=b"k" * 32, organisation=ours, in_worker=request.param, long_tail=False)
    yield Engine(setup)


def recorded(engine: Engine, sent: Sent, host: str, method: str = "POST") -> str:
    """Return the record's JSON as it is stored."""
    kind, body, path, headers = sent
    exchange = Exchange(
        id="x",
        at=datetime(2026, 1, 1, tzinfo=UTC),
        scheme="https",
        host=host,
        port=443,
        method=method,
        path=path.replace(" ", "%20"),
        headers=(("content-type", kind), *headers),
        body=body,
        body_bytes=len(body),
    )
    seen = engine.classify(exchange)
    decision = Decision(verdict=Verdict.ALLOW)
    return json.dumps(record_of(exchange, UNATTRIBUTED, seen, decision).to_json(), indent=0)


HOSTS = ("files.example", "api.openai.com", "s3.amazonaws.com")
READ_ALIKE = tuple(carriers(""))[tuple(carriers("")).index("headers that name") :]
"""Carriers that are read in one way wherever they go."""
OF_OTHERS = {"calls of tools": "api.openai.com", "S3 object": "s3.amazonaws.com"}
WAYS = [
    *((carrier, host) for carrier in carriers("") if carrier not in READ_ALIKE for host in HOSTS),
    *((carrier, OF_OTHERS.get(carrier, "files.example")) for carrier in READ_ALIKE),
]


def names_its_account(what: str, carrier: str, host: str) -> bool:
    """True where an organisation's word may be the name of its account, which rules ask for."""
    return what == "own word" and (host == "api.openai.com" or carrier == "S3 object")


KEPT = [(what, *way) for what in VALUES for way in WAYS if not names_its_account(what, *way)]


@with_each(("what", "carrier", "host"), KEPT)
def test_no_name_of_a_payload_tells_a_value(
    engine: Engine, what: str, carrier: str, host: str
) -> None:
    """Keys, columns, files, models, paths and types are kept without the values in them."""
    value = VALUES[what]
    method = value if carrier == "method" and what in {"iban", "key", "cloud key"} else "POST"
    kept = recorded(engine, carriers(value)[carrier], host, method)
    written = {value, value.lower(), value.replace(" ", ""), value.replace(" ", "%20")}
    assert [spelling for spelling in written if spelling in kept] == []


@pytest.mark.parametrize("carrier", ["JSON key", "nested JSON key", "model and tool", "path"])
def test_a_person_who_was_found_is_named_nowhere(engine: Engine, carrier: str) -> None:
    """A name that only its field tells is masked where it stands as a key or a file, too."""
    kind, body, path, headers = carriers(PERSON)[carrier]
    body = _json({**json.loads(body), "customer_name": PERSON, "contact_person": PERSON})
    kept = recorded(engine, (kind, body, path, headers), "files.example")
    assert '"person' in kept
    assert "Kowalska" not in kept


@pytest.mark.parametrize(
    "name", ["invoice_number", "Customer Name", "totals 2026", "connect_then_fork_parent_closes"]
)
def test_ordinary_names_stay_readable(engine: Engine, name: str) -> None:
    """A place that tells nobody's value is named as it is."""
    kept = recorded(engine, (JSON, _json({name: "a@b.de"}), f"/{name}/x", ()), "files.example")
    assert f"body.{name}" in kept
    assert f"/{name}/x" in kept.replace("%20", " ")


@pytest.mark.parametrize("carrier", ["multipart name", "form name", "JSON key", "path"])
@pytest.mark.parametrize("what", ["email", "iban", "card"])
def test_names_are_looked_at(engine: Engine, what: str, carrier: str) -> None:
    """A value that stands as a name is found there."""
    kept = recorded(engine, carriers(VALUES[what])[carrier], "files.example")
    kinds = {"email": "email", "iban": "iban", "card": "credit_card"}
    assert f'"{kinds[what]}"' in kept
