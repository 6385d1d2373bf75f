"""Puts an account of the organisation into a policy file, as a careful person with an editor would:
every other line, and every comment, stays as it is. Pure but for `add_account`.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from core.errors import InputError
from policy.loading import parse
from policy.rule_writing import BY_HAND, change_policy, policy_tree

_STEP = 2


def account_lines(service: str, account: str) -> list[str]:
    """Return what stands in a file that names no account yet."""
    return ["organisation:", "  accounts:", f"    {service}: [{json.dumps(account)}]"]


def with_account(text: str, service: str, account: str) -> str:
    """Return the file with one more account of a service. Raises InputError where that cannot be
    done without touching what stands there.
    """
    tree, lines = policy_tree(text), text.splitlines()
    organisation = tree.get("organisation")
    if "organisation" not in tree:
        before = [*lines, ""] if lines else []
        return _checked([*before, *account_lines(service, account)], service, account)
    inner = _block(organisation)
    if "accounts" not in inner:
        at, indent = tree.lc.key("organisation")[0], _indent(inner)
        new = [f"{indent}accounts:", f"{indent}{' ' * _STEP}{service}: [{json.dumps(account)}]"]
        return _checked([*lines[: at + 1], *new, *lines[at + 1 :]], service, account)
    accounts = _block(inner["accounts"])
    if service not in accounts:
        at, indent = inner.lc.key("accounts")[0], _indent(accounts)
        new = [f"{indent}{service}: [{json.dumps(account)}]"]
        return _checked([*lines[: at + 1], *new, *lines[at + 1 :]], service, account)
    return _checked(_with_item(lines, accounts, service, account), service, account)


def _block(value: Any) -> CommentedMap:
    """Return a map that stands in lines of its own."""
    if not isinstance(value, CommentedMap) or value.fa.flow_style() or not value:
        raise InputError("The accounts of the policy stand in an unusual form.", remedy=BY_HAND)
    return value


def _indent(inner: CommentedMap) -> str:
    column: int = inner.lc.key(next(iter(inner)))[1]
    return " " * column


def _with_item(
    lines: Sequence[str], accounts: CommentedMap, service: str, account: str
) -> list[str]:
    listed = accounts[service]
    if not isinstance(listed, CommentedSeq) or not listed:
        raise InputError(f"The accounts of {service} stand in an unusual form.", remedy=BY_HAND)
    if account in listed:
        raise InputError("This account is the organisation's own already.")
    if not listed.fa.flow_style():
        at, column = listed.lc.item(0)
        dash = lines[at].index("-")
        return [*lines[:at], f"{' ' * dash}- {json.dumps(account)}", *lines[at:]]
    at, column = listed.lc.item(0)
    line = lines[at]
    new = f"{line[:column]}{json.dumps(account)}, {line[column:]}"
    return [*lines[:at], new, *lines[at + 1 :]]


def _checked(lines: Sequence[str], service: str, account: str) -> str:
    """Return the text, of which nothing but the account is new. Raises InputError."""
    text = "\n".join(lines).rstrip("\n") + "\n"
    if account not in parse(text.encode(), "the policy").organisation.accounts.get(service, ()):
        raise InputError("The accounts of the policy stand in an unusual form.", remedy=BY_HAND)
    return text


def add_account(path: Path, service: str, account: str) -> None:
    """Put an account into the file; where there is none, into a copy of the default preset.

    Raises InputError, PolicyError, OSError, and then has changed nothing.
    """
    change_policy(path, lambda text: with_account(text, service, account))
