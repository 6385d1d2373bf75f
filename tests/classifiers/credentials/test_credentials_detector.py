"""What the secrets detector finds, in which place, and under which type."""

import base64
import json
from collections.abc import Callable
from functools import cache

import pytest
from families import with_each
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.credentials import CredentialDetector
from classifiers.hits import Hit
from classifiers.payload import Carrier, Payload, Segment
from core.findings import SECRET, Confidence
from core.organisation import Organisation
from examples import most


@cache
def _detector() -> CredentialDetector:
    return CredentialDetector(None, Organisation(), long_tail=False)


RUN = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bD0fG3iJ6lM9oR2uX5zC8eF1hK4nP7qS0tV3wY6aB9dE2gH5jL8mP1rT4vX7z"
HEX = "3f9a1c7be2d84056a1b9c3d7e5f20864" * 4
PASSWORD = "kV7" + "!rq9Zt2"


def chat(text: str) -> Payload:
    return Payload(
        segments=[Segment("user", "role"), Segment(text, "content", ("messages", 0, "content"))]
    )


def field(key: str, text: str) -> Payload:
    return Payload(segments=[Segment(text, key, (key,))])


def found(
    detector: CredentialDetector, payload: Payload, host: str = "llm.example"
) -> list[tuple[str, str]]:
    return [(hit.detector, hit.value) for hit in detector.detect(payload, host)]


SECRETS = [
    ("aws-access-key", "AKIA" + "Q3EGRIZ7XPO2NMKL"),
    ("aws-temporary-access-key", "ASIA" + "Q3EGRIZ7XPO2NMKL"),
    ("openai-api-key", "sk-" + "proj-" + RUN[:74]),
    ("openai-api-key", "sk-" + RUN[:20] + "T3Blbk" + "FJ" + RUN[20:40]),
    ("anthropic-api-key", "sk-ant-" + "api03-" + (RUN + RUN)[:93] + "AA"),
    ("anthropic-admin-key", "sk-ant-" + "admin01-" + (RUN + RUN)[:93] + "AA"),
    ("google-api-key", "AI" + "za" + RUN[:35]),
    ("github-pat", "gh" + "p_" + RUN[:36]),
    ("github-fine-grained-pat", "github" + "_pat_" + RUN[:22] + "_" + RUN[:59]),
    ("gitlab-token", "gl" + "pat-" + RUN[:20]),
    ("slack-token", "xo" + "xb-" + "2839471650-3948271650-" + RUN[:24]),
    ("slack-webhook", "hooks.sl" + "ack.com/services/T8QK2MZL1/B7PXW3RN9/" + RUN[:24]),
    ("stripe-secret-key", "sk_" + "live_" + RUN[:24]),
    ("sendgrid-api-key", "S" + "G." + RUN[:22] + "." + RUN[22:65]),
    ("huggingface-token", "h" + "f_" + RUN[:34]),
    ("databricks-token", "da" + "pi" + HEX[:32]),
    ("telegram-bot-token", "583920174:A" + "A" + RUN[:33]),
    ("npm-token", "np" + "m_" + RUN[:36]),
    ("digitalocean-token", "do" + "p_v1_" + HEX[:64]),
    ("azure-client-secret", RUN[:3] + "8" + "Q~" + RUN[4:38]),
    ("groq-api-key", "gs" + "k_" + RUN[:52]),
    ("vault-token", "hv" + "s." + (RUN + RUN)[:90]),
    ("sk-api-key", "sk" + "-" + RUN[:48]),
]


@with_each(("name", "secret"), SECRETS)
@with_each(
    "frame", ["{}", "my key is {} thanks", "KEY={}\nNEXT=1", "Zürich: „{}“", "({})", '"{}",']
)
def test_an_issued_key_is_found_where_it_stands(
    own_detector: CredentialDetector, name: str, secret: str, frame: str
) -> None:
    """A key of a well-known provider inside a prompt is found, named, and its place is exact."""
    payload = chat(frame.format(secret))

    hits = own_detector.detect(payload, "llm.example")

    assert [(SECRET, name, secret, 1)] == [(h.kind, h.detector, h.value, h.segment) for h in hits]
    assert payload.segments[1].text[hits[0].start : hits[0].end] == secret


ASSIGNMENTS = [
    ("generic-password", "db_password = '{}'"),
    ("generic-password", "export PGPASSWORD={}"),
    ("generic-password", "the password is {}."),
    ("generic-password", "PWD: {}"),
    ("generic-password", "<password>{}</password>"),
    ("generic-password", '{{\\"admin_password\\": \\"{}\\"}}'),
    ("generic-password", "mytool --password {} --verbose"),
    ("generic-password", "Kennwort: {}"),
    ("generic-password", "os.environ.setdefault('DB_PASSWORD', '{}')"),
    ("generic-password", 'add key="Password" value="{}"'),
    ("connection-string", "postgres://svc:{}@db.corp.internal:5432/ledger"),
    ("connection-string", "Server=sql.corp.internal;User Id=etl;Password={};Encrypt=True"),
    ("connection-string", "Pwd={};Uid=etl;Server=sql.corp.internal"),
    ("connection-string", "host=db.corp.internal dbname=x user=etl password={}"),
    ("connection-string", "jdbc:mysql://db.corp.internal/x?user=etl&password={}"),
    ("connection-string", "jdbc:oracle:thin:etl/{}@//ora.corp.internal:1521/X"),
    ("basic-auth-url", "https://deploy:{}@git.corp.internal/app.git"),
    ("basic-auth-command", "curl -s -u deploy:{} https://git.corp.internal"),
    ("netrc-password", "machine git.corp.internal login deploy password {}"),
]


