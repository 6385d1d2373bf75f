"""Made-up values in every carrier that Python scripts use, as exchanges and as HAR: nothing here
belongs to anybody.
"""

import base64
import csv
import gzip
import io
import json
import random
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode
from xml.sax.saxutils import escape

import xlsxwriter

from core.exchange import Exchange
from core.ids import uuid7

AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
JSON = "application/json"
Build = Callable[[str, str, str], Exchange]
"""(label, key, value) → one exchange that carries the value."""


def exchange(
    body: bytes | str = b"",
    content_type: str = JSON,
    *,
    host: str = "api.partner.example",
    path: str = "/v1/items",
    headers: Mapping[str, str] | None = None,
    method: str = "POST",
) -> Exchange:
    """Return one request with this body."""
    data = body.encode() if isinstance(body, str) else body
    pairs = {"host": host, "content-type": content_type, **(headers or {})}
    return Exchange(
        id=str(uuid7()),
        at=AT,
        scheme="https",
        host=host,
        port=443,
        method=method,
        path=path,
        headers=tuple(pairs.items()),
        body=data,
        body_bytes=len(data),
    )


def chat(*messages: Mapping[str, Any], host: str = "api.openai.com", **more: Any) -> Exchange:
    """Return one chat completion request."""
    body = {"model": "gpt-4o", "messages": list(messages), **more}
    return exchange(json.dumps(body), host=host, path="/v1/chat/completions")


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def multipart(*parts: tuple[str, str | None, str | None, bytes]) -> tuple[bytes, str]:
    """Return (body, content type) of parts (name, file name, type, data)."""
    mark = "b0undary7e3"
    out = bytearray()
    for name, filename, kind, data in parts:
        out += f'--{mark}\r\nContent-Disposition: form-data; name="{name}"'.encode()
        out += f'; filename="{filename}"'.encode() if filename else b""
        out += f"\r\nContent-Type: {kind}".encode() if kind else b""
        out += b"\r\n\r\n" + data + b"\r\n"
    return bytes(out + f"--{mark}--\r\n".encode()), f"multipart/form-data; boundary={mark}"


def upload(data: bytes, name: str, kind: str) -> Exchange:
    """Return one upload of a file in a form."""
    body, content_type = multipart(("note", None, None, b"monthly"), ("file", name, kind, data))
    return exchange(body, content_type, host="files.partner.example", path="/upload")


def csv_of(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> bytes:
    """Return a CSV file."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue().encode()


def xlsx_of(
    columns: tuple[str, ...], rows: list[tuple[str, ...]], sheet: str = "Customers"
) -> bytes:
    """Return an XLSX file."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    page = book.add_worksheet(sheet)
    for number, row in enumerate([columns, *rows]):
        for column, cell in enumerate(row):
            page.write_string(number, column, cell)
    book.close()
    return out.getvalue()


def _csv_rows(key: str, value: str) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    return ("row", key, "status"), [("1", value, "open"), ("2", "", "closed"), ("3", "", "open")]


def _zip(data: bytes, name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return out.getvalue()


def _tool_arguments(label: str, key: str, value: str) -> Exchange:
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "save", "arguments": json.dumps({key: value})},
    }
    return chat(user("Save it."), {"role": "assistant", "content": None, "tool_calls": [call]})


def _responses(label: str, key: str, value: str) -> Exchange:
    body = {
        "model": "gpt-4o",
        "input": [
            {"role": "user", "content": [{"type": "input_text", "text": f"{label}: {value}"}]}
        ],
    }
    return exchange(json.dumps(body), host="llm.intern.example", path="/v1/responses")


def _anthropic(label: str, key: str, value: str) -> Exchange:
    result = {
        "type": "tool_result",
        "tool_use_id": "t1",
        "content": json.dumps({"rows": [{key: value, "n": 1}]}),
    }
    body = {
        "model": "claude-sonnet-4-5",
        "max_tokens": 9,
        "messages": [{"role": "user", "content": [result]}],
    }
    return exchange(json.dumps(body), host="api.anthropic.com", path="/v1/messages")


def _graphql(label: str, key: str, value: str) -> Exchange:
    body = {
        "query": f"mutation($i:In!){{save(input:$i){{{key}}}}}",
        "variables": {"i": {key: value}},
    }
    return exchange(json.dumps(body), path="/graphql")


def _in_base64(label: str, key: str, value: str) -> Exchange:
    data = base64.b64encode(json.dumps({"created": True, key: value}).encode()).decode()
    return exchange(json.dumps({"event": "put", "data": data}))


def _data_url(label: str, key: str, value: str) -> Exchange:
    text = base64.b64encode(f"{label}: {value}\n".encode()).decode()
    part = {
        "type": "file",
        "file": {"filename": "a.txt", "file_data": f"data:text/plain;base64,{text}"},
    }
    return chat({"role": "user", "content": [{"type": "text", "text": "Read it."}, part]})


