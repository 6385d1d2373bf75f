"""Settings in which more than a host stands where a host belongs are told, with what was meant."""

from pathlib import Path

import pytest

from app.settings import load_settings
from core.errors import SettingsError


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("direct_hosts: ['https://intra.corp.example/']", "write intra.corp.example"),
        ("direct_hosts: [a.example, 'b.example:8443']", "write b.example"),
        ("upstream_proxies: {'http://corp.example': direct}", "write corp.example"),
        ("upstream_proxies: {'corp.example/x': direct}", "write corp.example"),
    ],
)
def test_an_address_of_the_web_is_no_host(tmp_path: Path, line: str, meant: str) -> None:
    """A setting that could never hold is not taken in silence."""
    file = tmp_path / "settings.yaml"
    file.write_text(line)
    with pytest.raises(SettingsError) as told:
        load_settings(file)
    assert meant in str(told.value)


@pytest.mark.parametrize(
    "line",
    [
        "direct_hosts: [intra.corp.example, 10.0.0.0/8, '::1', '*.corp.example', .corp.example]",
        "upstream_proxies: {'*': 'http://p.example:1', 10.0.0.0/8: direct, '2001:db8::/32': direct}",
    ],
)
def test_hosts_networks_and_patterns_are_taken(tmp_path: Path, line: str) -> None:
    """What was right stays right."""
    file = tmp_path / "settings.yaml"
    file.write_text(line)
    assert load_settings(file)
