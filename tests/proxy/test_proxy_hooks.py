"""How hooks reach the addons of the gate."""

import logging
from typing import Any

import pytest
from mitmproxy import options
from mitmproxy.master import Master
from mitmproxy.proxy.layers.http._hooks import HttpRequestHook, HttpResponseHook
from mitmproxy.test import tflow

from proxy.hooks import DirectAddons


class Addon:
    """Notes what it is called with."""

    def __init__(self, name: str, told: list[str], fail: bool = False) -> None:
        self.name, self._told, self._fail = name, told, fail

    def request(self, flow: Any) -> None:
        self._told.append(f"{self.name} {flow.request.host}")
        if self._fail:
            raise RuntimeError("no")


class Later:
    """The same, as a coroutine."""

    def __init__(self, name: str, told: list[str], fail: bool = False) -> None:
        self.name, self._same = name, Addon(name, told, fail)

    async def request(self, flow: Any) -> None:
        self._same.request(flow)


def addons(*chosen: Any) -> DirectAddons:
    master = Master(options.Options(), with_termlog=False)
    found = DirectAddons(master)
    found.add(*chosen)  # type: ignore[no-untyped-call]
    found.freeze()
    return found


async def test_every_listener_is_called_in_order_and_one_that_fails_stops_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Addons are told one after the other, waited for, and isolated from each other's failures."""
    told: list[str] = []
    found = addons(Addon("first", told), Later("second", told, fail=True), Addon("third", told))
    flow = tflow.tflow()
    with caplog.at_level(logging.ERROR):
        await found.handle_lifecycle(HttpRequestHook(flow))

    assert told == [f"{name} {flow.request.host}" for name in ("first", "second", "third")]
    assert "hook failed: RuntimeError" in caplog.text


async def test_a_hook_without_listeners_calls_nobody() -> None:
    """A hook that no addon has is over at once."""
    told: list[str] = []
    found = addons(Addon("first", told))
    assert found.listeners("response") == ()
    await found.handle_lifecycle(HttpResponseHook(tflow.tflow()))
    assert told == []


async def test_only_what_has_to_be_waited_for_is_left(caplog: pytest.LogCaptureFixture) -> None:
    """Who answers at once is called at once, up to the first who has to be waited for; the others
    come behind that one, in order, and whatever fails stops nobody.
    """
    told: list[str] = []
    chosen = (
        Addon("first", told, fail=True),
        Later("second", told, fail=True),
        Addon("third", told, fail=True),
        Later("fourth", told),
    )
    found, flow = addons(*chosen), tflow.tflow()
    further = found.begun(found.listeners("request"), flow)
    assert told == [f"first {flow.request.host}"]
    assert further is not None
    await further
    names = ("first", "second", "third", "fourth")
    assert told == [f"{name} {flow.request.host}" for name in names]
    assert caplog.text.count("hook failed: RuntimeError") == 3
    plain = addons(Addon("plain", told))
    assert plain.begun(plain.listeners("request"), flow) is None
