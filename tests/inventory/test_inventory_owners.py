"""Whose a file is, on machines whose people have their accounts in a directory."""

import pwd
from typing import Any

import pytest

from core.scanned import OwnerState
from inventory.owners import Owners, machine_accounts

ANNA = pwd.struct_passwd(
    ("anna@corp.example", "x", 871_204, 871_204, "", "/home/anna", "/bin/bash")
)


@pytest.fixture
def directory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory that answers for one account and lists none, as sssd does unless told to."""
    by_uid, by_name = pwd.getpwuid, pwd.getpwnam

    def of_uid(uid: int) -> Any:
        return ANNA if uid == ANNA.pw_uid else by_uid(uid)

    def of_name(name: str) -> Any:
        return ANNA if name in {"anna", ANNA.pw_name} else by_name(name)

    monkeypatch.setattr(pwd, "getpwuid", of_uid)
    monkeypatch.setattr(pwd, "getpwnam", of_name)


@pytest.mark.usefixtures("directory")
def test_an_account_of_a_directory_is_present() -> None:
    """Though no table of this machine lists it."""
    owner = Owners(machine_accounts()).of("/srv/jobs/report.py", ANNA.pw_uid)

    assert (owner.name, owner.state) == (ANNA.pw_name, OwnerState.PRESENT)


@pytest.mark.usefixtures("directory")
def test_a_home_of_the_directory_is_somebodys() -> None:
    """A file of the administrator's in it does not tell that its person has gone."""
    owners = Owners(machine_accounts())

    assert owners.of("/home/anna/job.py", 0).state is OwnerState.PRESENT
    assert owners.of("/home/somebody-else/job.py", 0).state is OwnerState.GONE


@pytest.mark.usefixtures("directory")
@pytest.mark.parametrize("uid", [871_205, 2**31 - 2, 2**32 - 1, 2**70])
def test_a_number_that_nobody_has_is_gone(uid: int) -> None:
    """Neither the machine nor its directory knows it."""
    assert Owners(machine_accounts()).of("/srv/job.py", uid).state is OwnerState.GONE


@pytest.mark.parametrize("home", ["a\0b", "", "\udcff", "x" * 5000])
def test_a_name_that_no_account_can_have_is_nobodys(home: str) -> None:
    """Whatever a folder is called, the question about it has an answer."""
    assert Owners(machine_accounts()).of(f"/home/{home}/job.py", 0).state is OwnerState.GONE
