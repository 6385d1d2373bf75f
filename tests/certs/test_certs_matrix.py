"""Real clients, each in its own process, trust the gate's certificates with the variables we set
and no others.
"""

import os
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from certs_samples import make

from certs.authority import import_authority
from certs.client_environment import client_environment
from certs.leaf import LeafMinter
from certs.trust import write_bundle

CLIENTS = {
    "urllib": "import urllib.request; assert urllib.request.urlopen(URL).read() == b'ok'",
    "requests": "import requests; assert requests.get(URL).content == b'ok'",
    "httpx": "import httpx; assert httpx.get(URL).content == b'ok'",
    "aiohttp": (
        """
import asyncio, aiohttp
async def main():
    async with aiohttp.ClientSession(trust_env=True) as session, session.get(URL) as answer:
        assert await answer.read() == b'ok'
asyncio.run(main())
"""
    ),
    "boto3": (
        """
import boto3, botocore.config, botocore.exceptions
once = botocore.config.Config(retries={"max_attempts": 0})
keys = dict(aws_access_key_id="AKIA" + "X" * 16, aws_secret_access_key="y" * 40, region_name="eu-west-1")
try:
    boto3.client("s3", endpoint_url=URL, config=once, **keys).list_buckets()
except botocore.exceptions.ClientError:
    pass  # “ok” is no answer of S3, but it came over a trusted connection
"""
    ),
}


@dataclass
class Server:
    """A loopback server whose certificate the gate would have minted."""

    url: str
    bundle: Path


class Ok(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The hardest case: an enterprise intermediate, of which clients know only the root."""
    folder = tmp_path_factory.mktemp("clients")
    root = make("Example root")
    issuing = make("Example issuing authority", root, path_length=0, sha256_ski=True)
    (folder / "key.pem").write_bytes(issuing.key_pem())
    (folder / "chain.pem").write_bytes(issuing.pem + root.pem)
    authority = import_authority(
        folder / "ca", key_file=folder / "key.pem", chain_files=(folder / "chain.pem",)
    )
    leaf = LeafMinter(authority).mint("localhost")
    (folder / "served.pem").write_bytes(leaf.key_pem() + leaf.certificates_pem())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "served.pem")
    http = ThreadingHTTPServer(("127.0.0.1", 0), Ok)
    http.socket = context.wrap_socket(http.socket, server_side=True)
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    bundle = write_bundle(folder / "bundle.pem", authority, {})
    yield Server(url=f"https://localhost:{http.server_port}/", bundle=bundle.path)
    http.shutdown()
    http.server_close()
    thread.join()


def run(
    program: str, server: Server, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a client as a user's script would run it."""
    command = [sys.executable, "-c", f"URL = {server.url!r}\n{program}"]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def bare() -> dict[str, str]:
    """An environment without any proxy or trust variable."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT") if name in os.environ}


@pytest.mark.parametrize("client", sorted(CLIENTS))
def test_a_real_client_trusts_the_gate(client: str, server: Server) -> None:
    """A script works behind the gate as it did before."""
    environment = client_environment("http://127.0.0.1:9", server.bundle, bare())
    done = run(CLIENTS[client], server, environment)
    assert done.returncode == 0, done.stderr[-600:]


def test_without_the_variables_the_certificate_is_refused(server: Server) -> None:
    """The gate intercepts only what was put behind it."""
    done = run(CLIENTS["urllib"], server, bare())
    assert "CERTIFICATE_VERIFY_FAILED" in done.stderr


@pytest.mark.skipif(shutil.which("wget") is None, reason="wget is not installed")
@pytest.mark.parametrize("own", ["", "user_agent = mine\n"])
def test_wget_trusts_the_gate_and_keeps_its_users_settings(
    server: Server, tmp_path: Path, own: str
) -> None:
    """A shell script with wget works behind the gate as curl does; what its user set still counts,
    and without our variable it is refused.
    """
    (tmp_path / ".wgetrc").write_text(own)
    mine = {**bare(), "HOME": str(tmp_path)}
    command = ["wget", "-nv", "-d", "-O", "-", "--no-proxy", "-t", "1", server.url]
    behind = client_environment("http://127.0.0.1:9", server.bundle, mine)
    told = [
        subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
        for env in (behind, mine)
    ]
    assert (told[0].returncode, told[0].stdout) == (0, "ok"), told[0].stderr[-600:]
    assert ("User-Agent: mine" in told[0].stderr) == bool(own)
    assert told[1].returncode == 5
    rest = server.bundle.with_name("wgetrc").read_text().splitlines()
    assert rest[-1] == f"ca_certificate = {server.bundle}"
    machine = Path("/etc/wgetrc")
    assert not machine.is_file() or rest[:-1] == machine.read_text().rstrip().splitlines()
