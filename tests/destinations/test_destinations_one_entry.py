"""A stranger adds one entry, and touches nothing else: tried in a copy of the house."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOUSE = ("app", "classifiers", "core", "destinations", "policy", "proxy", "tui")

STORE = """    Service(
        "acme-drive",
        "ACME Drive",
        STORE,
        at("api.acme-drive.example", "*.acme-drive.example", paths=r"/v1/"),
        r"POST /v1/upload",
        host_label,
        Refusal.DROPBOX,
        family="dropbox",
        aliases=("acmedrive",),
        hidden=r"/v1/upload/([^/]+)",
        keys=Keys(domains=("acme-drive.example",), headers=("x-acme-key",)),
    ),
"""
PROVIDER = """    api(
        "acme-ai",
        "ACME AI",
        at("api.acme-ai.example"),
        OPENAI,
        "deepseek",
        keys=Keys(domains=("acme-ai.example",), classes=(("acme-sk-", "project"),)),
        organisation_headers=("acme-organisation",),
    ),
"""
QUESTIONS = '''
import json
from datetime import UTC, datetime

from classifiers.destinations import Bindings, destination
from classifiers.llm import prices, recognise
from classifiers.llm.answer.usage import Usage
from classifiers.payload import Payload
from core.classification import Destination
from core.decision import Decision, Verdict
from core.exchange import Exchange
from core.fingerprint import Fingerprinter
from core.organisation import Organisation
from destinations import account_names, destination_names
from destinations.credentials import is_own_host
from mitmproxy.test import tutils
from policy.describing import advice
from policy.loading import load_bytes, parse
from policy.wording import place
from proxy.refusals import refusal
from tui.wording import service_name as shown

NOW = datetime(2026, 11, 21, tzinfo=UTC)
POLICY = b"""
organisation: {accounts: {acmedrive: [ours]}}
rules:
  - {id: a, description: d, when: {destination: {service: [acmedrive, acme-ai]}}, then: block}
"""


def sent(host, path, body=b"", headers=()):
    return Exchange(id="x", at=NOW, scheme="https", host=host, port=443, method="POST", path=path,
                    headers=headers, body=body, body_bytes=len(body))


organisation = load_bytes(POLICY, "test").organisation
fingerprinter = Fingerprinter(b"k" * 32)
bindings = Bindings(fingerprinter)
drive = destination(sent("ours.acme-drive.example", "/v1/upload/Secret"), organisation, bindings)
other = destination(sent("theirs.acme-drive.example", "/v1/list"), organisation, bindings)
chat = b'{"model": "deepseek-chat", "messages": [{"role": "user", "content": "hi"}]}'
head = (("authorization", "Bearer acme-sk-1"), ("acme-organisation", "org"))
asked = sent("api.acme-ai.example", "/anything", chat, head)
call = recognise(asked, Payload(json=json.loads(chat), plain=chat), fingerprinter)
model = destination(asked, organisation, bindings, call)
stranger = destination(sent("acme-drive.example.evil.example", "/v1/"), organisation, bindings)
used = Usage(input=1000, output=1000)


def refused(service):
    answer = refusal(Decision(verdict=Verdict.BLOCK), "ref", service, tutils.treq())
    return sorted(json.loads(answer.content))


print(json.dumps({
    "drive": [drive.service, drive.category, drive.account.kind, drive.upload, drive.path],
    "other": [other.service, other.account.kind, other.upload],
    "elsewhere": stranger.service,
    "names": [place(drive), shown("acme-drive", ""), place(model), shown("acme-ai", "")],
    "refusals": [refused("acme-drive"), refused("acme-ai")],
    "known": sorted({"acme-drive", "acmedrive", "acme-ai"} & destination_names() & account_names()),
    "advice": [words for _, words in advice(parse(POLICY, "test"), today=NOW.date())],
    "keys": [
        is_own_host("acme-drive", "eu.acme-drive.example"),
        is_own_host("acme-ai", "evil.example"),
        is_own_host("acme-ai", "gateway.ai.cloudflare.com"),
    ],
    "call": [call.provider, call.operation, call.model, call.key_class, call.organisation],
    "account": [model.service, model.category, model.account.id],
    "cost": str(prices.from_table("acme-ai", None, "deepseek-chat", used, NOW).dollars),
}))
'''


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What a copy of the house says of two services, after one entry for each was written into
    it.
    """
    house = tmp_path_factory.mktemp("house")
    for part in HOUSE:
        shutil.copytree(ROOT / part, house / part, ignore=shutil.ignore_patterns("__pycache__"))
    add(house / "destinations" / "stores.py", "_SHARED: tuple[Service, ...] = (\n", STORE)
    add(house / "destinations" / "llm" / "apis.py", "_HOSTED: tuple[Service, ...] = (\n", PROVIDER)
    done = subprocess.run(
        [sys.executable, "-c", QUESTIONS], cwd=house, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def add(file: Path, table: str, entry: str) -> None:
    text = file.read_text()
    assert text.count(table) == 1
    file.write_text(text.replace(table, table + entry))


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("drive", ["acme-drive", "cloud_storage", "corporate", True, "/v1/upload/{token}"]),
        ("other", ["acme-drive", "other_tenant", False]),
        ("elsewhere", None),
        ("refusals", [["error", "error_summary", "user_message"], ["error"]]),
        ("known", ["acme-ai", "acme-drive", "acmedrive"]),
        ("advice", []),
        ("keys", [True, False, True]),
        ("call", ["acme-ai", "chat", "deepseek-chat", "project", "org"]),
        ("account", ["acme-ai", "llm", "org"]),
    ],
)
def test_one_entry_is_all_that_a_new_service_takes(
    answers: dict[str, object], question: str, answer: object
) -> None:
    """It is recognised, judged, stored fit to be read, refused in its shape, and known to rules:
    by its entry alone.
    """
    assert answers[question] == answer


def test_a_new_service_has_one_name_everywhere(answers: dict[str, object]) -> None:
    """Refusal and screen say the name that its entry gives."""
    names = answers["names"]
    assert isinstance(names, list)
    assert ["ACME Drive" in names[0], names[1]] == [True, "ACME Drive"]
    assert ["ACME AI" in names[2], names[3]] == [True, "ACME AI"]


def test_a_new_provider_is_priced(answers: dict[str, object]) -> None:
    """Its calls cost what the price table says that its entry names."""
    assert isinstance(answers["cost"], str)
    assert 0 < float(answers["cost"]) < 1
