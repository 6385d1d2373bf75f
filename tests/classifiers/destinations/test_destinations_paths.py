"""What may be stored of a path, for any path at all."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.destinations import Bindings, destination
from classifiers.destinations.paths import _segment, redact
from core.exchange import Exchange
from core.fingerprint import Fingerprinter
from core.organisation import Organisation
from core.text import printable
from examples import most

ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


@given(
    st.text(max_size=300),
    st.sampled_from(
        [
            "api.openai.com",
            "api.telegram.org",
            "graph.microsoft.com",
            "b.s3.amazonaws.com",
            "x.example",
        ]
    ),
    st.text(max_size=40),
)
@settings(max_examples=most(300), deadline=None)
def test_any_path_gives_a_short_printable_one(path: str, host: str, header: str) -> None:
    """However broken a path is, what is stored is short and harmless to print."""
    sent = Exchange(
        id="x",
        at=datetime(2026, 1, 1, tzinfo=UTC),
        scheme="https",
        host=host,
        port=443,
        method="POST",
        path="/" + path,
        headers=(("authorization", header), ("cookie", header)),
    )
    found = destination(sent, Organisation(), Bindings(Fingerprinter(b"k" * 32)))
    assert len(found.path) <= 301
    assert found.path == printable(found.path)


@given(
    st.text(ALPHABET, min_size=24, max_size=80).filter(
        lambda t: not t.isalpha() and sum(a.isdigit() != b.isdigit() for a, b in pairwise(t)) > 3
    )
)
def test_random_tokens_never_stay(token: str) -> None:
    """A random token in the path or in the query is not stored."""
    assert token not in redact(f"/download/{token}/file?signature={token}&{token}=1")


@given(st.text(ALPHABET + "=&%+", min_size=1, max_size=40))
def test_query_values_never_stay(value: str) -> None:
    """Nothing after an equals sign of a query is stored."""
    stored = redact(f"/search?q={value.replace('&', '')}")
    assert stored == "/search?q=…"


@pytest.mark.parametrize(
    "path",
    (
        "/v1/chat/completions /v1.0/me/drive/root:/Reports/ledger-2026.csv:/content"
        " /openai/deployments/gpt-4o-mini/chat/completions"
        " /repos/example/project/contents/README.md /upload/storage/v1/b/my-bucket/o"
        " /api/2.0/files/content /v2/datasets/test-qa/versions/v1"
        " /model/meta.llama3-2-1b-instruct-v1:0/converse"
        " /v1beta/models/gemini-2.5-pro:streamGenerateContent"
        " /invoices/2026/11/INV-20261121.pdf"
        " /serving-endpoints/databricks-meta-llama-3-3-70b-instruct/invocations"
        " /client/v4/zones"
    ).split(),
)
def test_plain_paths_stay_readable(path: str) -> None:
    """A path that explains a request is kept as it is."""
    assert redact(path) == path


@given(
    before=st.sampled_from(["", "sk", "dapi", "eyj", "akia", "bot"]),
    word=st.text("abcdefghijklmnopqrstuvwxyz", max_size=80),
)
def test_a_word_of_small_letters_is_kept_as_it_is_beside_another(before: str, word: str) -> None:
    """It is told apart at once; with a blank before it, it goes through all forms of values."""
    assert _segment(f"a {before}{word}") == f"a {_segment(before + word)}" == f"a {before}{word}"
    assert _segment(f"eyJ{word}AbCdEfGh") == "{token}"
