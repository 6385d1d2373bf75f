"""Who may do what, and how a refusal reads."""

import pytest
from families import with_each
from hypothesis import given
from hypothesis import strategies as st

from core.review import Action
from core.rights import DEED_OF, MAY, Deed, Person, Rights, Role, at_least, same_person

ADA, BO = Person(name="ada"), Person(name="bo", groups=frozenset({"privacy", "users"}))


@pytest.mark.parametrize("deed", Deed)
def test_without_rights_everybody_may_do_everything(deed: Deed) -> None:
    """One person on one machine needs no roles."""
    assert Rights().refusal(ADA, deed) is None


@with_each("deed", Deed)
@with_each("role", Role)
def test_a_role_may_what_the_table_says_and_nothing_else(role: Role, deed: Deed) -> None:
    """Each deed is for the roles of its row; another role is told which it takes."""
    refused = Rights(holders={role: ("ada",)}).refusal(ADA, deed)
    assert (refused is None) is (role in MAY[deed])
    if refused is not None:
        assert f"To {deed} takes the role " in refused
        assert all(able in refused for able in MAY[deed])
        assert refused.endswith(f"You, ada, are {role} here.")


def test_an_auditor_reads_and_verifies_and_changes_nothing() -> None:
    """Whoever audits must not be able to touch what is audited."""
    allowed = {deed for deed in Deed if Role.AUDITOR in MAY[deed]}
    assert allowed == {Deed.READ, Deed.VERIFY, Deed.REPORT, Deed.WATCH}


def test_every_act_of_the_review_is_a_deed() -> None:
    """No act is left that nobody is asked about."""
    assert set(DEED_OF) == set(Action)
    assert set(MAY) == set(Deed)


@pytest.mark.parametrize(
    ("holders", "person", "roles"),
    [
        (("bo",), BO, True),
        (("@privacy",), BO, True),
        (("*",), BO, True),
        (("privacy",), BO, False),
        (("@bo",), BO, False),
        (("Bo",), BO, False),
        (("b",), BO, False),
        ((), BO, False),
        (("@*",), BO, False),
        (("ada", "@users"), BO, True),
    ],
)
def test_a_role_is_had_by_user_by_group_or_by_all(
    holders: tuple[str, ...], person: Person, roles: bool
) -> None:
    """A user's name is no group's, and the other way round."""
    found = Rights(holders={Role.REVIEWER: holders}).roles_of(person)
    assert found == ((Role.REVIEWER,) if roles else ())


def test_a_refusal_names_who_has_the_role() -> None:
    """Whoever is refused knows whom to ask; names are harmless to show."""
    rights = Rights(holders={Role.INVESTIGATOR: ("@privacy", "eve\x1b[2J"), Role.VIEWER: ("ada",)})
    assert rights.refusal(ADA, Deed.ERASE) == (
        "To erase evidence takes the role investigator (which the group privacy and eve·[2J "
        "have). You, ada, are viewer here."
    )
    nobody = Rights(holders={Role.VIEWER: ("bo",)}).refusal(ADA, Deed.ERASE)
    assert nobody is not None
    assert "which nobody has" in nobody and nobody.endswith("You, ada, are in no role here.")


@given(st.lists(st.text("aA\\@ßs", min_size=1, max_size=5), max_size=6))
def test_so_many_persons_as_names_that_are_nobody_elses(names: list[str]) -> None:
    """Those that `same_person` takes for one count once."""
    apart: list[str] = []
    for name in names:
        if not any(same_person(name, other) for other in apart):
            apart.append(name)
    assert at_least(names) == len(apart)
