"""What an approval covers: the same request made again, and nothing that differs in what counts."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from families import with_each

from core.attribution import Attribution, Certainty, LaunchedAs, ProcessRef, Script
from core.classification import Account, AccountKind, Category, Classification, Destination
from core.decision import Decision, Verdict
from core.exchange import Exchange, OtherName
from core.findings import Confidence, Finding
from core.fingerprint import Fingerprinter
from proxy.approvals import NEVER_THE_SAME, hold_key
from proxy.transaction import Transaction

AT = datetime(2026, 11, 25, tzinfo=UTC)
SCRIPT = Script(
    path="/srv/a.py", sha256="ab" * 32, launched_as=LaunchedAs.FILE, name="a.py", version=None
)
SENDER = Attribution(
    certainty=Certainty.EXACT,
    method="sock_diag",
    process=ProcessRef(pid=7, started_at=AT, name="python3", exe="/usr/bin/python3"),
    script=SCRIPT,
)
EXCHANGE = Exchange(
    id="1",
    at=AT,
    scheme="https",
    host="files.example",
    port=443,
    method="POST",
    path="/up?to=a",
    headers=(
        ("authorization", "Bearer corporate-token"),
        ("user-agent", "requests/2.32 run 17"),
        ("x-note", "monthly"),
        ("content-type", "text/plain"),
    ),
    body=b"pay DE89",
    body_bytes=8,
)
FOUND = Finding(
    kind="iban",
    detector="iban",
    confidence=Confidence.CERTAIN,
    count=1,
    distinct=1,
    fingerprints=("0f" * 8,),
)
SEEN = Classification(
    destination=Destination(
        scheme="https",
        host="files.example",
        port=443,
        path="/up",
        service="files",
        category=Category.CLOUD_STORAGE,
        account=Account(kind=AccountKind.CORPORATE, id="acme"),
    ),
    findings=(FOUND,),
)

type Told = tuple[Exchange, Attribution, Classification]


def key(told: Told) -> str:
    transaction = Transaction("1")
    exchange, sender, seen = told
    transaction.decide(exchange, sender, seen, Decision(verdict=Verdict.HOLD))
    return hold_key(Fingerprinter(b"k" * 32), transaction)


def header(name: str, value: str) -> Callable[[Told], Told]:
    """Return what adds a header, in the place of one of the same name."""

    def changed(told: Told) -> Told:
        kept = tuple(pair for pair in told[0].headers if pair[0] != name)
        return replace(told[0], headers=(*kept, (name, value))), *told[1:]

    return changed


def request(**fields: object) -> Callable[[Told], Told]:
    return lambda told: (replace(told[0], **fields), told[1], told[2])  # type: ignore[arg-type]


def sender(**fields: object) -> Callable[[Told], Told]:
    return lambda told: (told[0], replace(told[1], **fields), told[2])  # type: ignore[arg-type]


def account(**fields: object) -> Callable[[Told], Told]:
    def changed(told: Told) -> Told:
        where = told[2].destination
        other = replace(where, account=replace(where.account, **fields))  # type: ignore[arg-type]
        return told[0], told[1], replace(told[2], destination=other)

    return changed


def found(*findings: Finding) -> Callable[[Told], Told]:
    return lambda told: (told[0], told[1], replace(told[2], findings=findings))


ASKS_AGAIN = {
    "another version of the script": sender(script=replace(SCRIPT, sha256="cd" * 32)),
    "another script": sender(script=replace(SCRIPT, path="/srv/b.py")),
    "no script": sender(script=None),
    "a sender that is not certain": sender(certainty=Certainty.LIKELY),
    "another host": request(host="other.example"),
    "another port": request(port=8443),
    "another name beside": request(
        other_names=(OtherName(host="evil.example", port=443, named_by="Host header"),)
    ),
    "another path": request(path="/up?to=b"),
    "another method": request(method="PUT"),
    "in the clear": request(scheme="http"),
    "another body": request(body=b"pay DE90"),
    "another account's token": header("authorization", "Bearer personal-token"),
    "no token": request(headers=EXCHANGE.headers[1:]),
    "another account": account(kind=AccountKind.PERSONAL),
    "another tenant of it": account(id="other"),
    "a cookie": header("cookie", "session=1"),
    "a header with an IBAN": header("x-note", "DE89370400440532013000"),
    "a further header": header("x-extra", "1"),
    "the same header twice": request(headers=(*EXCHANGE.headers, ("x-note", "monthly"))),
    "another organisation": header("openai-organization", "org-2"),
    "a key for an API": header("x-api-key", "2"),
    "another program": header("user-agent", "curl/2.32 run 17"),
    "another type": header("content-type", "text/csv"),
    "another key of the cloud": header(
        "authorization", "AWS4-HMAC-SHA256 Credential=AKIA2/20261125/eu/s3/aws4, Signature=1"
    ),
    "a value in a header that never is the same": found(FOUND, replace(FOUND, kind="email")),
    "another value found": found(replace(FOUND, fingerprints=("1e" * 8,))),
    "more of it found": found(replace(FOUND, count=2)),
}
HOLDS = {
    **{f"another {name}": header(name, "anew-4711") for name in sorted(NEVER_THE_SAME)},
    "a client that counts": header("user-agent", "requests/2.32 run 18"),
    "another order of headers": request(headers=EXCHANGE.headers[::-1]),
    "another time": request(id="2", at=AT.replace(hour=3)),
    "another process of the same script": sender(
        process=ProcessRef(pid=8, started_at=AT, name="python3", exe="/usr/bin/python3")
    ),
}
SIGNED = "AWS4-HMAC-SHA256 Credential=AKIA1/{}/eu/s3/aws4, SignedHeaders=host, Signature={}"


@pytest.mark.parametrize("what", ASKS_AGAIN)
def test_what_differs_is_asked_about_again(what: str) -> None:
    """An approval holds for nothing that differs in sender, place, account, findings or content."""
    told = (EXCHANGE, SENDER, SEEN)
    assert key(ASKS_AGAIN[what](told)) != key(told)


@with_each("what", HOLDS)
def test_the_same_request_made_again_is_covered(what: str) -> None:
    """Dates, numbers of requests and traces do not make a request another one."""
    told = (EXCHANGE, SENDER, SEEN)
    assert key(HOLDS[what](told)) == key(told)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (SIGNED.format("20261125", "0f3a"), SIGNED.format("20261126", "9b1c")),
        ("SharedKey account:c2lnbmF0dXJl", "SharedKey account:YW5vdGhlcg=="),
        (
            'OAuth oauth_token="t", oauth_nonce="1", oauth_timestamp="2", oauth_signature="3"',
            'OAuth oauth_token="t", oauth_nonce="4", oauth_timestamp="5", oauth_signature="6"',
        ),
    ],
)
def test_a_signature_made_anew_is_the_same_request(first: str, second: str) -> None:
    """Who signs stays; that each request is signed anew does not make it another."""
    told = (EXCHANGE, SENDER, SEEN)
    assert key(header("authorization", first)(told)) == key(header("authorization", second)(told))


def test_parts_do_not_run_together() -> None:
    """What stands at the end of one part cannot be moved to the beginning of the next."""
    told = (EXCHANGE, SENDER, SEEN)
    one = request(path="/up", host="files.example")(told)
    two = request(path="/", host="files.example/up")(told)
    three = header("x-note", 'a"],["x-b","c')(told)
    four = header("x-b", "c")(header("x-note", "a")(told))
    assert len({key(one), key(two), key(three), key(four)}) == 4
