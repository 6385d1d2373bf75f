"""Holds the closed lots that a file has against what its signed checkpoints tell of them: the
newest, and all of them, cannot be taken out unseen.
"""

from collections.abc import Sequence
from itertools import pairwise

from core.happenings import Event
from evidence.acts import GONE
from evidence.checkpoint import Checkpoint
from evidence.database import Connection
from evidence.notary import lots_there

_WITH_LOTS = (Event.ERASED, Event.EXPIRED, Event.EXPIRED_APART, Event.REBUILT, Event.MIGRATED)
_MAY_GO = (*(one.value for one in _WITH_LOTS), GONE)
"""Acts with which lots go, or that may have been one: of an erasure whose entries expired no more
than its place is left, and that it was let go is told and checked elsewhere
(`evidence.acts_check`).
"""
_ACTS = f"""SELECT seq FROM review_entries WHERE action IN ({", ".join("?" * len(_MAY_GO))})
    ORDER BY seq"""  # noqa: S608 - question marks


def signed_lots_problem(connection: Connection, signed: Sequence[Checkpoint]) -> str | None:
    """Return where lots went, or are others, though no act tells why, if anywhere: by checkpoints
    in their order, of which those of earlier versions tell nothing.

    Whoever lets a checkpoint be taken of fewer lots is seen by the one before it.
    """
    told = [one for one in signed if one.lots is not None]
    went = [int(seq) for (seq,) in connection.execute(_ACTS, _MAY_GO)]
    for one, other in pairwise(told):
        assert one.lots is not None and other.lots is not None
        if other.lots.count < one.lots.count and not _any(went, one.acts.size, other.acts.size):
            return _taken_out(one, other.lots.count)
    if not told:
        return None
    newest, there = told[-1], lots_there(connection)
    if there == newest.lots or _any(went, newest.acts.size, None):
        return None
    return _taken_out(newest, there.count)


def _any(acts: Sequence[int], after: int, last: int | None) -> bool:
    return any(after < seq and (last is None or seq <= last) for seq in acts)


def _taken_out(told: Checkpoint, count: int) -> str:
    before = 0 if told.lots is None else told.lots.count
    what = f"and there are {count}" if before != count else "and there are others"
    return (
        f"what the gate told of its entries was taken out: the checkpoint of {told.at} knew "
        f"{before} lots of it, {what}"
    )
