"""What each client does when it is tried: a few lines that make one real request, and the row of
the client matrix that says how it is mended.
"""

import json
from dataclasses import dataclass

URL, PLACE, ROOTS = "sys.argv[1]", "sys.argv[2]", "sys.argv[3]"
"""What each program is given: the address to ask for, its host and port, the roots to trust."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One way in which programs send."""

    name: str
    needs: str
    """A module of Python, or a program."""
    code: str = ""
    """Python; raises where the request failed."""
    command: tuple[str, ...] = ()
    """Arguments of a program; {url} and {place} are put in."""
    mend: str = ""
    """What to do where it goes past the gate."""
    trust_mend: str = ""
    """What to do where it does not trust the gate, if anything but the usual."""
    answered_by: str = ""
    """Words of a program that fails because it got an answer, which is none of its own protocol."""
    absent: str = ""
    """Words of a client that lacks a part of its own: then there is nothing to try."""
    variables: tuple[tuple[str, str], ...] = ()
    """What its program needs beside, in its environment; {url} and {place} are put in."""
    by_nature: bool = False
    """It goes past the gate in every program that is written so: a remark, not a fault."""


def _get(module: str, call: str) -> str:
    return f"import sys, {module}\n{call}"


_ASYNC = "async def main():\n{}\nasyncio.run(main())"
_PAST = "Run its programs sealed (outgate run --sealed)"
PYTHON: tuple[Probe, ...] = (
    Probe(
        name="urllib",
        needs="urllib.request",
        code=_get("urllib.request", f"urllib.request.urlopen({URL}, timeout=15).read()"),
    ),
    Probe(
        name="http.client",
        needs="http.client",
        code=_get(
            "http.client",
            f"c = http.client.HTTPSConnection({PLACE}, timeout=15); c.request('GET', '/ok');"
            " c.getresponse().read()",
        ),
        mend=f"{_PAST}, or deny direct HTTPS at the firewall.",
        by_nature=True,
    ),
    Probe(
        name="urllib3",
        needs="urllib3",
        code=_get("urllib3", f"urllib3.PoolManager().request('GET', {URL}, timeout=15, retries=0)"),
        mend=f"Use urllib3.ProxyManager, or requests. {_PAST}.",
        by_nature=True,
    ),
    Probe(
        name="requests",
        needs="requests",
        code=_get("requests", f"requests.get({URL}, timeout=15).raise_for_status()"),
    ),
    Probe(
        name="requests with truststore",
        needs="truststore",
        code=_get(
            "requests, truststore",
            f"truststore.inject_into_ssl(); requests.get({URL}, timeout=15).raise_for_status()",
        ),
    ),
    Probe(
        name="httpx",
        needs="httpx",
        code=_get("httpx", f"httpx.get({URL}, timeout=15).raise_for_status()"),
    ),
    Probe(
        name="httpx2",
        needs="httpx2",
        code=_get("httpx2", f"httpx2.get({URL}, timeout=15).raise_for_status()"),
    ),
    Probe(
        name="aiohttp",
        needs="aiohttp",
        code="import asyncio, sys, aiohttp\n"
        + _ASYNC.format(
            "  async with aiohttp.ClientSession() as s:\n"
            f"    async with s.get({URL}) as a: await a.read()"
        ),
        mend=f"Pass trust_env=True to aiohttp.ClientSession. {_PAST}.",
        by_nature=True,
    ),
    Probe(
        name="aiohttp with trust_env=True",
        needs="aiohttp",
        code="import asyncio, sys, aiohttp\n"
        + _ASYNC.format(
            "  async with aiohttp.ClientSession(trust_env=True) as s:\n"
            f"    async with s.get({URL}) as a: await a.read()"
        ),
    ),
    Probe(
        name="httplib2",
        needs="httplib2",
        code=_get("httplib2", f"httplib2.Http(timeout=15).request({URL})"),
    ),
    Probe(
        name="pycurl",
        needs="pycurl",
        code=_get(
            "pycurl",
            f"c = pycurl.Curl(); c.setopt(c.URL, {URL}); c.setopt(c.WRITEFUNCTION, len);"
            " c.perform()",
        ),
        mend="It honours https_proxy in lower case; a proxy that its program sets wins.",
    ),
    Probe(
        name="tornado",
        needs="tornado",
        code="import asyncio, sys\nfrom tornado.httpclient import AsyncHTTPClient\n"
        + _ASYNC.format(f"  await AsyncHTTPClient().fetch({URL})"),
        mend=f"{_PAST}; its simple client knows no proxy.",
        by_nature=True,
    ),
    Probe(
        name="websockets",
        needs="websockets",
        # Not its blocking client: two threads of it share one TLS connection, and one hand-shake in
        # a hundred hangs on a busy machine, with no gate between.
        code="import asyncio, sys\nfrom websockets import connect\n"
        "from websockets.exceptions import InvalidStatus\n"
        + _ASYNC.format(
            f"  try: await connect('wss' + {URL}[5:], open_timeout=15)\n"
            "  except InvalidStatus: pass"
        ),
    ),
    Probe(
        name="botocore",
        needs="botocore",
        code="import sys, os, urllib.request\nfrom botocore.httpsession import URLLib3Session\n"
        "from botocore.awsrequest import AWSRequest\n"
        "import botocore.session\n"
        "verify = botocore.session.get_session().get_config_variable('ca_bundle') or True\n"
        "s = URLLib3Session(proxies=urllib.request.getproxies(), verify=verify)\n"
        f"s.send(AWSRequest('GET', {URL}).prepare())",
    ),
    Probe(
        name="google-auth",
        needs="google.auth.transport.requests",
        code="import sys\nfrom google.auth.transport.requests import Request\n"
        f"Request()({URL}, timeout=15)",
    ),
    Probe(
        name="azure-core",
        needs="azure.core",
        code="import sys\n"
        "from azure.core.pipeline.transport import RequestsTransport, HttpRequest\n"
        f"RequestsTransport().send(HttpRequest('GET', {URL}))",
    ),
    Probe(
        name="grpcio",
        needs="grpc",
        code="import sys, grpc\n"
        f"c = grpc.secure_channel({PLACE}, grpc.ssl_channel_credentials())\n"
        "grpc.channel_ready_future(c).result(timeout=15)",
        mend="Set https_proxy in lower case; gRPC ignores HTTPS_PROXY.",
    ),
    Probe(
        name="fsspec",
        needs="fsspec.implementations.http",
        code=_get("fsspec", f"fsspec.open({URL}).open().read()"),
        mend=f"Pass client_kwargs={{'trust_env': True}}. {_PAST}.",
        by_nature=True,
    ),
    Probe(
        name="pyarrow (S3)",
        needs="pyarrow.fs",
        code="import sys, pyarrow.fs as fs\n"
        f"s = fs.S3FileSystem(anonymous=True, endpoint_override={PLACE}, region='eu-central-1',"
        f" tls_ca_file_path={ROOTS}, connect_timeout=10, request_timeout=10)\n"
        "s.get_file_info('bucket/a')",
        mend=f"Pass proxy_options=os.environ['HTTPS_PROXY']. {_PAST}.",
        by_nature=True,
    ),
    Probe(
        name="polars",
        needs="polars",
        code=_get("polars", f"polars.scan_csv({URL} + '.csv').collect()"),
        answered_by="Range request not supported",
    ),
    Probe(
        name="s3fs",
        needs="s3fs",
        code="import sys, s3fs\n"
        "from botocore.config import Config\n"
        f"s = s3fs.S3FileSystem(anon=True, endpoint_url={URL}[:-3], config_kwargs="
        "{'retries': {'max_attempts': 1}, 'connect_timeout': 10})\n"
        "s.ls('bucket')",
        answered_by="Internal Server Error",
    ),
    Probe(
        name="gcsfs",
        needs="gcsfs",
        code="import sys, gcsfs, fsspec.asyn\n"
        "async def ask(s):\n"
        f"  async with (await s._set_session()).get({URL}) as a: await a.read()\n"
        "s = gcsfs.GCSFileSystem(token='anon', project='p')\n"
        "fsspec.asyn.sync(s.loop, ask, s, timeout=15)",
        mend=f"Pass session_kwargs={{'trust_env': True}}. {_PAST}.",
        by_nature=True,
    ),
    Probe(
        name="adlfs",
        needs="adlfs",
        code="import sys, adlfs\n"
        f"s = adlfs.AzureBlobFileSystem(account_name='a', account_host={PLACE}, anon=True)\n"
        "s.ls('container')",
        answered_by="blob_items",
    ),
    Probe(
        name="deltalake",
        needs="deltalake",
        code="import sys, deltalake\n"
        f"o = {{'endpoint': {URL}[:-3], 'region': 'eu', 'skip_signature': 'true',"
        " 'max_retries': '0', 'retry_timeout': '5s'}\n"
        "deltalake.DeltaTable('s3://bucket/table', storage_options=o)",
        answered_by="expected struct",
    ),
    Probe(
        name="duckdb (httpfs)",
        needs="duckdb",
        code="import sys, duckdb\n"
        "c = duckdb.connect()\n"
        "c.execute('SET autoinstall_known_extensions = false')\n"
        "c.execute('LOAD httpfs')\n"
        f"c.read_csv({URL}).fetchall()",
        absent="INSTALL httpfs",
        trust_mend="Have its program say SET ca_cert_file = '…', with the file that SSL_CERT_FILE"
        " names, or lay the root into the system's store (outgate trust install).",
    ),
    Probe(
        name="snowflake",
        needs="snowflake.connector",
        code="import sys, snowflake.connector\n"
        f"host, port = {PLACE}.split(':')\n"
        "snowflake.connector.connect(account='a', user='u', password='p', host=host,"
        " port=int(port), protocol='https', login_timeout=5, network_timeout=5)",
        answered_by="Invalid Snowflake response",
    ),
    Probe(
        name="databricks-sql",
        needs="databricks.sql",
        code="import sys\nfrom databricks import sql\n"
        f"host, port = {PLACE}.split(':')\n"
        "try: sql.connect(server_hostname=host, _port=int(port), http_path='/sql/1.0/warehouses/a',"
        " access_token='t', _retry_stop_after_attempts_count=1, _socket_timeout=10,"
        " enable_telemetry=False)\n"
        "except Exception as e: raise ConnectionError(getattr(e, 'context', None) or e)",
        answered_by="'http-code': 200",
    ),
    Probe(
        name="databricks-sdk",
        needs="databricks.sdk",
        code="import sys\nfrom databricks.sdk import WorkspaceClient\n"
        "from databricks.sdk.config import Config\n"
        f"c = Config(host={URL}[:-3], token='t', retry_timeout_seconds=5)\n"
        "WorkspaceClient(config=c).current_user.me()",
    ),
    Probe(
        name="pip",
        needs="pip",
        code="import subprocess, sys\n"
        "d = subprocess.run([sys.executable, '-m', 'pip', '-q', 'download', '--no-deps',"
        " '--no-cache-dir', '--retries', '0', '--timeout', '10', '-d', '.', '--no-index',"
        f" {URL} + '/canary-1-py3-none-any.whl'], capture_output=True, text=True)\n"
        "said = d.stderr + d.stdout\n"
        "sys.stderr.write(said)\n"
        "sys.exit(1 if 'SSL' in said or 'onnect' in said else 0)",
    ),
)
PROGRAMS: tuple[Probe, ...] = (
    Probe(
        name="curl",
        needs="curl",
        command=("--silent", "--show-error", "--fail", "--max-time", "15", "{url}"),
    ),
    Probe(
        name="wget",
        needs="wget",
        command=("-nv", "-O", "-", "-T", "15", "-t", "1", "{url}"),
        trust_mend="Pass --ca-certificate, write ca_certificate into ~/.wgetrc, or lay the root"
        " into the system's store (outgate trust install).",
    ),
    Probe(
        name="node",
        needs="node",
        command=(
            "-e",
            "fetch(process.argv[1]).then(r => r.text())"
            ".catch(e => { console.error(String(e.cause || e)); process.exit(1) })",
            "{url}",
        ),
        mend="Node's fetch honours the proxy from version 24 on, with NODE_USE_ENV_PROXY=1."
        f" {_PAST}.",
        by_nature=True,
    ),
    Probe(
        name="java",
        needs="keytool",
        command=("-printcert", "-sslserver", "{place}"),
        mend="Set JAVA_TOOL_OPTIONS to -Dhttps.proxyHost, -Dhttps.proxyPort and"
        f" -Djavax.net.ssl.trustStore. {_PAST}.",
        by_nature=True,
    ),
    Probe(
        name="gcloud",
        needs="gcloud",
        command=("storage", "ls", "gs://canary-of-outgate"),
        variables=(
            ("CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE", "{url}/"),
            ("CLOUDSDK_AUTH_DISABLE_CREDENTIALS", "true"),
            ("CLOUDSDK_CORE_DISABLE_PROMPTS", "1"),
            ("CLOUDSDK_CORE_PROJECT", "canary"),
        ),
    ),
    Probe(
        name="az",
        needs="az",
        command=("rest", "--method", "get", "--url", "{url}", "--skip-authorization-header"),
    ),
    Probe(
        name="go",
        needs="go",
        # Go asks no proxy for `localhost` itself, and knows no other name of this machine: who goes
        # past the gate finds nothing there. An empty list of versions is an answer.
        command=("list", "-m", "-versions", "canary.test/x"),
        variables=(
            ("GOPROXY", "https://canary.{place}"),
            ("GOSUMDB", "off"),
            ("GOFLAGS", "-mod=mod"),
            ("GOPRIVATE", ""),
            ("GONOPROXY", "none"),
            ("GOTOOLCHAIN", "local"),
        ),
    ),
    Probe(
        name="docker",
        needs="docker",
        # Its own request, to a registry: no name of this machine is asked of a proxy, as with Go.
        command=("manifest", "inspect", "canary.{place}/canary:1"),
        mend="Pulls and pushes are its daemon's: set proxies in /etc/docker/daemon.json; of what"
        " containers send, in ~/.docker/config.json.",
        trust_mend="Lay the root into the system's store (outgate trust install), then restart its"
        " daemon.",
        answered_by="unsupported manifest media type",
    ),
    Probe(name="git", needs="git", command=("ls-remote", "{url}"), answered_by="not valid"),
)

LISTING = (
    "import importlib.util, json, sys\n"
    "def there(name):\n"
    "    try: return importlib.util.find_spec(name) is not None\n"
    "    except Exception: return False\n"
    f"names = {json.dumps(sorted({probe.needs for probe in PYTHON}))}\n"
    "certifi = None\n"
    "if there('certifi'):\n"
    "    import certifi; certifi = certifi.where()\n"
    "print(json.dumps({'prefix': sys.prefix, 'version': sys.version.split()[0],"
    " 'modules': [n for n in names if there(n)], 'certifi': certifi}))\n"
)
"""Run by each interpreter: what can be tried with it."""
