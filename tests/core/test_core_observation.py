"""An observation: read back as written, masked and inert, and never half of one."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.attribution import Attribution, Certainty
from core.observation import Kind, Observation, Seen, SeenValue

AT = datetime(2026, 11, 20, 14, 14, 3, 25, tzinfo=UTC)
SEEN = Observation(
    id="01a1fde5-1aa2-7000-bb90-ca9061f1a9dd",
    at=AT,
    ended=AT + timedelta(seconds=5),
    kind=Kind.CONNECTION,
    about="postgresql at db.example:5432",
    sender=Attribution(certainty=Certainty.EXACT, method="sock_diag", user="analyst"),
    facts={
        "port": Seen(value=5432, how="the kernel's table of sockets"),
        "database": Seen(value="ledger", how="the protocol's first message"),
        "names": Seen(value=("a", "b"), how="counted"),
        "encrypted": Seen(value=False, how="the protocol's first message"),
        "user": Seen(value=None, how="it was encrypted"),
    },
    notable=True,
)


@pytest.mark.parametrize("kind", Kind)
def test_an_observation_is_read_back_as_it_was_written(kind: Kind) -> None:
    """What was seen is told the same for ever, with how each fact is known."""
    seen = replace(SEEN, kind=kind)
    assert Observation.from_json(json.loads(json.dumps(seen.to_json()))) == seen


VALUES = st.one_of(
    st.text(), st.booleans(), st.none(), st.integers(-(2**63), 2**63 - 1), st.lists(st.text())
)


@given(st.dictionaries(st.text(), VALUES))
def test_facts_of_any_kind_are_inert_and_stay_what_they_are(
    facts: dict[str, str | bool | int | list[str] | None],
) -> None:
    """Whatever a server calls itself, the stored text is harmless, and reading it again changes
    nothing.
    """
    named: dict[str, SeenValue] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in facts.items()
    }
    seen = replace(SEEN, facts={name: Seen(value=v, how="told") for name, v in named.items()})
    once = Observation.from_json(json.loads(json.dumps(seen.to_json())))
    assert once.to_json() == Observation.from_json(once.to_json()).to_json()
    assert once.facts.keys() == named.keys()
    for name, value in named.items():
        if not isinstance(value, str | tuple):
            assert once.value(name) == value and type(once.value(name)) is type(value)


@pytest.mark.parametrize(
    "value",
    ["anna.meier@clinic.example", "\x1b[31mred", "sk-ant-api03-Zx8fQ2mKd91LpVw7", "a\nb"],
)
def test_a_fact_that_names_a_person_or_a_key_is_masked(value: str) -> None:
    """Whatever a server or a file is called: no person, no key and no escape sequence is kept."""
    seen = replace(SEEN, about=value, facts={"user": Seen(value=value, how="told")})
    kept = json.dumps(seen.to_json(), ensure_ascii=False)
    assert "anna.meier" not in kept and "Zx8fQ2m" not in kept
    assert "\\u001b[31m" not in kept and "\x1b" not in kept and "a\\nb" not in kept


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("schema", "outgate.observation/2"),
        ("kind", "something later"),
        ("at", "yesterday"),
        ("about", None),
        ("facts", {"port": 5432}),
        ("facts", {"port": {"value": {"a": 1}, "how": "told"}}),
        ("facts", {"port": {"value": 1.5, "how": "told"}}),
        ("facts", {"port": {"value": 1}}),
        ("facts", []),
        ("notable", "yes"),
        ("sender", None),
    ],
)
def test_what_a_later_version_says_otherwise_is_refused_whole(key: str, value: object) -> None:
    """An observation that is not understood is said to be unreadable, and no value is quoted."""
    body = {**SEEN.to_json(), key: value}
    with pytest.raises(ValueError, match=r"observation|fact|sender") as refused:
        Observation.from_json(body)
    assert "5432" not in str(refused.value) and "yesterday" not in str(refused.value)
