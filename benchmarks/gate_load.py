"""The clients of `benchmarks/gate.py`: requests of an SDK over kept TLS connections."""

import json
import socket
import ssl
import threading
import time
from pathlib import Path

PROSE = (
    "Please compare the delivery plan of the third quarter with the plan of the second one and list"
    " what changed. Mention the regions where volumes grew, explain why the northern depot needed"
    " more drivers, and suggest how the loading times could be shortened without new equipment."
    " Keep the tone factual and the answer short. "
)


def bodies(personal: bool, count: int = 256) -> list[bytes]:
    """Chat requests of about 1 KB, each different; with `personal`, five personal values in
    each.
    """
    from stdnum import luhn

    out = []
    for n in range(count):
        text = f"Case {n}. " + PROSE * 2
        if personal:
            digits = f"87{n:016d}"
            iban = f"DE{98 - int(digits + '131400') % 97:02d}{digits}"
            card = f"4539{n:011d}"
            card += luhn.calc_check_digit(card)
            text = (
                f"Case {n}. Contact anna.weber{n}@nordwind-logistik.de or call +49 30 9018{n:04d},"
                f" pay to IBAN {iban}, card number {card}, SSN 536-{10 + n % 89}-{1000 + n}. "
                + PROSE
            )
        messages = [
            {"role": "system", "content": "You help a logistics team."},
            {"role": "user", "content": text},
        ]
        out.append(
            json.dumps({"model": "gpt-4o-mini", "messages": messages, "temperature": 0.2}).encode()
        )
    return out


def tunnel(proxy: int | None, port: int, roots: Path) -> ssl.SSLSocket:
    """Open a TLS connection to the upstream, through the proxy or directly."""
    raw = socket.create_connection(("127.0.0.1", proxy or port))
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if proxy:
        raw.sendall(f"CONNECT localhost:{port} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n".encode())
        told = b""
        while b"\r\n\r\n" not in told:
            told += (piece := raw.recv(4096))
            if not piece:
                break
        if b" 200 " not in told.partition(b"\r\n")[0] + b" " or b"\r\n\r\n" not in told:
            raw.close()
            raise SystemExit("a proxy gave no tunnel")
    context = ssl.create_default_context(cafile=str(roots))
    return context.wrap_socket(raw, server_hostname="localhost")


def request(port: int, body: bytes, path: str = "/v1/chat/completions") -> bytes:
    """Return one request as an SDK sends it."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost:{port}\r\nAccept:"
        " application/json\r\nAccept-Encoding: gzip, deflate\r\nUser-Agent: OpenAI/Python"
        " 3.54.0\r\nAuthorization: Bearer demo-key-for-the-benchmark\r\nX-Stainless-Lang:"
        " python\r\nX-Stainless-Retry-Count: 0\r\nContent-Type:"
        f" application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def more(connection: ssl.SSLSocket) -> bytes:
    """Return what comes next. Raises SystemExit where nothing does any more."""
    if piece := connection.recv(65536):
        return piece
    raise SystemExit("a connection was closed amid an answer")


def read_answer(connection: ssl.SSLSocket) -> None:
    """Read one answer of stated size."""
    data = more(connection)
    while (end := data.find(b"\r\n\r\n")) < 0:
        data += more(connection)
    head = data[:end].lower()
    if b" 200 " not in head.split(b"\r\n", 1)[0]:
        raise SystemExit(f"unexpected answer: {head[:80]!r}")
    size = int(head[head.find(b"content-length:") + 15 :].split(b"\r\n", 1)[0])
    while len(data) < end + 4 + size:
        data += more(connection)


def load(
    proxy: int, port: int, roots: Path, connections: int, seconds: float, personal: bool
) -> int:
    """Send requests on every connection for so long; return how many were answered."""
    requests = [request(port, body) for body in bodies(personal)]
    counts = [0] * connections
    stop_at = time.perf_counter() + seconds

    def work(number: int) -> None:
        connection = tunnel(proxy, port, roots)
        position = number
        while time.perf_counter() < stop_at:
            connection.sendall(requests[position % len(requests)])
            read_answer(connection)
            counts[number] += 1
            position += connections
        connection.close()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts)


def first_byte(proxy: int | None, port: int, roots: Path) -> float:
    """Return milliseconds from the request to the first byte of an event stream's body."""
    connection = tunnel(proxy, port, roots)
    connection.sendall(request(port, bodies(False, 1)[0]))
    read_answer(connection)
    started = time.perf_counter()
    connection.sendall(request(port, bodies(False, 1)[0], "/stream"))
    data = b""
    while b"data:" not in data:
        data += more(connection)
    elapsed = (time.perf_counter() - started) * 1000
    connection.close()
    return elapsed
