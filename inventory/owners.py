"""Who owns a file, and whether that account can still answer for it: by this machine's table of
accounts, and by the list that the organisation supplies.
"""

import csv
import io
import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from core.errors import InputError
from core.scanned import Owner, OwnerState

_MOST = 64 << 20
_FIRST_PERSON = 1000
"""Accounts of people begin here; below are those of services, which never log in."""
_NOBODY = 65534
_NO_SHELLS = frozenset({"nologin", "false"})
_NAMES = (
    "samaccountname account user username login uid userprincipalname user_name user_id"
    " account_name mailnickname employee benutzer benutzername"
).split()
_STATES = (
    "enabled active disabled accountdisabled status state accountenabled account_status".split()
)
_SUCCESSORS = "successor manager deputy nachfolger substitute".split()
_YES = frozenset("true yes 1 enabled active aktiv ja present current employed".split())
_NO = frozenset(
    "false no 0 disabled inactive left gone terminated deleted locked suspended nein departed"
    " deactivated inaktiv gesperrt ausgeschieden former expired".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account of this machine."""

    name: str
    uid: int
    home: str = ""
    shell: str = ""

    @property
    def is_person(self) -> bool:
        """True for an account of a person, and of root, whom a person uses."""
        return self.uid >= _FIRST_PERSON and self.uid != _NOBODY


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One row of the organisation's list."""

    active: bool
    successor: str | None = None


class Accounts:
    """The accounts that this machine knows, wherever they come from: its own table, or a directory
    of the organisation, which answers for one account and lists none.
    """

    def __init__(
        self,
        by_uid: Callable[[int], Account | None],
        by_name: Callable[[str], Account | None],
    ) -> None:
        self.by_uid, self.by_name = cache(by_uid), cache(by_name)


def machine_accounts() -> Accounts | None:
    """Return the accounts of this machine; None where the system has no such table."""
    try:
        import pwd
    except ImportError:
        return None
    return Accounts(partial(_found, pwd.getpwuid), partial(_found, pwd.getpwnam))


def _found[Asked](ask: Callable[[Asked], Any], asked: Asked) -> Account | None:
    try:
        entry = ask(asked)
    except (KeyError, ValueError, OverflowError):  # a name or a number that no account can have
        return None
    return Account(name=entry.pw_name, uid=entry.pw_uid, home=entry.pw_dir, shell=entry.pw_shell)


def read_accounts(path: Path) -> dict[str, Listed]:
    """Return the organisation's accounts by name in lower case.

    A CSV file with a heading: one column of names (`account`, `user`, `SamAccountName`…), one of
    states (`enabled`, `disabled`, `status`…), perhaps `successor` or `manager`. Raises InputError.
    """
    try:
        if path.stat().st_size > _MOST:
            raise InputError(f"{path} is too large for a list of accounts.")
        text = path.read_bytes()
    except OSError as error:
        raise InputError(f"Cannot read {path}: {error.strerror}.") from error
    return dict(_rows(_decoded(text), path))


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "replace")


def _rows(text: str, path: Path) -> Iterator[tuple[str, Listed]]:
    first = text.partition("\n")[0]
    sign = max(",;\t", key=first.count)
    lines = [line for line in text.splitlines() if not line.startswith("#TYPE")]
    reader = csv.reader(io.StringIO("\n".join(lines)), delimiter=sign)
    heading = [name.strip().lower().replace(" ", "_") for name in next(reader, [])]
    account, state = _column(heading, _NAMES), _column(heading, _STATES)
    if account is None:
        raise InputError(
            f"{path} names no column of accounts.",
            remedy="Give it a heading, such as: account,enabled,successor",
        )
    successor = _column(heading, _SUCCESSORS)
    for row in reader:
        if len(row) <= account or not row[account].strip():
            continue
        said = row[state].strip().lower() if state is not None and len(row) > state else ""
        heir = row[successor].strip() if successor is not None and len(row) > successor else ""
        active = _is_active(said, heading[state] if state is not None else "")
        yield _bare(row[account]), Listed(active=active, successor=heir or None)


def _column(heading: Sequence[str], names: Sequence[str]) -> int | None:
    bare = [name.replace("_", "") for name in heading]
    for name in names:
        if name.replace("_", "") in bare:
            return bare.index(name.replace("_", ""))
    return None


def _is_active(said: str, column: str) -> bool:
    turned = "disabled" in column
    if said in _YES:
        return not turned
    if said in _NO:
        return turned
    return True


def _bare(name: str) -> str:
    """Return `anna` of `CORP\\anna` and `anna@corp.example`."""
    return name.strip().rpartition("\\")[2].partition("@")[0].lower()


class Owners:
    """Answers for every file."""

    def __init__(
        self, accounts: Accounts | None, listed: Mapping[str, Listed] | None = None
    ) -> None:
        self._accounts, self._listed = accounts, listed

    def of(self, path: str, uid: int | None) -> Owner:
        """Return whose the file is. Where a person's home tells of another who is gone, that
        counts.
        """
        accounts, lives_with = self._accounts, _home_of(path)
        account = None if uid is None or accounts is None else accounts.by_uid(uid)
        if account is None and uid is not None and accounts is not None:
            owner = Owner(
                name=lives_with or f"uid {uid}",
                uid=uid,
                state=OwnerState.GONE,
                why=f"No account of this machine has the number {uid} that owns the file.",
            )
        else:
            owner = self._present(account, uid, lives_with)
        return self._by_list(owner)

    def _present(self, account: Account | None, uid: int | None, home: str | None) -> Owner:
        if account is None:
            return Owner(
                name=home or "unknown",
                uid=uid,
                state=OwnerState.PRESENT,
                why="This system does not tell whose a file is; it is named by its folder.",
            )
        if home is not None and not account.is_person and not self._is_account(home):
            return Owner(
                name=home,
                uid=uid,
                state=OwnerState.GONE,
                why=(
                    f"It lies in the home of {home}, who has no account; the file is "
                    f"{account.name}'s."
                ),
            )
        if account.is_person and posixpath.basename(account.shell) in _NO_SHELLS:
            return Owner(
                name=account.name,
                uid=uid,
                state=OwnerState.DISABLED,
                why="The account may not log in to this machine any more.",
            )
        return Owner(
            name=account.name, uid=uid, state=OwnerState.PRESENT, why="The account exists here."
        )

    def _is_account(self, name: str) -> bool:
        return self._accounts is not None and self._accounts.by_name(name) is not None

    def _by_list(self, owner: Owner) -> Owner:
        if self._listed is None:
            return owner
        row = self._listed.get(_bare(owner.name))
        if row is None:
            is_service = owner.uid is not None and owner.uid < _FIRST_PERSON
            if is_service or owner.state is not OwnerState.PRESENT:
                return owner
            return replace(
                owner,
                state=OwnerState.UNLISTED,
                why="The organisation's list of accounts does not have it.",
            )
        if row.active:
            return replace(owner, successor=row.successor)
        return replace(
            owner,
            state=OwnerState.DISABLED,
            why="The organisation's list says that this account is no longer in use.",
            successor=row.successor,
        )


def _home_of(path: str) -> str | None:
    parts = path.replace("\\", "/").split("/")
    for folder in ("home", "Users"):
        if folder in parts[:-2]:
            name = parts[parts.index(folder) + 1]
            return None if name.lower() in {"shared", "public", "default", "linuxbrew"} else name
    return None
