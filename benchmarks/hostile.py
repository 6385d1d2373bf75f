"""One client's waiting beside others who send what is dearest to read.

    python benchmarks/hostile.py [--seconds 6] [--clients 10]

For each shape of hostile body (60 KB of it) a gate is started, ten clients send it again and again,
and another one posts 200 clean bytes every 20 ms. Quoted is what that one waits: median, 99 % and
worst, beside the same without the ten. Bodies are made up; all traffic is loopback.
"""

import argparse
import asyncio
import json
import os
import ssl
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from benchmarks.gate import outgate, upstream  # noqa: E402

SIZE = 60_000
SHAPES = {
    "a@a. …": "a@a.",
    "https://a:b@ …": "https://a:b@",
    "contraseña …": "contraseña ",
    "password= …": "password=",
    "Herr Müller …": "Herr Müller ",
    "bank numbers": "DE02120300000000202051 ",
    "cards": "4111 1111 1111 1112 ",
    "tables in text": "1001,Jane,536-90-4399,2026-01-01\n",
    "encoded runs": "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo= ",
    "XML": '<r x="1" y="2">t</r>',
}
