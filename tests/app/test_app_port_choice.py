"""Whoever chose no port gets a free one where the usual one is taken, and is told so."""

import socket

import pytest

from app.port_choice import free_port


def test_a_free_port_is_kept_in_silence() -> None:
    """Nothing is said where nothing is unusual."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]

    assert free_port("127.0.0.1", port) == (port, "")


def test_a_taken_port_gives_way() -> None:
    """A second user of a machine starts a gate without choosing a port."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        chosen, words = free_port("127.0.0.1", port)

    assert chosen == 0
    assert words.startswith(f"a program listens at port {port} already")


def test_who_has_it_is_said_where_it_is_a_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another user's gate is told from a stranger."""
    monkeypatch.setattr("app.port_choice.health_at", lambda *_: {"outgate": "gate"})
    with socket.create_server(("127.0.0.1", 0)) as taken:
        _, words = free_port("127.0.0.1", taken.getsockname()[1])

    assert words.startswith("another gate, of another user or folder, listens")


def test_another_reason_is_left_to_the_gate_to_tell() -> None:
    """Only a taken port gives way: an address that is not ours stays wrong."""
    assert free_port("192.0.2.1", 8899) == (8899, "")
