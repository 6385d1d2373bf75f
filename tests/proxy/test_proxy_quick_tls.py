"""TLS through a kept buffer: the same bytes, ends and complaints as through pyOpenSSL itself."""

from collections import Counter
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from OpenSSL import SSL

from certs.authority import open_authority
from certs.leaf import LeafMinter
from proxy import far_side, quick_tls

SIZES = st.lists(
    st.sampled_from([1, 2, 16_383, 16_384, 16_385, 65_535, 65_536, 65_537, 200_000]),
    min_size=1,
    max_size=3,
)


@pytest.fixture(scope="module")
def server_context(tmp_path_factory: pytest.TempPathFactory) -> SSL.Context:
    """A server with a certificate."""
    folder = tmp_path_factory.mktemp("tls")
    leaf = LeafMinter(open_authority(folder)).mint("localhost")
    file = folder / "leaf.pem"
    file.write_bytes(leaf.key_pem() + leaf.certificates_pem())
    context = SSL.Context(SSL.TLS_METHOD)
    context.use_certificate_chain_file(str(file))
    context.use_privatekey_file(str(file))
    return context


def layer(connection: SSL.Connection) -> Any:
    """What the functions need of a layer."""
    found: Any = SimpleNamespace(tls=connection, conn="conn")
    found.tls_interact = lambda: quick_tls.interact(found)
    found.event_to_child = lambda event: iter([event.data])
    return found


def sent(commands: Any) -> bytes:
    """Return what is sent by these commands."""
    return b"".join(command.data for command in commands)


@pytest.fixture
def ends(server_context: SSL.Context) -> tuple[Any, Any]:
    """A client and a server that have shaken hands."""
    return pair(server_context)


def pair(server_context: SSL.Context) -> tuple[Any, Any]:
    client, server = SSL.Connection(SSL.Context(SSL.TLS_METHOD)), SSL.Connection(server_context)
    client.set_connect_state()
    server.set_accept_state()
    one, other = layer(client), layer(server)
    for _ in range(4):
        for here, there in ((one, other), (other, one)):
            with suppress(SSL.WantReadError):
                here.tls.do_handshake()
            if data := sent(quick_tls.interact(here)):
                there.tls.bio_write(data)
    quick_tls.read(client)
    return one, other


def test_this_machine_has_what_is_needed() -> None:
    """The library is built as we know it: otherwise the gate is slower and nobody would know."""
    assert quick_tls.USABLE


@given(sizes=SIZES, cut=st.integers(1, 400))
def test_all_of_it_arrives_both_ways(
    server_context: SSL.Context, sizes: list[int], cut: int
) -> None:
    """Whatever the sizes, and wherever the stream is cut, what was sent arrives, in its order."""
    one, other = pair(server_context)
    for here, there in ((one, other), (other, one)):
        said = [bytes([number + 1]) * size for number, size in enumerate(sizes)]
        stream = b"".join(sent(quick_tls.send_data(here, piece)) for piece in said)
        heard = b""
        later = max(cut, len(stream) // 2)
        for part in (stream[:cut], stream[cut:later], stream[later:]):
            if part:
                there.tls.bio_write(part)
            came = quick_tls.read(there.tls)
            assert not came.closed
            assert came.alert is None
            heard += came.data
        assert heard == b"".join(said)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_bytes_can_be_sent(ends: tuple[Any, Any], kind: Any) -> None:
    """Bytes in another coat are sent too; nothing at all sends nothing."""
    one, other = ends
    other.tls.bio_write(sent(quick_tls.send_data(one, kind(b"hello"))))
    assert quick_tls.read(other.tls).data == b"hello"
    assert sent(quick_tls.send_data(one, kind(b""))) == b""


def test_an_end_is_told_behind_what_came_before_it(ends: tuple[Any, Any]) -> None:
    """The other side says that it sends no more: what it had sent is not lost by that."""
    one, other = ends
    stream = sent(quick_tls.send_data(one, b"last words"))
    one.tls.shutdown()
    other.tls.bio_write(stream + sent(quick_tls.interact(one)))
    assert quick_tls.read(other.tls) == quick_tls.Read(b"last words", closed=True)


def test_a_broken_stream_is_an_alert(ends: tuple[Any, Any]) -> None:
    """A byte that was changed on the way ends the connection, with what came before it kept."""
    one, other = ends
    good, bad = (bytearray(sent(quick_tls.send_data(one, b"x" * 50))) for _ in range(2))
    bad[-1] ^= 1
    other.tls.bio_write(bytes(good + bad))
    came = quick_tls.read(other.tls)
    assert came.data == b"x" * 50
    assert came.alert
    assert not came.closed


def test_what_the_other_side_no_longer_takes_is_dropped(ends: tuple[Any, Any]) -> None:
    """Sending on a connection that we have ended fails nobody."""
    one, _ = ends
    one.tls.shutdown()
    assert isinstance(sent(quick_tls.interact(one)), bytes)
    with pytest.raises(SSL.Error):
        one.tls.sendall(b"more")
    with pytest.raises(SSL.Error):
        list(quick_tls.send_data(one, b"more"))


class Counting:
    """The library below, with its calls counted."""

    def __init__(self, library: Any) -> None:
        self._library = library
        self.calls: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._library, name)
        if not callable(found):
            return found

        def called(*arguments: Any) -> Any:
            self.calls[name] += 1
            return found(*arguments)

        return called


