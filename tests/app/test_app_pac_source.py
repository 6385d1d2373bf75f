"""Where a proxy auto-configuration file is found, and how it is asked for."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from app.pac_source import fetched, pac_source, shown
from core.errors import InputError
from tests.app.conftest import Runs

PAC = 'function FindProxyForURL(url, host) { return "PROXY proxy.corp.example:3128"; }'


@pytest.fixture
def served() -> Iterator[str]:
    """A server that gives out a file, as a company's does."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/proxy.pac" else 404)
            self.send_header("content-length", str(len(PAC)))
            self.end_headers()
            self.wfile.write(PAC.encode())

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/proxy.pac"
    server.shutdown()
    server.server_close()


def test_the_environment_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """As some desktops and tools do."""
    monkeypatch.setattr("app.pac_source.shutil.which", lambda _: None)
    assert pac_source({"auto_proxy": " http://wpad/x.pac "}) == "http://wpad/x.pac"
    assert pac_source({"AUTO_PROXY": "file:///etc/x.pac"}) == "file:///etc/x.pac"
    assert pac_source({"auto_proxy": " ", "http_proxy": "x"}) is None


def test_a_file_and_an_address_are_read(
    served: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Directly, whatever proxy the environment names."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    file = tmp_path / "x.pac"
    file.write_text(PAC)
    assert fetched(str(file)) == fetched(f"file://{file}") == fetched(served) == PAC


@pytest.mark.parametrize(
    "source", ["/nowhere/x.pac", "http://127.0.0.1:1/x", "http://[x", "gopher://x"]
)
def test_what_cannot_be_read_is_one_line(source: str) -> None:
    """The address is named, credentials in it are not."""
    with pytest.raises(InputError, match="cannot be read"):
        fetched(source)
    assert "geheim" not in shown("http://anna:geheim@wpad/x.pac")


def test_too_large_a_file_is_refused(tmp_path: Path) -> None:
    """Nobody's configuration is larger than a megabyte."""
    file = tmp_path / "x.pac"
    file.write_bytes(b" " * ((1 << 20) + 1))
    with pytest.raises(InputError, match="larger than 1 MB"):
        fetched(str(file))


def test_doctor_proposes_the_lines(outgate: Runs, home: Path, served: str) -> None:
    """What to write into settings.yaml is printed as it is written there."""
    told = outgate("doctor", "--pac", served)
    assert told.code == 0
    assert "upstream_proxy: http://proxy.corp.example:3128" in told.out
    (home / "settings.yaml").write_text("upstream_proxy: http://other.example:1\n")
    again = outgate("doctor", "--pac", served)
    assert "is not followed" in again.out and "3128" not in again.out
