"""Who may do what: the one table of roles and deeds, and the sentence that refuses."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from core.review_acts import Action
from core.text import printable


class Role(StrEnum):
    """What a person is here; somebody may be several."""

    VIEWER = "viewer"
    REVIEWER = "reviewer"
    INVESTIGATOR = "investigator"
    POLICY_EDITOR = "policy editor"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    """Keeps the hub running and reads no evidence."""


class Deed(StrEnum):
    """What a person does with the evidence or the rules; each in words that end a sentence."""

    READ = "read the evidence"
    VERIFY = "verify the evidence"
    REPORT = "write reports"
    CLOSE = "close and reopen cases"
    ANSWER = "answer held requests"
    APPROVE = "approve scripts"
    EXPORT = "export records"
    REBUILD = "make the list of cases anew"
    FIND = "look for a person"
    ERASE = "erase evidence"
    LEGAL_HOLD = "put evidence under a legal hold"
    POLICY = "change the rules"
    KEYS = "change the keys of marks"
    WATCH = "see how the fleet is"
    WORK = "work on the cases and alarms of the fleet"
    HUNT = "save and end hunts"
    OPERATE = "run the hub and take endpoints in or out"


_OFFICERS = frozenset({Role.REVIEWER, Role.INVESTIGATOR})
MAY: Mapping[Deed, frozenset[Role]] = {
    Deed.READ: frozenset(Role) - {Role.OPERATOR},
    Deed.VERIFY: frozenset(Role),
    Deed.REPORT: _OFFICERS | {Role.AUDITOR},
    Deed.CLOSE: _OFFICERS,
    Deed.ANSWER: _OFFICERS,
    Deed.APPROVE: _OFFICERS,
    Deed.EXPORT: _OFFICERS,
    Deed.REBUILD: _OFFICERS,
    Deed.FIND: frozenset({Role.INVESTIGATOR}),
    Deed.ERASE: frozenset({Role.INVESTIGATOR}),
    Deed.LEGAL_HOLD: frozenset({Role.INVESTIGATOR}),
    Deed.POLICY: frozenset({Role.POLICY_EDITOR}),
    Deed.KEYS: frozenset({Role.POLICY_EDITOR}),
    Deed.WATCH: frozenset(Role),
    Deed.WORK: _OFFICERS,
    Deed.HUNT: _OFFICERS,
    Deed.OPERATE: frozenset({Role.OPERATOR}),
}
"""Which roles may do what; any one of them is enough."""
DEED_OF: Mapping[Action, Deed] = {
    Action.CLOSE: Deed.CLOSE,
    Action.REOPEN: Deed.CLOSE,
    Action.NOTE: Deed.CLOSE,
    Action.APPROVE: Deed.ANSWER,
    Action.REFUSE: Deed.ANSWER,
    Action.ASK_APPROVE: Deed.ANSWER,
    Action.APPROVE_SCRIPT: Deed.APPROVE,
    Action.ASK_APPROVE_SCRIPT: Deed.APPROVE,
    Action.WITHDRAW_SCRIPT: Deed.APPROVE,
}
"""What each act of the review is."""
EVERYBODY = "*"
GROUP = "@"
"""Stands before the name of a group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody at the keyboard, as the operating system knows them."""

    name: str
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Somebody who acts: under which name, in which role, by which door."""

    name: str
    role: str = ""
    """Empty where no roles are given."""
    channel: str = ""
    """`command line`, `review`, `browser`; empty where it is not known."""
    subject: str = ""
    """Whom the organisation's directory calls so: issuer and subject; empty for users of this
    machine."""

    def facts(self) -> dict[str, str]:
        """Return what is kept beside the name."""
        told = {"role": self.role, "channel": self.channel, "subject": self.subject}
        return {name: word for name, word in told.items() if word}


def same_person(one: str, other: str) -> bool:
    """Return whether two names may be one person's: machines and directories write the domain
    before or behind a name, or leave it out.
    """
    return not spellings(one).isdisjoint(spellings(other))


def spellings(name: str) -> frozenset[str]:
    """Return a name as it is, without its domain, and that in small letters."""
    bare = _bare(name)
    return frozenset({name, bare, bare.casefold()})


def at_least(names: Iterable[str]) -> int:
    """Return how many persons these names are at least: where `same_person` holds, one."""
    return len({_bare(name).casefold() for name in names})


def _bare(name: str) -> str:
    return name.rpartition("\\")[2].partition("@")[0] or name


type Who = str | Actor


def actor(who: Who) -> Actor:
    """Return who acts; of a mere name nothing more is known."""
    return Actor(name=who) if isinstance(who, str) else who


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """Who has which role. Where no role is given to anybody, everybody may do everything: one
    person, one machine.
    """

    holders: Mapping[Role, Sequence[str]] = field(default_factory=dict)
    """Users, groups with `@` before them, or `*`."""

    def roles_of(self, person: Person) -> tuple[Role, ...]:
        """Return the roles of a person, in the order of `Role`."""
        names = {EVERYBODY, *(GROUP + group for group in person.groups)}
        if not person.name.startswith(GROUP):  # a person who is called so is no group
            names.add(person.name)
        return tuple(role for role in Role if names.intersection(self.holders.get(role, ())))

    def refusal(self, person: Person, deed: Deed) -> str | None:
        """Return why a person may not do this, with the role that may and who has it; None where
        the person may.
        """
        roles = self.roles_of(person)
        if not self.holders or MAY[deed].intersection(roles):
            return None
        able = [role for role in Role if role in MAY[deed]]
        have = ", ".join(roles) if roles else "in no role"
        return (
            f"To {deed} takes the role {_either(able)} ({self._who_has(able)}). "
            f"You, {printable(person.name, 60)}, are {have} here."
        )

    def _who_has(self, roles: Sequence[Role]) -> str:
        names = {name: None for role in roles for name in self.holders.get(role, ())}
        if not names:
            return "which nobody has"
        told = [_holder(name) for name in names]
        return f"which {_list(told)} {'has' if len(told) == 1 else 'have'}"


def _holder(name: str) -> str:
    if name == EVERYBODY:
        return "everybody"
    if name.startswith(GROUP):
        return f"the group {printable(name[1:], 60)}"
    return printable(name, 60)


def _either(roles: Sequence[Role]) -> str:
    *others, last = roles
    return f"{', '.join(others)} or {last}" if others else str(last)


def _list(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last
