"""Real clients in a sealed run: none leaves unseen, and each that keeps its roots in a file works,
without any variable.

Each asks a host of its own; the same clients behind proxy variables alone show what those miss.
"""

import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from families import share

from app.demo.internet import StandInInternet
from app.sealing import why_not_sealed
from tests.scenarios.conftest import Outgate

pytestmark = pytest.mark.skipif(why_not_sealed() is not None, reason=str(why_not_sealed()))

_CERTIFI = "ssl.create_default_context(cafile=certifi.where())"
PYTHON = {
    "urllib": "import urllib.request as u; u.urlopen(URL, timeout=20).read()",
    "urllib-without-proxies": (
        "import urllib.request as u\n"
        "u.build_opener(u.ProxyHandler({})).open(URL, timeout=20).read()"
    ),
    "http-client": (
        "import http.client as h; c = h.HTTPSConnection(HOST, timeout=20); c.request('GET', '/')\n"
        "assert c.getresponse().status == 200"
    ),
    "http-client-certifi": (
        "import http.client as h, ssl, certifi\n"
        f"c = h.HTTPSConnection(HOST, timeout=20, context={_CERTIFI}); c.request('GET', '/')\n"
        "assert c.getresponse().status == 200"
    ),
    "http-client-plain": (
        "import http.client as h; c = h.HTTPConnection(HOST, timeout=20); c.request('GET', '/')\n"
        "assert c.getresponse().status == 200"
    ),
    "ssl-socket": (
        "import socket, ssl\n"
        "s = ssl.create_default_context().wrap_socket(\n"
        "    socket.create_connection((HOST, 443), 20), server_hostname=HOST)\n"
        "s.sendall(b'GET / HTTP/1.1\\r\\nHost: ' + HOST.encode() + b'\\r\\n\\r\\n')\n"
        "assert b' 200 ' in s.recv(99)"
    ),
    "asyncio-streams": (
        "import asyncio, ssl\n"
        "async def main():\n"
        "    r, w = await asyncio.open_connection(HOST, 443, ssl=ssl.create_default_context())\n"
        "    w.write(b'GET / HTTP/1.1\\r\\nHost: ' + HOST.encode() + b'\\r\\n\\r\\n')\n"
        "    assert b' 200 ' in await r.readline()\n"
        "asyncio.run(main())"
    ),
    "urllib3": "import urllib3; assert urllib3.PoolManager().request('GET', URL).status == 200",
    "urllib3-certifi": (
        "import certifi, urllib3\n"
        "p = urllib3.PoolManager(ca_certs=certifi.where())\n"
        "assert p.request('GET', URL).status == 200"
    ),
    "requests": "import requests; requests.get(URL, timeout=20).raise_for_status()",
    "requests-trust-env-false": (
        "import requests; s = requests.Session(); s.trust_env = False\n"
        "s.get(URL, timeout=20).raise_for_status()"
    ),
    "requests-certifi": (
        "import certifi, requests\n"
        "requests.get(URL, timeout=20, verify=certifi.where()).raise_for_status()"
    ),
    "requests-streamed-upload": (
        "import requests\n"
        "requests.post(URL, timeout=20, data=iter([b'a' * 5000] * 20)).raise_for_status()"
    ),
    "requests-files": (
        "import requests\n"
        "requests.post(URL, timeout=20, files={'f': ('a.csv', b'a,b')}).raise_for_status()"
    ),
    "requests-threads": (
        "import requests, concurrent.futures as f\n"
        "with f.ThreadPoolExecutor(4) as pool:\n"
        "    assert {r.status_code for r in pool.map(requests.get, [URL] * 8)} == {200}"
    ),
    "requests-in-children": (
        "import multiprocessing as m, requests\n"
        "c = m.get_context('fork').Process(target=requests.get, args=(URL,))\n"
        "c.start(); c.join(); assert c.exitcode == 0"
    ),
    "truststore": (
        "import ssl, truststore, urllib3\n"
        "c = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)\n"
        "assert urllib3.PoolManager(ssl_context=c).request('GET', URL).status == 200"
    ),
    "httpx": "import httpx; httpx.get(URL, timeout=20).raise_for_status()",
    "httpx-trust-env-false": (
        "import httpx; httpx.Client(trust_env=False, timeout=20).get(URL).raise_for_status()"
    ),
    "httpx-own-context": (
        "import httpx, ssl\n"
        "httpx.get(URL, verify=ssl.create_default_context(), timeout=20).raise_for_status()"
    ),
    "httpx-http2": "import httpx; httpx.Client(http2=True, timeout=20).get(URL).raise_for_status()",
    "httpx-async": (
        "import asyncio, httpx\n"
        "async def main():\n"
        "    async with httpx.AsyncClient(timeout=20) as c: (await c.get(URL)).raise_for_status()\n"
        "asyncio.run(main())"
    ),
    "aiohttp": (
        "import asyncio, aiohttp\n"
        "async def main():\n"
        "    async with aiohttp.ClientSession() as s:\n"
        "        async with s.get(URL) as a: a.raise_for_status()\n"
        "asyncio.run(main())"
    ),
    "aiohttp-trust-env": (
        "import asyncio, aiohttp\n"
        "async def main():\n"
        "    async with aiohttp.ClientSession(trust_env=True) as s:\n"
        "        async with s.get(URL) as a: a.raise_for_status()\n"
        "asyncio.run(main())"
    ),
    "aiohttp-certifi": (
        "import asyncio, aiohttp, certifi, ssl\n"
        "async def main():\n"
        f"    c = aiohttp.TCPConnector(ssl={_CERTIFI})\n"
        "    async with aiohttp.ClientSession(connector=c) as s:\n"
        "        async with s.get(URL) as a: a.raise_for_status()\n"
        "asyncio.run(main())"
    ),
    "tornado": ("import tornado.httpclient as t; assert t.HTTPClient().fetch(URL).code == 200"),
    "httpcore": "import httpcore; assert httpcore.request('GET', URL).status == 200",
    "botocore": (
        "from botocore.httpsession import URLLib3Session\n"
        "from botocore.awsrequest import AWSRequest\n"
        "r = URLLib3Session().send(AWSRequest('GET', URL).prepare())\n"
        "assert r.status_code == 200"
    ),
    "boto3-s3": (
        "import boto3\n"
        "from botocore.config import Config\n"
        "s = boto3.client('s3', endpoint_url='https://' + HOST, region_name='eu-central-1',\n"
        "    aws_access_key_id='a', aws_secret_access_key='b',\n"
        "    config=Config(s3={'addressing_style': 'path'}))\n"
        "s.head_object(Bucket='b', Key='k')"
    ),
    "openai": (
        "import openai\n"
        "c = openai.OpenAI(api_key='k', base_url='https://' + HOST, max_retries=0)\n"
        "c.models.with_raw_response.list()"
    ),
    "openai-async": (
        "import asyncio, openai\n"
        "c = openai.AsyncOpenAI(api_key='k', base_url='https://' + HOST, max_retries=0)\n"
        "asyncio.run(c.models.with_raw_response.retrieve('m'))"
    ),
    "anthropic": (
        "import anthropic\n"
        "c = anthropic.Anthropic(api_key='k', base_url='https://' + HOST, max_retries=0)\n"
        "c.messages.with_raw_response.create(model='m', max_tokens=1,\n"
        "    messages=[{'role': 'user', 'content': 'hi'}])"
    ),
    "google-genai": (
        "from google import genai\n"
        "c = genai.Client(api_key='k', http_options={'base_url': 'https://' + HOST})\n"
        "c.models.generate_content(model='m', contents='hi')"
    ),
    "fsspec-http": ("import fsspec\nwith fsspec.open(URL, 'rb') as f: f.read()"),
    "pyarrow-s3": (
        "import pyarrow.fs as f\n"
        "s = f.S3FileSystem(access_key='a', secret_key='b', endpoint_override=HOST,\n"
        "    region='eu-central-1', request_timeout=20, connect_timeout=20)\n"
        "try: s.get_file_info('b/k')\n"
        "except OSError as e: assert 'curl' not in str(e).lower(), e"
    ),
    "polars-cloud": (
        "import polars as p\n"
        "try: p.scan_parquet(URL).collect()\n"
        "except Exception as e: assert 'error sending' not in str(e).lower(), e"
    ),
    "without-variables": "import os\nos.environ.clear()\nimport requests; requests.get(URL, timeout=20)",
}
"""By the name of the host that is asked; URL and HOST stand for it."""
TOOLS = {
    "curl": ["curl", "-sSf", "-m", "20", "https://HOST/"],
    "curl-4": ["curl", "-4", "-sSf", "-m", "20", "https://HOST/"],
    "curl-6": ["curl", "-6", "-sSf", "-m", "20", "https://HOST/"],
    "curl-noproxy": ["curl", "--noproxy", "*", "-sSf", "-m", "20", "https://HOST/"],
    "curl-literal": [
        *("curl", "-sSf", "-m", "20", "--resolve", "HOST:443:198.51.100.77", "https://HOST/"),
    ],
    "wget": ["wget", "-q", "-T", "20", "-t", "1", "-O", "/dev/null", "https://HOST/"],
    "wget-no-proxy": [
        *("wget", "--no-proxy", "-q", "-T", "20", "-t", "1", "-O", "/dev/null", "https://HOST/"),
    ],
    "git": ["git", "ls-remote", "https://HOST/repo.git"],
    "openssl": ["sh", "-c", "printf 'GET / HTTP/1.1\\r\\nHost: HOST\\r\\n\\r\\n' |"
                " timeout 5 openssl s_client -quiet -verify_return_error -connect HOST:443 "
                "-servername HOST 2>&1 | grep -q ' 200 '"],
    "bash": ["bash", "-c", "exec 3<>/dev/tcp/HOST/80; printf 'GET / HTTP/1.1\\r\\nHost: HOST"
             "\\r\\n\\r\\n' >&3; head -c 15 <&3 | grep -q 200"],
    "node-https": ["node", "-e", "require('https').get('https://HOST/', r => process.exit("
                   "r.statusCode == 200 ? 0 : 1)).on('error', e => { console.error(e); "
                   "process.exit(1) })"],
    "node-fetch": ["node", "-e", "fetch('https://HOST/').then(r => process.exit(r.ok ? 0 : 1), "
                   "e => { console.error(e.cause || e); process.exit(1) })"],
    "pip": ["/usr/bin/pip", "download", "--no-deps", "--retries", "0", "--timeout",
            "20", "-d", "/tmp", "-i", "https://HOST/simple", "x"],
    "java": ["java", "JAVA", "https://HOST/"],
}  # fmt: skip
_KEEP = {"node-https", "node-fetch"}
"""Have their roots in the program: they need the variable that `run` sets."""
_ANSWER_IS_NO_PACKAGE = {"git", "pip"}
"""The stand-in's answer is no repository and no package index: to have asked is enough."""
NOT_BY_VARIABLES = {
    "urllib-without-proxies", "http-client", "http-client-certifi", "http-client-plain",
    "ssl-socket", "asyncio-streams", "urllib3", "urllib3-certifi", "requests-trust-env-false",
    "truststore", "httpx-trust-env-false", "aiohttp", "aiohttp-certifi", "tornado", "httpcore",
    "without-variables", "curl-noproxy", "wget-no-proxy", "openssl", "bash", "node-https",
    "node-fetch", "java", "fsspec-http", "pyarrow-s3", "botocore", "curl-6",
}  # fmt: skip
"""What the same clients do behind proxy variables: these never come to the gate."""

