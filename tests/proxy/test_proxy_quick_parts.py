"""Contexts, hooks, answers to commands and options are as mitmproxy makes them."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import pytest
from mitmproxy import connection, hooks, optmanager
from mitmproxy.options import Options
from mitmproxy.proxy import commands, events
from mitmproxy.proxy import context as contexts
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layer import Layer
from mitmproxy.test import tflow

from proxy.mitmproxy_patches.applied import in_our_own_process


@pytest.fixture(autouse=True)
def _patched() -> None:
    in_our_own_process()


def below(cls: type) -> Iterator[type]:
    """Yield all subclasses, of those as well."""
    for one in cls.__subclasses__():
        yield one
        yield from below(one)


def test_a_fork_is_as_mitmproxys_and_makes_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fork stands on the same ends, with a list of layers of its own; no end is made for it."""
    context = Context(tflow.tclient_conn(), Options())
    context.layers.append(Layer(context))

    def refused(*_given: Any, **_named: Any) -> connection.Server:
        raise AssertionError("an end of a connection was made")

    monkeypatch.setattr(contexts.connection, "Server", refused)
    fork = context.fork()
    assert type(fork) is Context
    assert vars(fork).keys() == vars(context).keys()
    assert all(getattr(fork, name) is vars(context)[name] for name in ("client", "server"))
    assert fork.options is context.options
    assert fork.layers == context.layers
    assert fork.layers is not context.layers


@pytest.mark.parametrize("base", [commands.StartHook, events.CommandCompleted])
def test_each_hook_and_answer_is_what_it_was_made_as(
    base: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them are dataclasses, which is not looked at each time; each has what it was given."""

    def refused(_found: object) -> bool:
        raise AssertionError("its class was looked at")

    monkeypatch.setattr(hooks, "is_dataclass", refused)
    monkeypatch.setattr(events, "is_dataclass", refused)
    seen = 0
    for cls in (one for one in below(base) if one.__module__.startswith(("mitmproxy", "proxy"))):
        assert is_dataclass(cls)
        assert cls.__new__ is base.__new__
        given = [object() for _ in fields(cls)]
        made = cls(*given)
        assert type(made) is cls
        assert [getattr(made, one.name) for one in fields(cls)] == given
        seen += 1
    assert seen >= 3


def test_options_keep_their_values_to_themselves() -> None:
    """Each option tells what was set, else its default; what could be changed in place is a
    copy.
    """
    options = Options()
    options.update(mode=["regular"], ssl_insecure=True, listen_port=None)
    for option in options._options.values():
        told = option.current()
        unset = option.value is optmanager.unset
        kept = option._default if unset else option.value
        assert told == kept
        assert told is not kept or not isinstance(kept, list | dict)
    options.mode.append("another")
    assert list(options.mode) == ["regular"]
