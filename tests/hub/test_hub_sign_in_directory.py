"""What a directory says of itself and of people: of another, nothing at all, groups and names."""

from typing import Any

import directory as fake
import pytest
from directory import ISSUER
from sign_in_desk import Desk

from core.rights import Deed
from hub.sign_in import SignInError


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("issuer", ["https://login.evil.example", "", ISSUER + "/"])
async def test_the_answer_of_another_directory_is_refused(told: bool, issuer: str) -> None:
    """So that a code is never given to a directory that did not issue it; where the directory says
    that it names itself, an answer without a name is none either.
    """
    desk = Desk()
    desk.there.metadata = {"authorization_response_iss_parameter_supported": told}
    with pytest.raises(SignInError, match="another directory"):
        await desk.signed_in(iss=issuer)
    assert (await desk.signed_in(iss=ISSUER)).name == "ada"
    if told:
        with pytest.raises(SignInError, match="another directory"):
            await desk.signed_in()


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://login.evil.example"},
        {"issuer": ISSUER + "/"},
        {"issuer": None},
        {"token_endpoint": "http://login.corp.example/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": 7},
        {"token_endpoint": "https://name:secret@login.corp.example/"},
        {"token_endpoint": None},
    ],
    ids=str,
)
async def test_a_directory_that_is_another_is_not_used(metadata: dict[str, Any]) -> None:
    """What it says of itself is held against the setting, and every address of it is https."""
    desk = Desk()
    desk.there.metadata = metadata
    with pytest.raises(SignInError, match="directory"):
        await desk.here.begin()


@pytest.mark.parametrize(
    "answer", [{}, {"id_token": None}, {"id_token": 7}, {"id_token": ["a"]}, {"access_token": "x"}]
)
async def test_an_answer_without_a_token_lets_nobody_in(answer: dict[str, Any]) -> None:
    """An access token says nothing of who somebody is."""
    desk = Desk()
    desk.there.answer = answer
    with pytest.raises(SignInError, match="no token"):
        await desk.signed_in()


async def test_an_error_is_told_by_its_word_alone() -> None:
    """What stands in an address is somebody else's text."""
    desk = Desk()
    with pytest.raises(SignInError, match=r"in: access_denied\.$"):
        await desk.signed_in(error="access_denied")
    with pytest.raises(SignInError, match=r"in: it does not say why\.$"):
        await desk.signed_in(error="<script>alert(1)</script>")


@pytest.mark.parametrize(
    ("person", "groups"),
    [
        ({"groups": "privacy"}, ("privacy",)),
        ({"groups": []}, ()),
        ({}, ()),
        ({"groups": None}, ()),
        ({"groups": {"privacy": True}}, ()),
        ({"groups": [1, None, "x"]}, ("x",)),
        ({"_claim_names": {"groups": "src1"}}, ()),
        ({"roles": ["privacy"]}, ()),
    ],
    ids=str,
)
async def test_groups_are_those_of_the_claim(person: dict[str, Any], groups: Any) -> None:
    """Where it is absent, or is no list of names, somebody has no role and may do nothing."""
    desk = Desk()
    desk.there.person = {"sub": "8f3", "preferred_username": "ada", **person}
    found = await desk.signed_in()
    assert found.groups == groups
    here = desk.here.settings
    refused = here.rights().refusal(here.person(found.name, found.groups), Deed.READ)
    assert (refused is None) is ("privacy" in groups)


async def test_groups_may_stand_deeper() -> None:
    """As some directories nest them; a claim of that very name comes first."""
    desk = Desk(groups_claim="realm_access.roles")
    desk.there.person |= {"realm_access": {"roles": ["privacy"]}}
    assert (await desk.signed_in()).groups == ("privacy",)
    desk.there.person |= {"realm_access.roles": ["other"]}
    assert (await desk.signed_in()).groups == ("other",)


@pytest.mark.parametrize(
    "name", ["", " ", "@privacy", "*", None, 7, ["ada"], "a\x1b[2Jb", "ada ", "x" * 201, "a\u202eb"]
)
async def test_a_name_that_is_none_is_refused(name: Any) -> None:
    """It stands in the chain, and a group's name is not anybody's."""
    desk = Desk()
    desk.there.person["preferred_username"] = name
    with pytest.raises(SignInError, match="name"):
        await desk.signed_in()


class Breaking:
    """The way to a directory that breaks off once."""

    def __init__(self, there: fake.Directory, at: int) -> None:
        self.there, self.left = there, at

    def _ask(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise SignInError("The directory cannot be reached.")

    async def get(self, address: str) -> Any:
        self._ask()
        return await self.there.get(address)

    async def post(self, address: str, form: Any, basic: Any) -> Any:
        self._ask()
        return await self.there.post(address, form, basic)


@pytest.mark.parametrize("at", [1, 2, 3])
async def test_a_directory_that_breaks_off_lets_nobody_in_and_everybody_later(at: int) -> None:
    """Whether its description, its token or its keys are missing: nobody is in, what was begun does
    not count any more, and who begins anew signs in without the desk being started again.
    """
    desk = Desk()
    desk.here.line = Breaking(desk.there, at)
    with pytest.raises(SignInError, match="cannot be reached"):
        await desk.signed_in()
    assert (await desk.signed_in()).name == "ada"
    desk.clock.on(hours=2)  # all that was remembered of it is asked for anew
    desk.there.now = int(desk.clock().timestamp())
    desk.here.line = Breaking(desk.there, at)
    with pytest.raises(SignInError, match="cannot be reached"):
        await desk.signed_in()
    assert (await desk.signed_in()).name == "ada"
