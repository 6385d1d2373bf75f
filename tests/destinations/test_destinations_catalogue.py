"""The catalogue of destinations: what every entry of it must hold, whoever adds it."""

import inspect
import re
from dataclasses import fields
from datetime import UTC, datetime
from functools import partial

import pytest
from catalogue_samples import exact_hosts, met_at
from cpu_time import cpu_seconds
from families import with_each

from core.exchange import Exchange
from destinations import (
    SERVICES,
    Service,
    account_names,
    canonical,
    destination_names,
    find,
    place_name,
    service_name,
)
from destinations.catalogue import by_name, llm_of
from destinations.hosts import HostTable, Sites, service_at
from destinations.service import LlmKind, stores
from destinations.signals import Request
from destinations.vendors import VENDORS

ALL = (*SERVICES, *VENDORS)
MISSPELT = re.compile(
    r"\b(?:Ai|Api|Aws|Gcp|Llm|Ml|Nim|Sqs|Oss|Oci|Github|Gitlab|Openai|Deepseek|Hubspot|Posthog"
    r"|Devops|Elevenlabs|Sendgrid|Whatsapp|Wetransfer|Langsmith|Sagemaker)\b"
)
"""What capital letters alone make of ids whose vendors spell them otherwise."""
SPELT = {
    "ai21": "AI21",
    "aimlapi": "AI/ML API",
    "assemblyai": "AssemblyAI",
    "aws-s3": "Amazon S3",
    "aws-bedrock": "Amazon Bedrock",
    "chatgpt-web": "ChatGPT",
    "deepinfra": "DeepInfra",
    "deepseek": "DeepSeek",
    "elevenlabs": "ElevenLabs",
    "github-copilot": "GitHub Copilot",
    "honeyhive": "HoneyHive",
    "hubspot": "HubSpot",
    "icloud": "iCloud",
    "ifttt": "IFTTT",
    "langsmith": "LangSmith",
    "n8n": "n8n",
    "newrelic": "New Relic",
    "ngrok": "ngrok",
    "npm": "npm",
    "nvidia-nim": "NVIDIA NIM",
    "openrouter": "OpenRouter",
    "ovhcloud": "OVHcloud",
    "pcloud": "pCloud",
    "planetscale": "PlanetScale",
    "posthog": "PostHog",
    "siliconflow": "SiliconFlow",
    "stepfun": "StepFun",
    "terabox": "TeraBox",
    "wandb": "Weights & Biases",
    "xai": "xAI",
}


@with_each("service", ALL)
def test_every_service_has_a_name_fit_for_a_sentence(service: Service) -> None:
    """No id of ours stands in a sentence, and none that capital letters made of it."""
    assert re.fullmatch(r"[a-z0-9]+(?:[-.][a-z0-9]+)*", service.id)
    assert service.name.isprintable()
    assert service.name == service.name.strip() != ""
    assert "_" not in service.name
    assert "-" not in service.name.replace("sign-in", "")
    assert not MISSPELT.search(service.name)
    assert service_name(service.id) == service.name


@pytest.mark.parametrize(("service", "name"), SPELT.items())
def test_names_are_spelt_as_vendors_spell_them(service: str, name: str) -> None:
    """A privacy officer reads the name that the vendor writes."""
    assert service_name(service) == name


@with_each("service", SERVICES)
def test_every_service_is_recognised_at_its_own_hosts(service: Service) -> None:
    """Each host and path that an entry describes leads to that entry, not to a neighbour's."""
    for host, path in met_at(service):
        assert service_at(host, path) is service, (host, path)
        assert service_at(host + ".", path) is service


@pytest.mark.parametrize(
    "shape",
    ["{h}.evil.example", "{h}-evil.example", "{f}.test", "{h}.evil", "a.evil{d}"],
)
def test_look_alike_hosts_are_never_taken_for_a_service(shape: str) -> None:
    """A host that only resembles a known one is not that service: names are matched whole, label
    by label.
    """
    for service in SERVICES:
        for host in exact_hosts(service):
            domain = ".".join(host.split(".")[-2:])
            fake = shape.format(h=host, f=host.replace(".", "-"), d=domain)
            assert service_at(fake, "/v1/files/upload") is None, fake


@with_each("service", SERVICES)
def test_patterns_take_no_longer_than_their_text_is_long(service: Service) -> None:
    """A path that a script chose cannot make the gate think for long: ten thousand characters are
    looked at at once.
    """
    hostile = ["a" * 10_000, "/" * 10_000, "a/" * 5_000, "-.1" * 3_333, "/models/" * 1_250]
    looks = [re.compile(service.upload).match, re.compile(service.hidden or "").search]
    looks += [re.compile(site.paths or "").match for site in service.sites]
    for look in looks:
        for text in hostile:
            for start in ("", "/", "POST /", "PUT ", "/api/v2/databases/"):
                took = cpu_seconds(partial(look, start + text), limit=0.25)
                assert took < float("inf"), (look, start, text[:8])


