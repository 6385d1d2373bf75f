"""Names as carriers: what stands in labels, header names and query names is found and not
stored.
"""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from classifiers.engine import Engine, EngineSetup
from core.classification import Classification
from core.exchange import Exchange, OtherName
from core.organisation import Organisation
from core.record_writing import destination_json

IBAN = "DE44500105175407324931"
KEY = "sk_" + "live_" + "51H8x0aBcDeFgHiJkLmNoPqRs"


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False))


def going(host: str, path: str = "/x", *headers: tuple[str, str], **more: Any) -> Exchange:
    return Exchange(
        id="x",
        at=datetime(2026, 11, 21, tzinfo=UTC),
        scheme="https",
        host=host.lower(),
        port=443,
        method="GET",
        path=path,
        headers=(("host", host), *headers),
        **more,
    )


def kinds(seen: Classification) -> set[str]:
    return {finding.kind for finding in seen.findings}


def stored(seen: Classification) -> str:
    found = [(f.where, f.excerpt) for f in seen.findings]
    return json.dumps([destination_json(seen.destination), found]).lower()


def b32(text: str) -> str:
    return base64.b32encode(text.encode()).decode().rstrip("=").lower()


def b64(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


LABELS = {
    "as it is": (IBAN.lower(), "iban"),
    "base32": (b32(IBAN), "iban"),
    "base64url": (b64(IBAN), "iban"),
    "hex": (IBAN.encode().hex(), "iban"),
    "two labels": (".".join((b32(IBAN)[:20], b32(IBAN)[20:])), "iban"),
    "a key in base32": (b32(KEY), "secret"),
    "an address in hex": (b"erika.muster@firma-nord.de".hex(), "email"),
}


@pytest.mark.parametrize("name", LABELS)
def test_a_host_label_is_a_carrier(engine: Engine, name: str) -> None:
    """A value in a label of the host is found however it is encoded, and the record holds neither
    it nor the label; the domain that it went to stays, where the value is not the domain."""
    label, kind = LABELS[name]
    for suffix in ("u.example", "u.example.co.uk", "example", "co.uk"):
        exchange = going(f"{label}.{suffix}")
        seen = engine.classify(exchange)
        assert kind in kinds(seen)
        for one in (seen, engine.on_headers(exchange)):
            assert one.destination.host.endswith(suffix)
            assert not [part for part in label.lower().split(".") if part in stored(one)]
            assert "{value}" in one.destination.host


def test_a_name_without_a_point_is_a_carrier(engine: Engine) -> None:
    """Whoever names a host may call it anything: a header needs no domain."""
    seen = engine.classify(going(IBAN))
    assert kinds(seen) == {"iban"}
    assert IBAN.lower() not in stored(seen)


@pytest.mark.parametrize("value", [b32(IBAN), b32(IBAN).upper(), b64(IBAN), IBAN.encode().hex()])
@pytest.mark.parametrize("path", ["/{}", "/a/{}/b", "/x?{}=1", "/x?q={}"])
def test_a_path_keeps_no_found_value_encoded(engine: Engine, path: str, value: str) -> None:
    """What was found encoded in a path or the name of a query value is not stored encoded, too."""
    seen = engine.classify(going("u.example", path.format(value)))
    assert "iban" in kinds(seen)
    assert value.lower() not in stored(seen)


def test_another_name_is_masked_as_well(engine: Engine) -> None:
    """What a second name of the destination holds is not stored either."""
    other = OtherName(host=f"{IBAN.lower()}.u.example", port=443, named_by="TLS handshake")
    seen = engine.classify(replace(going("a.example"), other_names=(other,)))
    assert "iban" in kinds(seen)
    assert seen.destination.other_names[0].host == "{value}.u.example"


def test_an_account_named_by_the_label_is_masked(engine: Engine) -> None:
    """Where the label is the account, the account is not stored in clear."""
    seen = engine.on_headers(going(f"{IBAN.lower()}.zendesk.com"))
    assert (seen.destination.service, seen.destination.account.id) == ("zendesk", "{value}")


@pytest.mark.parametrize(
    "exchange",
    [
        going("a.example", "/x", (IBAN.lower(), "1")),
        going("a.example", "/x", (f"x-{b32(IBAN)}"[2:], "1")),
        going("a.example", f"/x?{IBAN}=1"),
        going("a.example", f"/x?{IBAN.encode().hex()}"),
    ],
)
def test_names_of_headers_and_queries_are_carriers(engine: Engine, exchange: Exchange) -> None:
    """A value that stands where a name belongs is found; its place does not quote it."""
    seen = engine.classify(exchange)
    assert "iban" in kinds(seen)
    assert IBAN.lower() not in stored(seen)


@pytest.mark.parametrize(
    "host",
    [
        "api.openai.com",
        "my-company-resource.openai.azure.com",
        "s3.eu-central-1.amazonaws.com",
        "vpce-0123456789abcdef0-a1b2c3d4.bedrock-runtime.eu-central-1.vpce.amazonaws.com",
        "ec2-203-0-113-25.compute-1.amazonaws.com",
        "d111111abcdef8.cloudfront.net",
        "10.0.0.1",
        "production.internal.corp.example",
        "xn--mnchen-3ya.example",
        "20261125.backups.example",
        "8f14e45fceea167a5a36dedd4bea2543.r2.cloudflarestorage.com",
        "a" * 63 + ".example.com",
    ],
)
def test_ordinary_hosts_stay_as_they_are(engine: Engine, host: str) -> None:
    """Names of machines, regions and resources are no findings and are stored as they are."""
    seen = engine.classify(going(host))
    assert seen.destination.host == host
    assert not seen.findings
