"""Filtering the queue: the line that is asked for, read against what is in the evidence."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from core.case_words import Parsed
from tui.background_reader import Trouble
from tui.case_names import names_in, understood, understood_here
from tui.filter_bar import FilterBar
from tui.live_queue import LiveQueue
from tui.review_part import ReviewPart


class FilterReview(ReviewPart):
    """What a person chooses to see. `shown` is told when another filter is on; `refused` when one
    is not understood that nobody typed just now, and gives what to say.
    """

    def __init__(
        self, desk: LiveQueue, shown: Callable[[], None], refused: Callable[[str], str]
    ) -> None:
        super().__init__(desk)
        self._shown, self._refused = shown, refused
        self._names_of: int | None = None
        """Which version of the evidence the names were read from."""

    def obstacle(self, action_id: str) -> str | None:
        """A filter can always be asked for."""
        return None

    def begin(self, then: Callable[[], None]) -> None:
        """Read for the first time: with the filter that was asked for, if that is understood;
        then do this.
        """
        self.desk.start(partial(self._begin, then))

    async def _begin(self, then: Callable[[], None]) -> None:
        desk = self.desk
        parsed = await desk.reader.ask(self._understand(desk.filter_line))
        if isinstance(parsed, Trouble):
            desk.filter_line = ""
        elif parsed.problem:
            desk.tell(parsed.problem, wrong=True)
            desk.filter_line = ""
        else:
            desk.wanted = parsed.wanted
        await desk.look_again()
        self._shown()
        then()

    def _understand(self, line: str, *, typed: bool = False) -> Callable[[], Parsed]:
        who, read = self.desk.reviewer, understood_here if typed else understood
        return partial(read, self.desk.store, line, who.clock(), who.zone)

    def do_filter(self) -> None:
        """Ask for words."""
        self.desk.query_one(FilterBar).open(self.desk.filter_line)
        self.desk.start(self._learn_names, "names")

    async def _learn_names(self) -> None:
        version = self.desk.queue.version
        if version is not None and version == self._names_of:
            return
        names = await self.desk.reader.ask(partial(names_in, self.desk.store))
        if not isinstance(names, Trouble):
            self.desk.names, self._names_of = names, version
            self.desk.query_one(FilterBar).offer_again()

    def leave(self) -> None:
        """Close the filter line."""
        self.desk.set_focus(None)
        self.desk.query_one(FilterBar).close()

    def use(self, line: str, *, typed: bool = False) -> None:
        """Show what these words stand for; `typed`: a person has just written them."""
        self.desk.start(partial(self._filter_by, line, typed))

    async def _filter_by(self, line: str, typed: bool) -> None:
        desk = self.desk
        parsed = await desk.reader.ask(self._understand(line, typed=typed))
        if isinstance(parsed, Trouble):
            desk.show_trouble(parsed)
            return
        if parsed.problem and typed:
            desk.query_one(FilterBar).complain(parsed.problem)
            return
        if parsed.problem:
            desk.tell(self._refused(parsed.problem), wrong=True)
            return
        desk.filter_line = line.strip()
        desk.set_focus(None)
        desk.wanted = replace(parsed.wanted, order=desk.wanted.order)
        desk.held.leave()  # what was asked for is what is selected and told
        try:
            await desk.look_again()
        finally:
            self.leave()  # not before: the list of the filter before would be drawn once more
        self._shown()
