"""Programs that try to be taken for another one: each really runs, sends one request, and says in
it what it is.

One entry of ATTACKS is one case: a function that lays files out in a fresh folder and starts
processes there. Every sender tells the truth as it was when its program began: path and hash of its
own source. The record may say the same, or that it is not sure, and why; it may never say another
name as EXACT.
"""

import os
import shutil
from collections.abc import Iterator

from benchmarks.attribution_attacks import (
    asked,
    before,
    between,
    calls,
    controlled,
    copies,
    detours,
    disguises,
    handed,
    heads,
    honest,
    hooks,
    imitations,
    lives,
    loans,
    memory,
    packed,
    places,
    programs,
    rare,
    shadows,
    strange,
    supervised,
    titles,
    turned,
)
from benchmarks.attribution_attacks.arena import ATTACKS, REQUESTS, Arena, Attack

__all__ = ["ATTACKS", "HONEST", "REQUESTS", "Arena", "Attack", "cases"]

_GROUPS = (
    titles,
    places,
    lives,
    loans,
    handed,
    programs,
    copies,
    detours,
    disguises,
    heads,
    hooks,
    memory,
    controlled,
    packed,
    calls,
    before,
    between,
    supervised,
    rare,
    shadows,
    strange,
    asked,
    imitations,
    turned,
    honest,
)
HONEST = (
    honest.NAMES | heads.NAMES | before.NAMES | supervised.NAMES | packed.NAMES | imitations.NAMES
)


def cases() -> Iterator[tuple[str, Attack]]:
    """Yield all cases that can be tried here."""
    for name, make in ATTACKS.items():
        apart = "mount" in name or "namespace" in name
        if apart and (os.geteuid() != 0 or shutil.which("unshare") is None):
            continue
        if "curl" in name and shutil.which("curl") is None:
            continue
        yield name, make
