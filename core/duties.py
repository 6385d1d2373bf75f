"""One owner for all that runs beside the requests, and what its end means.

Whatever is started says which duty it has. How it ends (an exception of any kind, or simply an
end where none was due) is noted here; health tells it, and an essential duty that nobody does
refuses until it is done again. Knows no thread and no event loop: it wraps what those are given.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum

from core.errors import EvidenceError, OutgateError

log = logging.getLogger("outgate.gate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a duty is, and what it means that nobody does it."""

    what: str
    """In plain words, as it stands in `status`."""
    essential: bool = False
    """Nothing may pass while nobody does it."""
    lasting: bool = False
    """It ends only when it is told to: any other end is a failure."""
    courtesy: bool = False
    """Done for one request as well as can be: its failure is told in `status`, and the gate is
    well all the same."""


class Duty(Enum):
    """Everything that a gate has running beside its requests."""

    EVIDENCE = Meaning(what="writing the evidence", essential=True, lasting=True)
    SAYING = Meaning(what="telling how far the evidence is written", courtesy=True)
    HAND_OVER = Meaning(what="handing records over to the evidence", essential=True)
    POLICY = Meaning(what="following the policy file", essential=True, lasting=True)
    DIRECT = Meaning(what="looking for connections past the gate", lasting=True)
    ACTIVITY = Meaning(what="watching what programs do beside their requests", lasting=True)
    TUNNELS = Meaning(what="ending tunnels in which nothing is asked for", courtesy=True)
    SEALS = Meaning(what="taking sealed runs", courtesy=True)
    CAPTURE = Meaning(what="telling of what is captured of this machine", courtesy=True)
    NAMES = Meaning(what="looking up names for sealed runs", courtesy=True)
    HOLDS = Meaning(what="asking people about held requests")
    SCRIPTS = Meaning(what="looking at scripts", courtesy=True)
    LINES = Meaning(what="finding lines of code", courtesy=True)
    FILES = Meaning(what="finding files that were sent", courtesy=True)
    PLACES = Meaning(what="looking up addresses and countries", courtesy=True)
    PAST = Meaning(what="reading what is known of a script", courtesy=True)
    RUNS = Meaning(what="watching a run", courtesy=True)
    HABITS = Meaning(what="learning what scripts do as a rule")
    SECRET_RULES = Meaning(what="making the long tail of rules for secrets")
    TABLES = Meaning(what="loading tables ahead of the first request", courtesy=True)
    WARMING = Meaning(what="getting ready ahead of the first request", courtesy=True)
    WORKERS = Meaning(what="reading documents in workers", courtesy=True)
    WINDOWS = Meaning(what="reading large uploads", courtesy=True)
    FORWARDING = Meaning(what="sending evidence on to collectors")
    BROWSER = Meaning(what="drawing the review in a browser", courtesy=True)
    NOTICES = Meaning(what="telling people what needs them", courtesy=True)
    RETENTION = Meaning(what="removing evidence whose time is over")
    PROCESSES = Meaning(what="hearing of programs that start", lasting=True)
    MOUNTS = Meaning(what="seeing what is mounted", lasting=True)
    OUTLIVING = Meaning(what="waiting for the last program behind a gate of its own")
    ENDING = Meaning(what="letting requests end before the gate does", courtesy=True)
    WATCHDOG = Meaning(what="telling systemd that the gate lives")
    ATTRIBUTOR = Meaning(what="answering a gate about its senders", courtesy=True)
    CANARY = Meaning(what="trying the clients of this machine", courtesy=True)
    READERS = Meaning(what="reading files for the attribution", courtesy=True)


class PartEndedError(OutgateError):
    """What runs for a duty ended by something that would have ended the gate with it."""

    def __init__(self, what: str, error: BaseException) -> None:
        self.kind = type(error).__name__
        """Of the exception that it ended by."""
        super().__init__(f"Outgate stopped {what} ({self.kind}).")


