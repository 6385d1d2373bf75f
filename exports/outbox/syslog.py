"""Delivers to a syslog collector: RFC 5424 messages in CEF, framed by their length, over TCP (RFC
6587) or TLS (RFC 5425).

Syslog acknowledges nothing. So each parcel has a connection of its own, which is closed for writing
behind it: only a collector that has read to its end, and then closes in order, has taken it.
"""

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass

from evidence.entries import Recalled
from exports.formats.cef import act_line, record_line
from exports.outbox.collectors import TIMEOUT_S, Address, NotDeliveredError, Parcel

_LISTENING = 1 << 16


@dataclass(frozen=True, slots=True)
class Syslog:
    """Implements `Collector` for syslog."""

    address: Address

    def deliver(self, parcel: Parcel) -> int:
        """Send all, and wait until the collector has closed. Raises NotDeliveredError."""
        try:
            with connected(self.address) as connection:
                connection.sendall(b"".join(_frames(parcel)))
                finish(connection)
        except (OSError, ssl.SSLError) as error:
            why = getattr(error, "strerror", None) or type(error).__name__
            raise NotDeliveredError(f"The collector did not take it: {why}.") from None
        return 0


def connected(address: Address) -> socket.socket:
    """Return a connection to the collector, under TLS where its address says so. Raises OSError."""
    plain = socket.create_connection((address.host, address.port), TIMEOUT_S)
    if not address.is_private:
        return plain
    context = ssl.create_default_context()
    if address.authority is not None:
        context.load_verify_locations(address.authority)
    try:
        return context.wrap_socket(plain, server_hostname=address.host)
    except BaseException:
        plain.close()
        raise


def finish(connection: socket.socket) -> None:
    """Say that nothing more comes, and read until the other side has closed, too."""
    if isinstance(connection, ssl.SSLSocket):
        # Waits for the other side's own end of TLS; some collectors close without it.
        try:
            connection = connection.unwrap()
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError):
            return
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(_LISTENING):
        pass


def _frames(parcel: Parcel) -> Iterator[bytes]:
    known = Recalled()
    lines = [record_line(entry, known) for entry in parcel.records]
    for line in (*lines, *map(act_line, parcel.acts)):
        message = line.rstrip(b"\n")
        yield b"%d %b" % (len(message), message)