@pytest.mark.parametrize(("name", "frame"), ASSIGNMENTS, ids=[f for _, f in ASSIGNMENTS])
def test_a_password_is_found_by_what_stands_beside_it(
    own_detector: CredentialDetector, name: str, frame: str
) -> None:
    """A password has no form of its own: its name, its address or its command gives it away."""
    payload = chat(frame.format(PASSWORD))

    hits = own_detector.detect(payload, "llm.example")

    assert [(name, PASSWORD)] == [(h.detector, h.value) for h in hits]
    assert payload.segments[1].text[hits[0].start : hits[0].end] == PASSWORD


@pytest.mark.parametrize(
    "key", ["password", "db_password", "dbPassword", "DB-PASS", "userPwd", "passphrase"]
)
def test_a_field_named_like_a_password_gives_its_whole_value(
    own_detector: CredentialDetector, key: str
) -> None:
    """In structured data the field's value is the password, with any sign in it."""
    value = "kV7,;" + '"r<q9'

    assert [("generic-password", value)] == found(own_detector, field(key, value))


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("api_key", "generic-api-key"),
        ("X-Custom-Token", "generic-token"),
        ("clientSecret", "generic-secret"),
        ("AZURE_SUBSCRIPTION_KEY", "generic-api-key"),
        ("webhook_secret", "generic-secret"),
    ],
)
def test_a_random_value_in_a_field_named_like_a_key_is_found(
    own_detector: CredentialDetector, key: str, name: str
) -> None:
    """Services without a form of their own still hand out keys: name and randomness tell."""
    assert [(name, HEX[:40])] == found(own_detector, field(key, HEX[:40]))


def test_each_row_of_a_password_column_counts(own_detector: CredentialDetector) -> None:
    """An export of accounts is as many leaked passwords as it has rows."""
    rows = [f"kV{n}!rq9Zt{n * 7}" for n in range(250)]
    payload = Payload(segments=[Segment("\n".join(rows), "password", ("password",), tabular=True)])

    hits = own_detector.detect(payload, "drive.example")

    assert rows == [hit.value for hit in hits]
    assert all(payload.segments[0].text[h.start : h.end] == h.value for h in hits)


def pem(line_end: str, kind: str = "RSA PRIVATE" + " KEY") -> str:
    body = line_end.join([RUN[:64]] * 6)
    return f"-----BEGIN {kind}-----{line_end}{body}{line_end}-----END {kind}-----"


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\\n", " "])
@pytest.mark.parametrize(
    "kind",
    ["RSA PRIVATE" + " KEY", "PRIVATE" + " KEY", "OPENSSH PRIVATE" + " KEY", "EC PRIVATE" + " KEY"],
)
def test_a_private_key_is_found_however_its_lines_end(
    own_detector: CredentialDetector, line_end: str, kind: str
) -> None:
    """A private key in JSON often has its line ends written out; it is the same key all the
    same.
    """
    payload = chat("here: " + pem(line_end, kind) + " ok")

    hits = own_detector.detect(payload, "llm.example")

    assert [("private-key", RUN[:64] * 6)] == [(h.detector, h.value) for h in hits]
    assert payload.segments[1].text[hits[0].start : hits[0].end].endswith("KEY-----")


def test_armour_without_a_key_is_no_private_key(own_detector: CredentialDetector) -> None:
    """Manuals show the first line of a private key; without the key there is no leak."""
    assert (
        found(
            own_detector,
            chat("it starts with -----BEGIN RSA PRIVATE" + " KEY----- and ends with …"),
        )
        == []
    )
    assert (
        found(
            own_detector,
            chat("-----BEGIN PUBLIC KEY-----\n" + RUN[:64] + "\n-----END PUBLIC KEY-----"),
        )
        == []
    )


def jwt(claims: dict[str, object], header: dict[str, object] | None = None) -> str:
    parts = [
        base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode()
        for p in (header or {"alg": "HS256"}, claims)
    ]
    return ".".join([*parts, RUN[:43]])


def test_a_web_token_is_found_and_a_look_alike_is_not(own_detector: CredentialDetector) -> None:
    """A token counts when it decodes; its signature is never looked at."""
    token = jwt({"iss": "https://login.corp.internal", "sub": "7f", "exp": 1_900_000_000})

    assert [("jwt", token)] == found(own_detector, chat(f"use {token} please"))
    assert found(own_detector, chat("eyJ" + RUN[:20] + ".eyJ" + RUN[:30] + "." + RUN[:30])) == []