def kind_of(error: BaseException) -> str:
    """Return the kind of an exception, which may be told; its words may not."""
    return error.kind if isinstance(error, PartEndedError) else type(error).__name__


class Owner:
    """Knows which duties are not done. All methods may be called from any thread."""

    def __init__(self) -> None:
        self._lost: dict[Duty, str] = {}
        self._begun: dict[Duty, str] = {}
        self._untold: list[tuple[Duty, str]] = []

    def guarded(
        self, duty: Duty, body: Callable[[], object], dismissed: Callable[[], bool] | None = None
    ) -> Callable[[], None]:
        """Return what a thread may run: its end by whatever exception is noted, never raised.

        `dismissed` tells whether a lasting duty was told to end.
        """

        def run() -> None:
            try:
                body()
            except BaseException as error:  # noqa: BLE001 - boundary: of a thread
                self.lost(duty, error)
                return
            if duty.value.lasting and (dismissed is None or not dismissed()):
                self.lost(duty, None)

        return run

    async def task[T](
        self, duty: Duty, work: Awaitable[T], expected: tuple[type[Exception], ...] = ()
    ) -> T:
        """Return what `work` gives; an exception is noted and goes on to whoever waits for it.

        Those that are `expected` are answers, and not noted. What would end the whole gate
        (SystemExit and the like) goes on as PartEndedError. That a task was cancelled is no
        failure of its own: who cancels it knows.
        """
        try:
            return await work
        except expected:
            raise
        except Exception as error:
            self.lost(duty, error)
            raise
        except BaseException as error:
            if type(error).__name__ == "CancelledError":
                raise
            self.lost(duty, error)
            raise PartEndedError(duty.value.what, error) from None

    def lost(self, duty: Duty, error: BaseException | None) -> None:
        """Note that nobody does this any more. Holds the kind of the error, never its words."""
        kind = "it ended" if error is None else kind_of(error)
        self._begun.pop(duty, None)
        if self._lost.get(duty) != kind:
            log.error("nobody is %s any more: %s", duty.value.what, kind)
            if not duty.value.courtesy:
                self._untold.append((duty, kind))
        self._lost[duty] = kind

    def begun(self, duty: Duty, meanwhile: str) -> None:
        """Note that it is under way, and in plain words what that means until it is done."""
        self._begun[duty] = meanwhile

    def done(self, duty: Duty) -> None:
        """Note that it is done (again)."""
        self._begun.pop(duty, None)
        if self._lost and self._lost.pop(duty, None) is not None:
            log.warning("%s works again", duty.value.what)

    @property
    def failure(self) -> EvidenceError | None:
        """Why nothing may pass now, if so."""
        for duty, kind in tuple(self._lost.items()):
            if duty.value.essential:
                return EvidenceError(
                    f"Outgate is no longer {duty.value.what} ({kind}).",
                    remedy="Restart the gate, and report this: it is a fault in Outgate.",
                )
        return None

    @property
    def unwell(self) -> str | None:
        """What is not done that is no courtesy, in plain words; None when all is."""
        for duty, kind in tuple(self._lost.items()):
            if not duty.value.courtesy:
                return f"Outgate is no longer {duty.value.what} ({kind})."
        return None

    @property
    def trouble(self) -> tuple[str, ...]:
        """What is not done now, in plain words."""
        return tuple(f"no longer {d.value.what} ({kind})" for d, kind in tuple(self._lost.items()))

    @property
    def unfinished(self) -> tuple[str, ...]:
        """What is under way and not done yet, in plain words."""
        return tuple(self._begun.values())

    def untold(self) -> list[tuple[Duty, str]]:
        """Return the ends that no record tells of yet; they are told then."""
        told, self._untold = self._untold, []
        return told

    def forget(self) -> None:
        """Begin anew: for a process that starts another gate."""
        self._lost.clear()
        self._begun.clear()
        self._untold.clear()


OWNER = Owner()
"""Of this process. A gate has one process, and a process one gate."""
