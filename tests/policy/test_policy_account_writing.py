"""An account of the organisation put into a policy file, every comment kept."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError
from policy.account_writing import add_account, with_account
from policy.loading import PolicyError, parse

HEAD = "version: 1  # first\nmode: watch\n"
FORMS = {
    "nothing yet": "",
    "another part": "organisation:\n    # who we are\n    name: Nordwind  # ours\n",
    "another service": "organisation:\n  accounts:\n    # all of them\n    aws-s3: ['1']\n  name: x\n",
    "in one line": 'organisation:\n  accounts:\n    onedrive: [ "a-b",  c ]  # both\n',
    "in one line of its own": "organisation:\n  accounts:\n    onedrive:\n      [a-b, c]\n",
    "in lines": "organisation:\n  accounts:\n    onedrive:\n    - a-b  # first\n    - c\n  name: x\n",
    "in deeper lines": "organisation:\n  accounts:\n    onedrive:\n      -   a-b\n      - c\n",
    "in several lines": "organisation:\n  accounts:\n    onedrive: [a-b,\n      c]\n",
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
def test_one_account_is_added_and_nothing_else_changes(text: str) -> None:
    """Every line that stood there stands there still, comments and all; what is meant is what was
    meant, and one account.
    """
    before = HEAD + text
    after = with_account(before, "onedrive", "d-1")
    old, new = (parse(one.encode(), "x").organisation for one in (before, after))
    assert set(new.accounts["onedrive"]) == {"d-1", *old.accounts.get("onedrive", ())}
    rest = {k: v for k, v in new.accounts.items() if k != "onedrive"}
    assert rest == {k: v for k, v in old.accounts.items() if k != "onedrive"}
    assert new.name == old.name
    kept = after.replace('"d-1", ', "").splitlines()
    assert [line for line in before.splitlines() if line and line not in kept] == []
    assert after.count("#") == before.count("#")


@pytest.mark.parametrize(
    "text",
    [
        "organisation: {name: x}\n",
        "organisation: {}\n",
        "organisation:\n",
        "organisation:\n  accounts: {aws-s3: ['1']}\n",
        "organisation:\n  accounts: {}\n",
        "organisation:\n  accounts:\n    onedrive: one\n",
        "organisation:\n  accounts:\n    onedrive: [d-1]\n",
    ],
    ids=str,
)
def test_an_unusual_form_is_left_alone(text: str) -> None:
    """Rather than guess, it says that a person should do it; or that the account is there."""
    with pytest.raises(InputError):
        with_account(HEAD + text, "onedrive", "d-1")


@given(st.text(st.characters(min_codepoint=33, max_codepoint=0x2FFF), min_size=1, max_size=40))
def test_whatever_an_account_is_called_it_is_that_account(name: str) -> None:
    """Quotes, colons and signs of YAML in a name stay in the name; what is no name is refused."""
    try:
        after = with_account(HEAD + FORMS["in one line"], "onedrive", name)
    except (InputError, PolicyError):
        return
    assert name in parse(after.encode(), "x").organisation.accounts["onedrive"]


def test_a_file_that_is_not_there_begins_as_the_preset(tmp_path: Path) -> None:
    """As with rules; a damaged one is left as it is."""
    path = tmp_path / "outgate.yaml"
    add_account(path, "onedrive", "d-1")
    assert parse(path.read_bytes(), "x").organisation.accounts == {"onedrive": ["d-1"]}
    path.write_text("rules: [")
    with pytest.raises(PolicyError):
        add_account(path, "onedrive", "d-2")
    assert path.read_text() == "rules: ["