ALONE = {
    "http-client-plain", "requests-streamed-upload", "requests-in-children", "httpx-http2",
    "curl-6", "curl-literal", "node-https", "node-fetch", "without-variables",
}  # fmt: skip
"""What no other of its client does: a protocol, a form of address, a body, a process or a stack of
its own.
"""
_NAMES = [*PYTHON, *TOOLS]
CLIENTS = share(
    _NAMES,
    [
        [(name.partition("-")[0], name in NOT_BY_VARIABLES), name if name in ALONE else ""]
        for name in _NAMES
    ],
    _NAMES,
)
"""Those that are tried in the profile that is loaded: each client at least once, once of each that
heeds the variables in one way and does not in another, and what is one of a kind.
"""

DRIVER = """
import json, os, subprocess, sys
cases, kept = json.loads(sys.argv[1]), sys.argv[2] == "kept"
bare = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG")}
told = {}
for name, (command, keep) in cases.items():
    env = dict(os.environ) if kept or keep else bare
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=90,
                          stdin=subprocess.DEVNULL)
    told[name] = (done.returncode, (done.stderr or done.stdout)[-300:])
print(json.dumps(told))
"""
JAVA = """
import java.net.URI; import java.net.http.*;
class Ask { public static void main(String[] a) throws Exception {
  var r = HttpClient.newHttpClient().send(HttpRequest.newBuilder(URI.create(a[0])).build(),
      HttpResponse.BodyHandlers.ofString());
  System.exit(r.statusCode() == 200 ? 0 : 1); } }
"""