def requests() -> list[Request]:
    paths = [
        "",
        "/",
        "//",
        "/%ff%00?sktid=x",
        "/repos//x",
        "/b/",
        "/" + "a" * 9000,
        "/bot:",
        "?",
        "/x?" + "&" * 99,
    ]
    headers: list[dict[str, str]] = [
        {},
        {"authorization": "Bearer eyJ.eyJ.eyJ"},
        {"authorization": "Bearer eyJhbGciOiJub25lIn0.eyJ0aWQiOjd9.x"},
        {"authorization": "x", "x-goog-user-project": ""},
        {"authorization": "AWS4-HMAC-SHA256 Credential=AKIA/"},
        {"authorization": "bearer \u2028"},
    ]
    bodies = [b"", b"assertion=eyJ.%00.x", b"assertion=" + b"eyJ." * 99, b"\xff" * 70_000]
    return [Request("h", path, head, body) for path in paths for head in headers for body in bodies]


@with_each("service", ALL)
def test_readers_survive_hostile_requests(service: Service) -> None:
    """No request, however broken, makes reading whose account it is fail."""
    for request in requests():
        told = service.account(request)
        assert told is None or (told.evidence and len(told.id or "") <= 9000)


@with_each("service", tuple(s for s in SERVICES if s.learn is not None))
def test_learners_survive_hostile_answers(service: Service) -> None:
    """No answer, however broken, makes learning from it fail; nothing is learnt from one that
    tells nothing.
    """
    assert service.learn is not None
    for path in ("/", "/me", "/user", "/gists", "/organization", "?"):
        exchange = Exchange(
            id="x",
            at=datetime(2026, 11, 21, tzinfo=UTC),
            scheme="https",
            host="h",
            port=443,
            method="GET",
            path=path,
            body=b"assertion=eyJ.x.y",
        )
        values: tuple[object, ...] = (None, 1, [], [1], {}, "x", "a@", "@", {"id": 5})
        for value in (*values, [{"id": []}], "eyJ.e.e"):
            keys = ("team", "user", "bot", "owner", "value", "driveType", "id_token", "hd", "email")
            told = service.learn(exchange, dict.fromkeys(keys, value))
            assert told is None or told.evidence
        assert service.learn(exchange, {}) is None


def test_a_forgotten_part_is_an_error_where_the_entry_stands() -> None:
    """The parts that every entry has, have no default: neither the type checker nor the import
    lets one be left out.
    """
    needed = ("id", "name", "category", "sites", "upload", "account", "refusal")
    parameters = inspect.signature(Service).parameters
    assert tuple(n for n, p in parameters.items() if p.default is p.empty) == needed

    whole = {name: getattr(SERVICES[0], name) for name in needed}
    assert Service(**whole).id == SERVICES[0].id
    for name in needed:
        with pytest.raises(TypeError, match=name):
            Service(**{key: value for key, value in whole.items() if key != name})


def test_entries_that_share_an_id_differ_only_in_what_is_done_there() -> None:
    """Records name a service by its id: its name, its family and the shape of its refusals follow
    from it.
    """
    first: dict[str, Service] = {}
    for service in ALL:
        known = first.setdefault(service.id, service)
        shared = ("name", "family", "refusal", "learn", "opens_sessions")
        assert [getattr(service, part) for part in shared] == [
            getattr(known, part) for part in shared
        ]
        assert service is known or service.category is not known.category


def test_no_two_services_own_one_place() -> None:
    """Which entry is meant never depends on their order: one host pattern has one owner for one
    set of paths.
    """
    owners: dict[tuple[str, str | None], Service] = {}
    for service in SERVICES:
        for site in service.sites:
            for host in site.hosts:
                assert owners.setdefault((host, site.paths), service) is service, host


@with_each("service", ALL)
def test_families_are_entries(service: Service) -> None:
    """The vendor under which an organisation lists its accounts is known to the catalogue."""
    assert service.family is None or find(service.family) is not None
    assert service.family is None or service.family in account_names()


def test_other_ids_are_read_as_well() -> None:
    """A policy or an older record may name a service by another id of it; none of them means two
    services.
    """
    assert canonical("s3") == canonical("AWS-S3") == "aws-s3"
    assert canonical("new-relic") == canonical("newrelic") == "newrelic"
    assert canonical("Nobody Knows") == "nobody knows"
    assert service_name("new-relic") == "New Relic"
    aliases = [alias for service in ALL for alias in service.aliases]
    assert len(aliases) == len(set(aliases))
    assert set(aliases).isdisjoint(service.id for service in ALL)


