"""Serves metrics on loopback for a Prometheus on the same machine."""

import ipaddress
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from app.settings import parse_listen
from core.errors import InputError, OutgateError

_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_TIMEOUT_S = 10


def server(listen: str, text: Callable[[], str]) -> ThreadingHTTPServer:
    """Return a server on this loopback address. Raises InputError, SettingsError."""
    host, port = parse_listen(listen)
    try:
        if not ipaddress.ip_address(host).is_loopback:
            raise ValueError
    except ValueError:
        raise InputError(
            "Metrics are served on loopback only.", remedy="For example --listen 127.0.0.1:9464"
        ) from None

    class Handler(BaseHTTPRequestHandler):
        timeout = _TIMEOUT_S

        def do_GET(self) -> None:
            """Answer with the metrics of now."""
            if self.path.partition("?")[0] != "/metrics":
                self.send_error(404)
                return
            try:
                body = text().encode()
            except OutgateError:
                self.send_error(503)
                return
            self.send_response(200)
            self.send_header("content-type", _TYPE)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is given
            """Say nothing: a request is no news."""

    try:
        return ThreadingHTTPServer((host, port), Handler)
    except OSError as error:
        raise InputError(f"Cannot listen on {listen}: {error.strerror}.") from None


def serve(listen: str, text: Callable[[], str], told: Callable[[str], None]) -> int:
    """Serve until interrupted; return the exit code."""
    with server(listen, text) as serving:
        host, port = serving.server_address[:2]
        told(f"Metrics at http://{host!s}:{port}/metrics")
        serving.serve_forever()
    return 0