def test_a_public_web_token_is_no_secret(own_detector: CredentialDetector) -> None:
    """A token for anonymous visitors is made to be published."""
    assert (
        found(own_detector, chat(jwt({"iss": "supabase", "role": "anon", "exp": 1_900_000_000})))
        == []
    )


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("aws-access-key", "AKIA" + "IOSFODNN7EXAMPLE"),
        ("stripe-secret-key", "sk_" + "test_" + "4eC39HqLyjWDarjtT1zdp7dc"),
        ("aws-access-key", "AKIA" + "DEADBEEFDEADBEEF"),
        ("google-api-key", "AI" + "za" + "Ab" * 17 + "c"),
    ],
)
def test_a_published_example_is_reported_as_test_data(
    own_detector: CredentialDetector, name: str, secret: str
) -> None:
    """Example keys of manuals are shown, but marked as of no consequence."""
    assert [(name, True)] == [
        (h.detector, h.test_data) for h in own_detector.detect(chat(secret), "llm.example")
    ]


def test_a_genuine_checksum_makes_a_token_certain(own_detector: CredentialDetector) -> None:
    """GitHub ends its tokens with a checksum: one that agrees was issued, one that does not is only
    likely.
    """
    from classifiers.credentials.judging.quality import checksum62

    body = RUN[:30]
    check = next(c for c in _six_digits(body) if checksum62(body, c))
    genuine, other = "gh" + "p_" + body + check, "gh" + "p_" + body + "aaaaaa"

    assert [h.confidence for h in own_detector.detect(chat(genuine), "x.example")] == [
        Confidence.CERTAIN
    ]
    assert [h.confidence for h in own_detector.detect(chat(other), "x.example")] == [
        Confidence.LIKELY
    ]


def _six_digits(body: str) -> list[str]:
    import zlib

    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    number, text = zlib.crc32(body.encode()), ""
    for _ in range(6):
        number, rest = divmod(number, 62)
        text = digits[rest] + text
    return [text]


@pytest.mark.parametrize(
    "disguise",
    [
        lambda s: s[:12] + "\u200b" + s[12:],
        lambda s: "".join(chr(ord(c) + 0xFEE0) if c.isalnum() else c for c in s),
        lambda s: s.replace("-", "\u2011"),
    ],
    ids=["zero-width space", "full-width letters", "no-break hyphen"],
)
def test_a_disguised_key_is_found_where_it_stands(
    own_detector: CredentialDetector, disguise: Callable[[str], str]
) -> None:
    """Invisible or look-alike characters do not hide a key, and the place shown is that of the text
    as sent.
    """
    secret = "sk-" + "proj-" + RUN[:60]
    shown = disguise(secret)
    payload = chat(f"é {shown} end")

    hits = own_detector.detect(payload, "llm.example")

    assert [("openai-api-key", secret)] == [(h.detector, h.value) for h in hits]
    assert payload.segments[1].text[hits[0].start : hits[0].end] == shown


def test_the_same_value_in_two_views_of_one_place_counts_once(
    own_detector: CredentialDetector,
) -> None:
    """The decoder shows a place as sent and unpacked; that is one leak."""
    secret = "gh" + "p_" + RUN[:36]
    views = [
        Segment(f"a={secret}&b", "note", ("note",)),
        Segment(secret, "a", ("note", "a")),
        Segment(secret, "x", ("x",)),
    ]

    assert [h.segment for h in own_detector.detect(Payload(segments=views), "llm.example")] == [
        0,
        2,
    ]


_TEXT = st.text(st.characters(codec=None), max_size=300)


@given(
    texts=st.lists(
        st.tuples(_TEXT, st.one_of(st.none(), _TEXT), st.sampled_from(list(Carrier))), max_size=6
    ),
    at=st.integers(0, 6),
)
@settings(max_examples=most(150), deadline=None)
def test_no_text_breaks_it_and_no_neighbour_hides_a_key(texts, at) -> None:  # type: ignore[no-untyped-def]
    """Whatever else a payload holds, control characters and broken surrogates included, the key is
    found in place.
    """
    secret = "gh" + "p_" + RUN[:36]
    segments = [Segment(text, key, (), carrier) for text, key, carrier in texts]
    at = min(at, len(segments))
    segments.insert(at, Segment(f"é {secret} ü", "content"))

    hits = [
        h
        for h in _detector().detect(Payload(segments=segments), "llm.example", explain=True)
        if h.value == secret and not h.rejected
    ]

    assert [(at, secret)] == [(h.segment, segments[h.segment].text[h.start : h.end]) for h in hits]


def test_hits_and_detectors_show_no_value(own_detector: CredentialDetector) -> None:
    """What is printed of a hit never holds the secret."""
    secret = "gh" + "p_" + RUN[:36]
    hits = own_detector.detect(chat(secret), "llm.example")

    assert hits
    assert secret not in repr(hits)
    assert isinstance(hits[0], Hit)
