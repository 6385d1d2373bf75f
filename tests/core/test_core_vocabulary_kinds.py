"""The kinds of findings: one table, in which each has its words, weight, groups and finders."""

import pytest
from families import with_each
from hypothesis import given
from hypothesis import strategies as st

from core.findings import NOT_INSPECTED
from core.vocabulary.findings import named
from core.vocabulary.kinds import (
    ANYTHING,
    FINDABLE,
    GROUPS,
    KINDS,
    Finder,
    Kind,
    by_gravity,
    kind_of,
    kinds_of,
    near,
)


@with_each("kind", KINDS.values())
def test_the_words_of_a_kind_are_fit_for_a_sentence(kind: Kind) -> None:
    """One and many differ, nothing of the table's own notation is left, and no id shows."""
    assert kind.one != kind.many
    assert not set("_{}/") & set(kind.one + kind.many)
    assert kind.one == " ".join(kind.one.split()) and kind.many == " ".join(kind.many.split())


@pytest.mark.parametrize(
    ("kind", "one", "many"),
    [
        ("nl_bsn", "Dutch citizen number (BSN)", "Dutch citizen numbers (BSN)"),
        ("secret", "password or key", "passwords or keys"),
        ("person", "name of a person", "names of people"),
        ("address", "postal address", "postal addresses"),
        ("health_data", "item of health data", "items of health data"),
        ("br_cpf", "Brazilian personal tax number (CPF)", "Brazilian personal tax numbers (CPF)"),
    ],
)
def test_plurals_stand_where_english_puts_them(kind: str, one: str, many: str) -> None:
    """Also where the noun is not the last word."""
    assert (kind_of(kind).one, kind_of(kind).many) == (one, many)


def test_what_identifies_people_is_personal_data() -> None:
    """Every kind that a detector of personal data finds is in that group, and no other is."""
    personal = {name for name, kind in KINDS.items() if Finder.PERSONAL in kind.found_by}
    assert GROUPS["personal_data"] == personal


def test_groups_hold_only_what_can_be_found() -> None:
    """A rule on a group never waits for something that nothing reports."""
    assert all(members and members <= FINDABLE for members in GROUPS.values())
    assert ANYTHING not in GROUPS


def test_no_group_hides_a_kind_of_its_own_name() -> None:
    """Where a word is a group as well as a kind, the group holds the kind."""
    assert all(name in GROUPS[name] for name in set(GROUPS) & set(KINDS))


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        (["iban"], {"iban"}),
        (["bank", "email"], {"iban", "credit_card", "bank_account", "us_aba", "email"}),
        (["special_category"], {"health_data", "special_category"}),
        (["employee_id"], {"employee_id"}),
        (["iban", ANYTHING], None),
        ([], set()),
    ],
)
def test_a_rules_words_stand_for_kinds(words: list[str], kinds: set[str] | None) -> None:
    """A group is all of its kinds; `anything` sets no bound."""
    assert kinds_of(words) == (None if kinds is None else frozenset(kinds))


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("helth", "health"),
        ("mac_address", "address"),
        ("mac_address", "ip_address"),
        ("bsn", "nl_bsn"),
        ("card", "credit_card"),
        ("Social-Security", "us_ssn"),
        ("emails", "email"),
        ("e mail", "email"),
        ("employe_id", "employee_id"),
    ],
)
def test_near_names_are_what_somebody_may_have_meant(word: str, meant: str) -> None:
    """By how it is written, by a part of the id, and several words by what it is called."""
    assert meant in near(word, {"employee_id"})


@pytest.mark.parametrize("word", ["", "gender", "xyz", "registered_document", "_", "é" * 5000])
def test_nothing_far_off_is_called_near(word: str) -> None:
    """No kind is named that has nothing to do with the word, and never one that cannot be found."""
    assert near(word) == ()


def test_a_kind_that_is_not_in_the_table_goes_by_its_own_name() -> None:
    """An organisation's own recognisers are readable, though plainly; hostile names are inert."""
    assert kind_of("employee_id").many == "employee id values"
    assert kind_of("").one == "something without a name"
    assert "\x1b" not in kind_of("a\x1b[31m").one
    assert kind_of("employee_id").reserved


@given(st.lists(st.sampled_from([*KINDS, "unheard_of"])))
def test_the_order_of_kinds_does_not_depend_on_the_order_found(kinds: list[str]) -> None:
    """The same findings read the same, gravest first, and what could not be read comes last."""
    ordered = by_gravity(kinds)
    assert ordered == by_gravity(reversed(kinds))
    assert [kind_of(k).weight for k in ordered] == sorted(kind_of(k).weight for k in ordered)
    assert NOT_INSPECTED not in ordered[:-1]
    assert len(named(kinds).split(" and ")) <= 2
