"""The secrets of other projects' tests in each of the five carriers, as figures of
`benchmarks.truth`.
"""

import json
from collections.abc import Callable
from urllib.parse import quote

from made_up_traffic import exchange

from core.exchange import Exchange


def _chat(text: str) -> Exchange:
    message = {"role": "user", "content": text}
    return exchange(json.dumps({"model": "m", "messages": [message]}).encode())


CARRIERS: dict[str, Callable[[str], Exchange]] = {
    "text body": lambda text: exchange(text.encode(), "text/plain"),
    "field of JSON": lambda text: exchange(json.dumps({"id": 7, "note": text}).encode()),
    "prompt": _chat,
    "header": lambda text: exchange(
        b"{}", headers={"x-note": " ".join(text.split()).encode("ascii", "replace").decode()}
    ),
    "query": lambda text: exchange(b"", path=f"/v1/x?note={quote(text, safe='')}"),
    "form": lambda text: exchange(
        f"note={quote(text, safe='')}".encode(), "application/x-www-form-urlencoded"
    ),
}
"""A header holds its text in one line, and no sign beyond ASCII."""
