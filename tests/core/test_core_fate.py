"""What became of what the verdict does not tell of: bypassed, distrusted, no HTTP, unreached."""

import pytest

from core.fate import UNREACHED_NOTE, Fate, fate_of
from core.vocabulary.verdicts import FATES, VERDICTS, words_of


@pytest.mark.parametrize(
    ("method", "stages", "notes", "fate"),
    [
        ("CONNECT", ("bypass: a direct connection past the gate",), (), Fate.PAST),
        ("CONNECT", ("bypass: HTTP/3 past the gate",), (), Fate.PAST),
        ("CONNECT", ("tls: the client refused Outgate's certificate",), (), Fate.UNTRUSTED),
        ("CONNECT", ("protocol: what was sent is not HTTP",), (), Fate.FOREIGN),
        ("POST", (), (UNREACHED_NOTE,), Fate.UNREACHED),
        ("POST", ("tls: words of some other stage",), (), None),
        ("POST", ("bypass: words of some other stage",), (), None),
        ("CONNECT", ("history: failed",), (), None),
        ("POST", (), ("no answer came",), None),
        ("GET", (), (), None),
    ],
)
def test_only_what_the_verdict_does_not_tell_has_a_fate(
    method: str, stages: tuple[str, ...], notes: tuple[str, ...], fate: Fate | None
) -> None:
    """A request that came to its decision goes by its verdict, whatever failed on the way."""
    assert fate_of(method, stages, notes) is fate


@pytest.mark.parametrize("fate", Fate)
def test_every_fate_has_words_of_its_own(fate: Fate) -> None:
    """None of them says that something passed, and none adds what a rule would have done."""
    assert words_of(fate.value) is FATES[fate]
    assert "passed" not in FATES[fate].outcome
    assert FATES[fate].word not in {words.word for words in VERDICTS.values()}
    assert FATES[fate].meaning != "allowed"
