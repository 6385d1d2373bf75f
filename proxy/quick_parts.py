"""What mitmproxy makes or asks for at each event, without what is thrown away or asked again.

The same answers: a fork makes no server's end that is dropped at once, a hook and an answer to a
command are made as what they are, options that nobody can change in place are not copied, and how
long a body is to be is found once for the same head.
"""

import copy
import itertools
import uuid
from typing import Any

import proxy.mitmproxy_patches.imports  # noqa: F401 - isort: skip - before anything of mitmproxy
from mitmproxy import http, optmanager
from mitmproxy.net.http import http1
from mitmproxy.proxy.context import Context

_THEIR_SIZE = http1.expected_http_body_size
_KEPT_AS = "_outgate_size"
"""Where headers keep, beside their fields, what these very fields say of the body's length."""
_UNCHANGEABLE = frozenset({bool, int, float, str, bytes, type(None)})
_RUN, _NUMBER = uuid.uuid4().hex[:20], itertools.count(1)


class Numbered:
    """Stands for the module `uuid` where mitmproxy names its flows: the system is asked for what
    nobody can guess once for all of them. They differ from each other, and from another gate's.
    """

    @staticmethod
    def uuid4() -> str:
        """Return the name of the next flow."""
        return f"{_RUN}{next(_NUMBER):012x}"


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


def body_size(request: http.Request, response: http.Response | None = None) -> int | None:
    """Return how long the body is to be: in bytes, None for chunks, -1 for "until the end".

    Raises ValueError. What was found is kept for as long as all that it hangs on is the same: the
    fields, and of an answer its status and the method that was asked with.
    """
    data = request.data if response is None else response.data
    of_answer = None if response is None else (response.data.status_code, request.data.method)
    headers = data.headers
    kept = headers.__dict__.get(_KEPT_AS)
    if kept is not None and kept[0] is headers.fields and kept[1] == of_answer:
        return kept[2]  # type: ignore[no-any-return]
    size = _THEIR_SIZE(request, response)
    if type(headers.fields) is tuple:
        headers.__dict__[_KEPT_AS] = headers.fields, of_answer, size
    return size
