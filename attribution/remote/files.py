"""The gate's side of what else the attributor looks at: files near senders, and ended runs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from attribution.remote.wire import Ask, Near, Prove, Runs, Told, Wanted
from core.activity import EndedRun
from core.attribution import Attribution
from core.sent_file import FilesLook, Nearby, NearFile, Proven, ProvenFile, SizesThatFit

_LONGEST_NAME = 1000
_MOST_ASKS = 100
"""For one look: more than what the attributor keeps."""

type Asks = Callable[[Ask], Told | None]
"""Returns the attributor's answer; None where there is none."""


@dataclass(frozen=True, slots=True)
class RemoteFiles:
    """Implements core.sent_file.SenderFiles. Files are known here by the attributor's own words for
    them: this process opens none, and cannot have any other opened.
    """

    asks: Asks

    def near(
        self, sender: Attribution, named: Sequence[str], fits: SizesThatFit | None = None
    ) -> Nearby:
        """See SenderFiles.near."""
        names = tuple(name for name in named if len(name) <= _LONGEST_NAME)
        told = self.asks(Near(sender=sender, named=names))
        if told is None or told.near is None:
            return Nearby(look=FilesLook.NOBODY)
        if fits is not None:
            sizes = {one.size for one in told.near.files}
            fits(sizes.union(one.read_to for one in told.near.files if one.read_to is not None))
        return told.near

    def proven(
        self,
        sender: Attribution,
        wanted: Sequence[tuple[NearFile, str]],
        prefixes: Mapping[str, str],
    ) -> Proven:
        """See SenderFiles.proven."""
        near = {one.key: one for one, _ in wanted}
        asked = tuple(
            Wanted(key=one.key, sha256=sha256, in_part=prefixes.get(one.key) == sha256)
            for one, sha256 in wanted
        )
        told = self.asks(Prove(sender=sender, wanted=asked))
        if told is None:
            return Proven(look=FilesLook.NOBODY)
        files = [
            ProvenFile(
                near=near[one.key],
                sha256=one.sha256,
                owner=one.owner,
                modified_at=one.modified_at,
                whole=one.whole,
            )
            for one in told.shown
            if one.key in near
        ]
        return Proven(files=files, look=told.look)


class RemoteRuns:
    """Implements core.activity.ProgramRuns: the attributor follows them. For one thread."""

    def __init__(self, asks: Asks) -> None:
        self._asks = asks
        self._heard = 0
        self.missed = 0
        """See ProgramRuns.missed."""

    def still(self) -> bool:
        """See ProgramRuns.still: only the other side knows."""
        return False

    def ended(self) -> Sequence[EndedRun]:
        """See ProgramRuns.ended. What the attributor told of is forgotten there when it is asked
        the next time: an answer that was lost on the way is told again. All that wait are asked
        for, however busy the machine.
        """
        runs: list[EndedRun] = []
        for _ in range(_MOST_ASKS):
            told = self._asks(Runs(heard=self._heard))
            if told is None or told.ended is None:
                break
            self._heard, self.missed = told.ended.last, told.ended.missed
            runs += told.ended.runs
            if not told.ended.waiting:
                break
        return runs

    def close(self) -> None:
        """See ProgramRuns.close: the attributor follows them for the next gate."""