@dataclass(frozen=True)
class Told:
    """What came of each client: its exit code with its last words, and whether it arrived."""

    ended: dict[str, tuple[int, str]]
    arrived: frozenset[str]
    recorded: frozenset[str]


def _cases(folder: Path) -> dict[str, tuple[list[str], bool]]:
    source = folder / "Ask.java"
    source.write_text(JAVA)
    found: dict[str, tuple[list[str], bool]] = {}
    for name, code in PYTHON.items():
        host = f"{name}.example"
        head = f"URL, HOST = 'https://{host}/', '{host}'\n"
        found[name] = [sys.executable, "-c", head + code], False
    for name, command in TOOLS.items():
        if shutil.which(command[0]):
            words = [
                w.replace("HOST", f"{name}.example").replace("JAVA", str(source)) for w in command
            ]
            found[name] = words, name in _KEEP
    return {name: found[name] for name in CLIENTS if name in found}


def _tried(outgate: Outgate, *options: str, kept: str) -> Told:
    internet = outgate.internet
    internet.arrivals.clear()
    before = len(outgate.records())
    driver = outgate.script("driver.py", DRIVER)
    words = [sys.executable, str(driver), json.dumps(_cases(outgate.folder)), kept]
    done = outgate("run", *options, "-q", "--", *words, timeout=600)
    assert done.returncode == 0, done.stderr
    ended = {name: (code, said) for name, (code, said) in json.loads(done.stdout).items()}
    hosts = {arrival.host.partition(".")[0] for arrival in internet.arrivals}
    records = {r["destination"]["host"].partition(".")[0] for r in outgate.records()[before:]}
    return Told(ended, frozenset(hosts), frozenset(records))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, rule_pack: Path) -> Iterator[Outgate]:
    folder = tmp_path_factory.mktemp("clients")
    with StandInInternet(folder / "internet") as internet:
        outgate = Outgate(folder, internet, rule_pack)
        outgate.start()
        yield outgate
        outgate.close()


