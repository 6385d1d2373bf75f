"""The beacon under `outgate run`: lines of tasks, and a program that cannot tell that it is there."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CLIENTS = {
    "httpx": """
import httpx
def client(): return httpx.AsyncClient(timeout=30)
async def ask(c, n): await c.post(f"https://files.example/up/{n}", content=BODY)
""",
    "aiohttp": """
import aiohttp
def client(): return aiohttp.ClientSession(trust_env=True)
async def ask(c, n): await (await c.post(f"https://files.example/up/{n}", data=BODY)).read()
""",
    "openai": """
import openai
def client(): return openai.AsyncOpenAI(base_url="https://files.example/up", api_key="k", max_retries=0)
async def ask(c, n):
    try: await c.post(f"/{n}", body={"text": BODY.decode()}, cast_to=object)
    except openai.APIError: pass
""",
}
MAIN = """
import asyncio
BODY = b"iban DE90871318609139099603"
async def one(c, n):
    await asyncio.sleep(0.01 * (n % 3))
    await ask(c, n)  # line one
async def two(c, n):
    await asyncio.gather(*(ask(c, m) for m in (n, n + 1000)))  # line two
async def main():
    async with client() as c:
        await asyncio.gather(*((one if n % 2 else two)(c, n) for n in range(12)))
asyncio.run(main())
"""


def lines_of(records: Any) -> dict[int, tuple[str, int, str, str] | None]:
    """Return the line of each request by the number in its path."""
    found = {}
    for record in records:
        line = record["sender"]["line"]
        number = int(record["destination"]["path"].rpartition("/")[2])
        found[number] = line and (
            line["file"], line["line"], line["function"], line["certainty"]
        )  # fmt: skip
    return found


@pytest.mark.parametrize("name", CLIENTS)
def test_each_task_of_an_event_loop_is_traced_to_its_own_line(outgate: Any, name: str) -> None:
    """Many tasks at once: the record of each request names the line that asked for it, as likely: it is the sender's word."""
    text = CLIENTS[name] + MAIN
    script = outgate.script("job.py", text)
    at = next(n for n, line in enumerate(text.splitlines(), 1) if "async def ask" in line)
    at += 2 if name == "openai" else 0
    done = outgate.run(sys.executable, str(script), options=("--json",))

    assert done.returncode == 0, done.stderr
    found = lines_of(outgate.records())
    assert len(found) == 18
    right = [n for n, line in found.items() if line is not None and line[2] == "ask"]
    assert {n: line for n, line in found.items() if n not in right} == {}
    assert {line[1] for line in found.values() if line} <= {at, at + 1}
    assert {line[3] for line in found.values() if line} == {"likely"}
    assert not list((outgate.home / "beacons").glob("*"))
