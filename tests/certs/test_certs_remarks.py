"""What is to know of an authority that works."""

from datetime import timedelta

import pytest
from certs_samples import NOW, make

from certs.chain import Authority
from certs.ending import ends_soon
from certs.remarks import remarks


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=31), None),
        (timedelta(days=30), None),
        (timedelta(days=29, hours=23), "in 29 days"),
        (timedelta(days=1, hours=1), "in 1 day,"),
        (timedelta(hours=3), "today"),
        (timedelta(hours=-3), "ended on"),
    ],
)
def test_an_end_is_told_thirty_days_ahead(left: timedelta, words: str | None) -> None:
    """From thirty days before its end, and after it, the end is told; before that it is not."""
    told = ends_soon(NOW + left, NOW)
    assert told is None if words is None else words in (told or "")


def test_an_intermediate_that_may_make_others_is_remarked_on() -> None:
    """A path length of 0 is all that is needed; anything more is told."""
    root = make("Corp root", days=900)
    for length, told in ((0, []), (1, ["further"]), (None, ["further"])):
        one = make("Corp endpoint", root, path_length=length, days=800)
        authority = Authority(key=one.key, chain=(one.certificate, root.certificate))
        said = list(remarks(authority, NOW))
        assert len(said) == len(told)
        assert all(word in line for word, line in zip(told, said, strict=True))


def test_an_end_anywhere_in_the_chain_counts() -> None:
    """A root that ends before its intermediate is the end of both."""
    root = make("Corp root", days=20)
    one = make("Corp endpoint", root, path_length=0, days=800)
    authority = Authority(key=one.key, chain=(one.certificate, root.certificate))
    assert any("The authority ends" in line for line in remarks(authority, NOW))