def test_the_library_is_not_asked_for_more_than_there_is(
    ends: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One record is read by one call, and nothing is made to send: no error is waited for to learn
    so. Each call hands the interpreter's lock to whoever waits for it.
    """
    one, other = ends
    list(far_side.receive_data(other, sent(quick_tls.send_data(one, b"before"))))
    stream, two = (sent(quick_tls.send_data(one, b"hello")) for _ in range(2))
    two += sent(quick_tls.send_data(one, b" again"))
    counting = Counting(quick_tls._LIB)
    monkeypatch.setattr(quick_tls, "_LIB", counting)
    came: list[Any] = list(far_side.receive_data(other, stream))
    assert came == [b"hello"]
    assert counting.calls == {"BIO_write": 1, "SSL_read": 1}
    counting.calls.clear()
    came = list(far_side.receive_data(other, two))
    assert came == [b"hello again"]
    assert counting.calls == {"BIO_write": 1, "SSL_read": 2, "BIO_get_mem_data": 3}


@given(sizes=SIZES, cuts=st.lists(st.integers(1, 40_000), max_size=6), ends=st.booleans())
def test_what_was_taken_before_makes_no_difference(
    server_context: SSL.Context, sizes: list[int], cuts: list[int], ends: bool
) -> None:
    """In records of their own, several at once or by halves, with an end behind them or none: the
    same is read as by pyOpenSSL, and what is told to be alone left nothing behind.
    """
    one, other = pair(server_context)
    records = [sent(quick_tls.send_data(one, bytes([number + 1]) * 40)) for number in range(4)]
    records += [sent(quick_tls.send_data(one, b"z" * size)) for size in sizes]
    if ends:
        one.tls.shutdown()
        records.append(sent(quick_tls.interact(one)))
    stream = b"".join(records[2:])
    parts = [*records[:2], stream[: sum(cuts)], stream[sum(cuts) :]]
    for cut in cuts:
        parts[-2:-1] = [parts[-2][:cut], parts[-2][cut:]]
    heard, closed, alone = b"", False, []
    for part in filter(None, parts):
        came = quick_tls.taken(other.tls, part)
        assert came.alert is None
        heard, closed = heard + came.data, closed or came.closed
        alone.append(came.alone)
        if came.alone:
            assert not quick_tls.has_something_to_send(other.tls)
            assert quick_tls._waiting(other.tls._into_ssl) == other.tls.pending() == 0
    whole = b"".join(bytes([number + 1]) * 40 for number in range(4))
    assert heard == whole + b"z" * sum(sizes)
    assert closed is ends
    assert not alone[0]


@pytest.mark.parametrize("broken", [False, True])
def test_what_a_record_alone_says_beside_data_is_heard(ends: tuple[Any, Any], broken: bool) -> None:
    """An end, or a record that was changed, looks like one of data from outside."""
    one, other = ends
    for _ in range(2):
        came = quick_tls.taken(other.tls, sent(quick_tls.send_data(one, b"x")))
    assert came.alone
    if broken:
        record = bytearray(sent(quick_tls.send_data(one, b"y")))
        record[-1] ^= 1
    else:
        one.tls.shutdown()
        record = bytearray(sent(quick_tls.interact(one)))
    assert quick_tls._is_one_record(bytes(record))
    came = quick_tls.taken(other.tls, bytes(record))
    assert (came.data, came.closed, bool(came.alert)) == (b"", not broken, broken)
    assert not came.alone


@pytest.mark.parametrize(
    ("data", "is_one"),
    [
        (b"\x17\x03\x03\x00\x02ab", True),
        (b"\x17\x03\x03\x00\x02a", False),
        (b"\x17\x03\x03\x00\x02abc", False),
        (b"\x16\x03\x03\x00\x02ab", False),
        (b"\x17\x03\x03\x00\x00", False),
        (b"", False),
    ],
)
def test_a_record_alone_is_told_by_its_head(data: bytes, is_one: bool) -> None:
    """Of data, and neither more nor less than its head says."""
    assert quick_tls._is_one_record(data) is is_one


def test_what_the_library_has_to_say_is_sent(ends: tuple[Any, Any]) -> None:
    """What is read may make an answer of the protocol itself: that goes out, behind no data too."""
    one, other = ends
    assert not quick_tls.has_something_to_send(other.tls)
    other.tls.shutdown()
    assert quick_tls.has_something_to_send(other.tls)
    one.tls.bio_write(sent(far_side.receive_data(other, b"")))
    assert quick_tls.read(one.tls).closed


@pytest.mark.parametrize("kind", [bytes, bytearray])
def test_any_bytes_can_be_received(ends: tuple[Any, Any], kind: Any) -> None:
    """What comes in another coat is taken too; nothing at all is refused as by pyOpenSSL."""
    one, other = ends
    quick_tls.feed(other.tls, kind(sent(quick_tls.send_data(one, b"hello"))))
    assert quick_tls.read(other.tls).data == b"hello"
    with pytest.raises(SSL.Error):
        quick_tls.feed(other.tls, kind(b""))


def test_what_is_read_is_not_shown() -> None:
    """A read holds payload: its repr tells the size only."""
    assert "secret" not in repr(quick_tls.Read(b"secret"))