def _soap(label: str, key: str, value: str) -> Exchange:
    tag = "".join(c if c.isalnum() or c == "_" else "_" for c in key)
    body = (
        '<?xml version="1.0"?><s:Envelope'
        f' xmlns:s="x"><s:Body><{tag}>{escape(value)}</{tag}></s:Body></s:Envelope>'
    )
    return exchange(body, "text/xml; charset=utf-8", path="/soap")


def _escaped(label: str, key: str, value: str) -> Exchange:
    text = "".join(f"\\u{ord(c):04x}" for c in value)
    return exchange(f'{{"{key}": "{text}"}}')


CARRIERS: dict[str, Build] = {
    "chat text": lambda label, key, value: chat(
        user(f"Please check this for me. The {label} is {value}, thanks.")
    ),
    "system prompt": lambda label, key, value: chat(
        {"role": "system", "content": f"You help one customer.\n{label}: {value}\nBe brief."},
        user("Hello"),
    ),
    "json in prose": lambda label, key, value: chat(
        user(
            "Summarise these visits:\n"
            + json.dumps([{"no": 7, key: value, "ward": "B2"}], indent=1)
        )
    ),
    "tool arguments": _tool_arguments,
    "tool result": _anthropic,
    "responses api, unknown host": _responses,
    "json body": lambda label, key, value: exchange(
        json.dumps({"meta": {"v": 2}, "record": {key: value}})
    ),
    "escaped json": _escaped,
    "graphql variables": _graphql,
    "form": lambda label, key, value: exchange(
        urlencode({"action": "save", key: value}), "application/x-www-form-urlencoded"
    ),
    "query": lambda label, key, value: exchange(
        method="GET", path=f"/search?{quote(key)}={quote(value)}&limit=10"
    ),
    "multipart field": lambda label, key, value: exchange(
        *multipart((key, None, None, value.encode()), ("a", None, None, b"1"))
    ),
    "multipart csv": lambda label, key, value: upload(
        csv_of(*_csv_rows(key, value)), "export.csv", "text/csv"
    ),
    "multipart xlsx": lambda label, key, value: upload(
        xlsx_of(*_csv_rows(key, value)),
        "export.xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    "zipped csv": lambda label, key, value: upload(
        _zip(csv_of(*_csv_rows(key, value)), "export.csv"), "export.zip", "application/zip"
    ),
    "csv body": lambda label, key, value: exchange(csv_of(*_csv_rows(key, value)), "text/csv"),
    "ndjson": lambda label, key, value: exchange(
        "".join(json.dumps(row) + "\n" for row in ({"n": 1, key: value}, {"n": 2}, {"n": 3})),
        "application/x-ndjson",
    ),
    "gzip json": lambda label, key, value: exchange(
        gzip.compress(json.dumps({key: value}).encode()), headers={"content-encoding": "gzip"}
    ),
    "base64 in json": _in_base64,
    "data url": _data_url,
    "soap": _soap,
    "csv in prompt": lambda label, key, value: chat(
        user(
            "Which of these is"
            f" open?\n\nrow,{key},email,city\n1,{value},a.b@contoso.com,Rome\n2,,c.d@contoso.com,Oslo\n"
        )
    ),
    "labelled lines": lambda label, key, value: chat(
        user(f"New customer\n- **City**: Rome\n- **{label}**: {value}\n")
    ),
}


def har_of(exchanges: list[tuple[Exchange, str | bytes, str]]) -> bytes:
    """Return a HAR file of (exchange, answer text or bytes, answer's type); bytes are kept as
    base64.
    """
    entries = [_entry(*entry) for entry in exchanges]
    return json.dumps(
        {"log": {"version": "1.2", "creator": {"name": "t", "version": "1"}, "entries": entries}}
    ).encode()


def _entry(sent: Exchange, answer: str | bytes, answer_type: str) -> dict[str, Any]:
    content: dict[str, Any] = {"size": len(answer), "mimeType": answer_type}
    if isinstance(answer, bytes):
        content |= {"text": base64.b64encode(answer).decode(), "encoding": "base64"}
    else:
        content["text"] = answer
    try:
        post = {"mimeType": sent.header("content-type") or "", "text": sent.body.decode()}
    except UnicodeDecodeError:
        post = {
            "mimeType": sent.header("content-type") or "",
            "text": base64.b64encode(sent.body).decode(),
            "encoding": "base64",
        }
    request = {
        "method": sent.method,
        "url": f"https://{sent.host}{sent.path}",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": [{"name": n, "value": v} for n, v in sent.headers],
        "queryString": [],
        "headersSize": -1,
        "bodySize": len(sent.body),
    }
    if sent.body:
        request["postData"] = post
    response = {
        "status": 200,
        "statusText": "OK",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "redirectURL": "",
        "headers": [{"name": "content-type", "value": answer_type}],
        "content": content,
        "headersSize": -1,
        "bodySize": len(answer),
    }
    return {
        "startedDateTime": "2026-11-21T09:30:00.000Z",
        "time": 5,
        "request": request,
        "response": response,
        "cache": {},
        "timings": {"send": 1, "wait": 3, "receive": 1},
    }


def rng_of(*seed: str) -> random.Random:
    """Return a generator that gives the same values each time for the same words."""
    return random.Random(" ".join(seed))
