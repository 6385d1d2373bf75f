"""Whose a socket is: asked about once in its life, and about many together."""

import threading
from typing import cast

from activity.owners import Owners
from core.activity import OpenSocket
from core.attribution import Attribution, Certainty
from core.exchange import Connection
from core.ids import utc_now
from core.ports import Attributor

_LONG_S = 60


class _Asked:
    """Answers when so many ask at the same time; tells whether a program is a Python."""

    def __init__(self, together: int, *, is_python: bool | None = True) -> None:
        self._barrier, self._is_python = threading.Barrier(together), is_python
        self.ports: list[int] = []

    def attribute(self, connection: Connection) -> Attribution:
        self._barrier.wait(_LONG_S)
        self.ports.append(connection.client_port)
        return Attribution(certainty=Certainty.EXACT, method="x", is_python=self._is_python)

    def forget(self, connection: Connection) -> None:
        """Nothing is kept."""


def _owners(asked: _Asked) -> Owners:
    return Owners(cast("Attributor", asked))


def _sockets(*ports: int) -> list[OpenSocket]:
    return [
        OpenSocket(host="127.0.0.1", port=port, far_host="0.0.0.0", far_port=0, number=port)
        for port in ports
    ]


def test_many_are_asked_about_together() -> None:
    """One look at all processes answers everybody who waits: who asks one after the other has a
    look made for each. None is asked about twice.
    """
    asked = _Asked(4)
    owners, there = _owners(asked), _sockets(*range(1, 9))
    owners.learn(there, utc_now())
    assert sorted(asked.ports) == list(range(1, 9))
    assert all(owners.program(one, utc_now()) for one in there)
    owners.learn(there, utc_now())
    assert len(asked.ports) == 8


def test_who_cannot_be_told_is_looked_for_at_three_looks() -> None:
    """Each look asks once."""
    asked = _Asked(1, is_python=None)
    owners, there = _owners(asked), _sockets(1)
    for looks in (1, 2, 3, 3):
        owners.learn(there, utc_now())
        assert owners.program(there[0], utc_now()) is None
        assert len(asked.ports) == looks