def test_an_alias_of_two_services_is_refused() -> None:
    """A name that would mean two services is an error when the catalogue is made."""
    s3 = find("s3")
    other = find("dropbox")
    assert s3 is not None and other is not None
    values = {f.name: getattr(other, f.name) for f in fields(other)}
    with pytest.raises(ValueError, match="s3"):
        by_name((s3, Service(**{**values, "aliases": ("s3",)})))


def test_known_names_are_those_that_can_be_met() -> None:
    """Advice on a policy knows every service that a request can go to, and no vendor that none is
    filed under.
    """
    names = destination_names()

    assert {"aws-s3", "s3", "python-index", "langfuse", "a2a", "otlp", "ollama", "npm"} <= names
    assert names.isdisjoint({"microsoft", "stripe", "vault"})
    assert {"microsoft", "google", "aws", "github", "s3"} <= account_names()
    assert "stripe" not in account_names()


@pytest.mark.parametrize(
    ("service", "name"),
    [
        ("unheard-of", "Unheard of"),
        ("acme.example", "acme.example"),
        ("a_b", "A b"),
        ("\x1b[31mred", "·[31mred"),
        ("\u202eevil", "·evil"),
        ("x" * 99, "X" + "x" * 59 + "…"),
    ],
)
def test_ids_that_no_entry_has_are_named_plainly_and_inert(service: str, name: str) -> None:
    """A record of another version shows something readable, and nothing that drives a terminal."""
    assert service_name(service) == name


def test_a_place_without_a_service_goes_by_its_host() -> None:
    """Where no service is known, the host says where it went."""
    assert place_name(None, "files.example") == "files.example"
    assert place_name("", "files.example") == "files.example"
    assert place_name(None, "") == "an unnamed host"
    assert place_name("deepseek", "api.deepseek.com") == "DeepSeek"


def test_one_host_may_serve_two_things() -> None:
    """Models of a data platform are calls of a model; its files are files."""
    models = service_at("acme.cloud.databricks.com", "/serving-endpoints/x/invocations")
    files = service_at("acme.cloud.databricks.com", "/api/2.0/dbfs/put")
    assert models is not None and files is not None
    assert (models.id, models.category.value) == ("databricks", "llm")
    assert (files.id, files.category.value) == ("databricks", "cloud_storage")
    assert llm_of("databricks") is models.llm


def test_a_port_tells_only_where_no_host_does() -> None:
    """The port of a local model server names it at an unlisted host, never at a listed one."""
    local = service_at("127.0.0.1", "/api/chat", 11434)
    assert local is not None and local.llm is not None
    assert (local.id, local.llm.kind) == ("ollama", LlmKind.LOCAL)
    assert service_at("127.0.0.1", "/api/chat", 443) is None
    elsewhere = service_at("api.openai.com", "/api/chat", 11434)
    assert elsewhere is not None and elsewhere.id == "openai"


@pytest.mark.parametrize(
    ("host", "owners"),
    [
        ("a.example", ["exact"]),
        ("b.a.example", ["expression", "near", "far"]),
        ("c.b.a.example", ["near", "far"]),
        ("xa.example", ["far"]),
        ("example", []),
        ("a.example.", ["exact"]),
        ("a" * 300 + ".example", []),
        ("", []),
    ],
)
def test_the_most_specific_pattern_comes_first(host: str, owners: list[str]) -> None:
    """An exact host beats an expression, an expression the longest suffix."""
    table = HostTable(
        [
            ("*.example", "far"),
            (r"/b\.[a-z]\.example/", "expression"),
            ("a.example", "exact"),
            ("*.a.example", "near"),
        ]
    )
    expected = ["exact", "far"] if owners == ["exact"] else owners
    assert list(table.find(host)) == expected
    assert list(table.find(host)) == expected


def test_the_memory_of_hosts_is_bounded() -> None:
    """A script that asks for endless hosts cannot fill the gate's memory."""
    sites = Sites(SERVICES)
    for number in range(10_000):
        sites.owner(f"h{number}.example", "/")
    assert len(sites._table._cache) <= 4096


@pytest.mark.parametrize(
    ("service", "method", "path", "stored"),
    [
        ("dropbox", "POST", "/2/files/upload", True),
        ("dropbox", "POST", "/2/files/list_folder", False),
        ("dropbox", "GET", "/2/files/upload", False),
        ("openai", "POST", "/v1/files", True),
        ("openai", "POST", "/v1/uploads/u/parts", True),
        ("openai", "GET", "/v1/files", False),
        ("openai", "POST", "/v1/chat/completions?next=/files", False),
        ("google-login", "POST", "/token", False),
        ("wetransfer", "PATCH", "/x", True),
        ("wetransfer", "DELETE", "/x", False),
    ],
)
def test_what_stores_content_is_told_from_what_asks(
    service: str, method: str, path: str, stored: bool
) -> None:
    """An upload is what others could read afterwards; questions and sign-ins are not."""
    entry = find(service)
    assert entry is not None
    assert stores(entry, method, path) is stored
