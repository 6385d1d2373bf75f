"""Live tests use the gate and fakes of the proxy tests."""

import importlib.util
import sys
from pathlib import Path

_path = Path(__file__).parent.parent / "proxy" / "conftest.py"
_spec = importlib.util.spec_from_file_location("proxy_fixtures", _path)
assert _spec is not None and _spec.loader is not None
_fixtures = importlib.util.module_from_spec(_spec)
sys.modules[_spec.name] = _fixtures
_spec.loader.exec_module(_fixtures)

internet = _fixtures.internet
start_gate = _fixtures.start_gate
gate = _fixtures.gate
