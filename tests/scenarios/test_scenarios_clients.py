"""Real clients and SDKs behind a running gate, each as a process of its own."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from own_mounts import may_have_own_mounts

from tests.scenarios.conftest import Outgate

URLLIB = "import urllib.request as u; u.urlopen('https://{host}/', data=b'x', timeout=30).read()"
REQUESTS = (
    "import requests; requests.post('https://{host}/', data=b'x', timeout=30).raise_for_status()"
)
HTTPX = "import httpx; httpx.post('https://{host}/', content=b'x', timeout=30).raise_for_status()"
AIOHTTP = """
import asyncio, aiohttp
async def main():
    async with aiohttp.ClientSession(trust_env=True) as session:
        async with session.post('https://{host}/', data=b'x') as answer:
            answer.raise_for_status()
asyncio.run(main())
"""
OPENAI = """
from openai import OpenAI
answer = OpenAI().chat.completions.create(model='gpt-4o-mini', messages=[{{'role': 'user', 'content': 'hello'}}])
assert answer.usage.completion_tokens == 12
"""
OPENAI_STREAM = """
from openai import OpenAI
stream = OpenAI().chat.completions.create(
    model='gpt-4o-mini', stream=True, messages=[{{'role': 'user', 'content': 'hello'}}])
assert ''.join(c.choices[0].delta.content for c in stream if c.choices).startswith('Three')
"""
ANTHROPIC = """
from anthropic import Anthropic
client = Anthropic(api_key='sk-ant-api03-' + 'x' * 90)
message = client.messages.create(model='claude-haiku-4-5', max_tokens=9, messages=[{{'role': 'user', 'content': 'hello'}}])
assert message.usage.output_tokens == 9
"""
CURL = (
    "import subprocess; subprocess.run(['curl', '-sSf', '-d', 'x', 'https://{host}/'], check=True)"
)


@pytest.mark.parametrize(
    ("name", "program", "host"),
    [
        ("urllib", URLLIB, None),
        ("requests", REQUESTS, None),
        ("httpx", HTTPX, None),
        ("aiohttp", AIOHTTP, None),
        ("openai", OPENAI, "api.openai.com"),
        ("openai-stream", OPENAI_STREAM, "api.openai.com"),
        ("anthropic", ANTHROPIC, "api.anthropic.com"),
        ("curl", CURL, None),
    ],
)
def test_a_client_works_and_is_attributed(
    serving: Outgate, name: str, program: str, host: str | None
) -> None:
    """Each client trusts the gate, gets its answer, and its request is attributed to the script
    that made it.
    """
    if name == "curl":
        import shutil

        if shutil.which("curl") is None:
            pytest.skip("curl is not installed")
    wanted = host or f"{name}.example"
    script = serving.script(f"use_{name.replace('-', '_')}.py", program.format(host=wanted))
    done = subprocess.run(
        [sys.executable, str(script)],
        env=serving.behind(),
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr

    def mine() -> list[dict[str, Any]]:
        return [
            r for r in serving.records() if (r["sender"]["script"] or {}).get("path") == str(script)
        ]

    [record] = serving.wait_for(mine)
    assert record["destination"]["host"] == wanted
    assert record["sender"]["certainty"] == "exact", record["sender"]["reason"]
    if host is not None:
        assert (record["llm"]["tokens_basis"], record["llm"]["output_tokens"]) == (
            "exact",
            9 if name == "anthropic" else 12,
        )
        assert record["llm"]["organisation"]
        assert record["llm"]["key_fingerprint"]
    if name == "curl":
        assert record["sender"]["name"] == "curl"
        assert record["sender"]["script_process"]["name"].startswith("python")


@pytest.mark.skipif(not may_have_own_mounts(), reason="mounts, as root alone may have its own")
def test_no_test_beside_these_mounts_anything_that_their_gate_sees() -> None:
    """A mount that comes and goes may have led to another script: no sender is certain then."""
    above = f"/proc/{os.getppid()}/ns/mnt"
    assert Path("/proc/self/ns/mnt").readlink() != Path(above).readlink()


def test_a_second_gate_is_refused_with_a_clear_line(serving: Outgate) -> None:
    """Starting a second gate says where the first one is and how to stop it."""
    done = serving("start")

    assert done.returncode == 2
    assert "A gate runs already" in done.stderr


def test_status_tells_health_to_people_and_machines(serving: Outgate) -> None:
    """`status` answers 0 with counts while the gate is well."""
    import json

    people, machines = serving("status"), serving("status", "--json")

    assert people.returncode == machines.returncode == 0
    assert "Healthy." in people.stdout
    assert json.loads(machines.stdout)["healthy"] is True


def test_run_uses_the_running_gate(serving: Outgate) -> None:
    """`run` without options goes through the running gate and still sums up its own program
    only.
    """
    import json

    done = serving("run", "--json", "--", sys.executable, "-c", URLLIB.format(host="mine.example"))
    told = json.loads(done.stderr.strip().splitlines()[-1])

    assert [r["destination"]["host"] for r in told["records"]] == ["mine.example"]
