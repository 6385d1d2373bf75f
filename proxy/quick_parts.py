"""What mitmproxy makes or asks for at each event, without what is thrown away or asked again.

The same answers: a fork makes no server's end that is dropped at once, a hook and an answer to a
command are made as what they are, and options that nobody can change in place are not copied.
"""

import copy
from typing import Any

import proxy.mitmproxy_patches.imports  # noqa: F401 - isort: skip - before anything of mitmproxy
from mitmproxy import optmanager
from mitmproxy.proxy.context import Context

_UNCHANGEABLE = frozenset({bool, int, float, str, bytes, type(None)})


def forked(context: Context) -> Context:
    """Return a context of its own on the same ends of the connection."""
    fork = object.__new__(Context)
    fork.client, fork.options = context.client, context.options
    fork.server, fork.layers = context.server, context.layers.copy()
    return fork


def made(cls: type, *_arguments: Any, **_named: Any) -> Any:
    """Return a new object: that its class is a dataclass was seen when mitmproxy was tested."""
    return object.__new__(cls)


def current(option: Any) -> Any:
    """Return the value of an option; lists and the like as copies."""
    value = option._default if option.value is optmanager.unset else option.value
    return value if type(value) in _UNCHANGEABLE else copy.deepcopy(value)