@pytest.fixture(scope="module")
def sealed(whole: Outgate) -> Told:
    return _tried(whole, "--sealed", kept="bare")


@pytest.fixture(scope="module")
def by_variables(whole: Outgate) -> Told:
    return _tried(whole, "--no-sealed", kept="kept")


def _there(told: Told, name: str) -> None:
    if name not in told.ended:
        pytest.skip("this client is not installed")


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", CLIENTS)
def test_in_a_seal_no_client_leaves_unseen_and_each_works(sealed: Told, name: str) -> None:
    """A client in a seal reaches its server through the gate, recorded, and trusts it."""
    _there(sealed, name)
    code, said = sealed.ended[name]
    assert name in sealed.arrived, said
    assert name in sealed.recorded, said
    assert code == 0 or name in _ANSWER_IS_NO_PACKAGE, said


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", CLIENTS)
def test_proxy_variables_reach_those_that_heed_them(by_variables: Told, name: str) -> None:
    """Behind proxy variables the clients that heed none never come to the gate: what the matrix of
    clients says is so.
    """
    _there(by_variables, name)
    assert (name not in by_variables.recorded) is (name in NOT_BY_VARIABLES), by_variables.ended[
        name
    ]


def test_forty_variants_are_tried() -> None:
    """The matrix is wide enough to show what it is to show."""
    assert len(PYTHON) + len(TOOLS) >= 45
    assert set(_NAMES) >= ALONE | NOT_BY_VARIABLES


def test_what_is_one_of_a_kind_is_always_tried() -> None:
    """A share of the clients is no share of protocols, of addresses and of ways to start."""
    assert set(CLIENTS) >= ALONE
    assert {name.partition("-")[0] for name in CLIENTS} == {n.partition("-")[0] for n in _NAMES}
