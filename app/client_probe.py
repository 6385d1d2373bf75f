"""Canary clients: each client on this machine makes one request through a private gate to a
stand-in host.
"""

import importlib.util
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from app.client import environment_for, private_gate
from app.demo.internet import StandInInternet
from app.home import Home
from app.settings import Settings

_URL = "https://canary.example/ok"
_PYTHON = {
    "urllib": f"import urllib.request; urllib.request.urlopen({_URL!r}, timeout=20).read()",
    "requests": f"import requests; requests.get({_URL!r}, timeout=20).raise_for_status()",
    "httpx": f"import httpx; httpx.get({_URL!r}, timeout=20).raise_for_status()",
    "aiohttp": (
        "import asyncio, aiohttp\n"
        "async def main():\n"
        "    async with aiohttp.ClientSession(trust_env=True) as session:\n"
        f"        async with session.get({_URL!r}) as answer: answer.raise_for_status()\n"
        "asyncio.run(main())"
    ),
    "botocore": (
        "import botocore.session\n"
        "from botocore.httpsession import URLLib3Session, get_cert_path\n"
        "from botocore.awsrequest import AWSRequest\n"
        "import os\n"
        "proxies = {'https': os.environ['HTTPS_PROXY']}\n"
        "session = URLLib3Session(proxies=proxies, verify=os.environ['AWS_CA_BUNDLE'])\n"
        f"assert session.send(AWSRequest('GET', {_URL!r}).prepare()).status_code == 200"
    ),
}
_PROGRAMS = {
    "curl": ["curl", "--silent", "--show-error", "--fail", "--max-time", "20", _URL],
}


def probe_clients(home: Home) -> Iterator[tuple[str, str, bool, str]]:
    """Yield (client, words, works, remedy) for each client that is installed here."""
    with (
        tempfile.TemporaryDirectory(prefix="outgate-canary-") as folder,
        StandInInternet(Path(folder) / "internet") as internet,
    ):
        authority = Path(folder) / "root.pem"
        authority.write_bytes(internet.authority.root_pem())
        own = Home(Path(folder) / "home")
        own.root.mkdir(mode=0o700)
        options = ["--upstream-ca", str(authority)]
        for route in internet.routes:
            options += ["--connect-to", route]
        with private_gate(own, options) as gate:
            environment = environment_for(gate, own, Settings())
            for name, command in _installed():
                yield _probe(name, command, environment, internet)


def _installed() -> Iterator[tuple[str, list[str]]]:
    for name, program in _PYTHON.items():
        if importlib.util.find_spec(name) is not None:
            yield name, [sys.executable, "-c", program]
    for name, command in _PROGRAMS.items():
        if shutil.which(name):
            yield name, command


def _probe(
    name: str, command: list[str], environment: dict[str, str], internet: StandInInternet
) -> tuple[str, str, bool, str]:
    before = len(internet.arrivals)
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=40, check=False
        )
    except subprocess.TimeoutExpired:
        return (
            name,
            "no answer within 40 s",
            False,
            "Run it by hand behind `outgate run` to see where it waits.",
        )
    if done.returncode == 0 and len(internet.arrivals) > before:
        return name, "works behind the gate", True, ""
    last = (done.stderr.strip().splitlines() or ["it gave no reason"])[-1][:160]
    return name, f"fails behind the gate: {last}", False, _remedy(last)


def _remedy(words: str) -> str:
    if "certificate" in words.lower():
        return "It reads its trusted roots from elsewhere; point it to the bundle: outgate ca path"
    return "It may ignore proxy variables; see the client table in docs/clients.md."
