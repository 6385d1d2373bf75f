"""Which argument of a call is a password or a key, where no name beside it says so (pure)."""

import ast
from collections.abc import Mapping

_PASSWORD, _KEY = "password", "secret_key"
_AT: dict[str, tuple[int, str]] = {
    "FTP": (2, _PASSWORD),
    "FTP_TLS": (2, _PASSWORD),
    "Connection": (2, _PASSWORD),
    "SMBConnection": (1, _PASSWORD),
    "Redis": (3, _PASSWORD),
    "StrictRedis": (3, _PASSWORD),
    "PlainCredentials": (1, _PASSWORD),
    "PlainTextAuthProvider": (1, _PASSWORD),
    "UserPass": (1, _PASSWORD),
    "ClientSecretCredential": (2, _KEY),
    "Fernet": (0, _KEY),
    "URLSafeTimedSerializer": (0, _KEY),
    "URLSafeSerializer": (0, _KEY),
    "TimestampSigner": (0, _KEY),
}
"""Callable → place of its secret among the arguments, and what that is."""
_OF_RECEIVER: dict[tuple[str, str], tuple[int, str]] = {
    ("hmac", "new"): (0, _KEY),
    ("hmac", "digest"): (0, _KEY),
    ("jwt", "encode"): (1, _KEY),
    ("jwt", "decode"): (1, _KEY),
    ("AES", "new"): (0, _KEY),
    ("ChaCha20", "new"): (0, _KEY),
    ("DES3", "new"): (0, _KEY),
    ("Blowfish", "new"): (0, _KEY),
    ("algorithms", "AES"): (0, _KEY),
}
_OPTIONS = frozenset({"add_argument", "option", "Option", "add_option", "argument"})
_ACCOUNT, _ACCOUNT_LENGTH = "AC", 34
"""How the accounts of Twilio begin, whose client takes the token behind it."""
_NOBODY = frozenset({"anonymous", "guest"})
"""Accounts whose password is no secret."""


def keys_of(call: ast.Call) -> Mapping[int | str, str]:
    """Return the names that arguments have by what is called: of those in order by their place, of
    the others by their word.
    """
    name, receiver = _called(call.func)
    if name in _OPTIONS:
        option = next((text for text in map(_text, call.args) if text.startswith("--")), "")
        return {"default": option.strip("-")} if option else {}
    if name == "set_password" and call.args:  # of a user, or with a service and a user before it
        return {len(call.args) - 1: _PASSWORD}
    if name == "connect":
        return _of_connection(call.args)
    if name == "Client":
        account = _text(call.args[0]) if len(call.args) > 1 else ""
        is_account = account.startswith(_ACCOUNT) and len(account) == _ACCOUNT_LENGTH
        return {1: "auth_token"} if is_account else {}
    found = _OF_RECEIVER.get((receiver, name)) or _AT.get(name)
    if found is None or any(_text(one) in _NOBODY for one in call.args):
        return {}
    return {found[0]: found[1]}


def _of_connection(given: list[ast.expr]) -> Mapping[int | str, str]:
    """Host, user, password; or with a port between the first two."""
    texts = [isinstance(one, ast.Constant) and isinstance(one.value, str) for one in given]
    if texts[1:3] == [True, True]:
        return {2: _PASSWORD}
    return {3: _PASSWORD} if texts[1:4] == [False, True, True] else {}


def _called(function: ast.expr) -> tuple[str, str]:
    match function:
        case ast.Name(id=name):
            return name, ""
        case ast.Attribute(attr=name, value=ast.Name(id=receiver) | ast.Attribute(attr=receiver)):
            return name, receiver
        case ast.Attribute(attr=name):
            return name, ""
    return "", ""


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
