"""Verifying and exporting from the review: long work beside the UI loop and beside the reading of
cases.
"""

import asyncio
from pathlib import Path

from textual.content import Content

from core.case_telling import in_words
from core.review import CaseFilter
from core.vocabulary.sizes import counted
from tui.background_reader import Trouble, attempt
from tui.evidence_acts import EvidenceActs, Verified, cases_of, proposed
from tui.export_dialog import Export, ExportDialog
from tui.notice import Notice
from tui.review_part import ReviewPart
from tui.wording import safe

_COMPARE_EVERY_S = 600.0


class EvidenceReview(ReviewPart):
    """What a person can do with the evidence as a whole, also while it cannot be shown."""

    def obstacle(self, action_id: str) -> str | None:
        """Return why `verify` or `export` cannot be done now, or None when it can."""
        if self.desk.acts is None:
            return f"Use the command “outgate {action_id}”."
        if action_id == "export" and not self.desk.queue.count:
            return "There is no case to export."
        return None

    @property
    def _acts(self) -> EvidenceActs:
        assert self.desk.acts is not None
        return self.desk.acts

    def begin(self) -> None:
        """Look whether the list of cases is that of the records, now and then again; nobody waits
        for it.
        """
        if self.desk.acts is None or self.desk.acts.list_problem is None:
            return
        self._compare()
        if self.desk.reviewer.poll_seconds:
            self.desk.set_interval(_COMPARE_EVERY_S, self._compare)

    def _compare(self) -> None:
        self.desk.start(self._compared, "compare")

    async def _compared(self) -> None:
        assert self._acts.list_problem is not None
        found = await asyncio.to_thread(attempt, self._acts.list_problem)
        if isinstance(found, Trouble):
            return  # whoever reads the cases says so
        if found is not None and not self.desk.changed:
            self.desk.tell(f"The evidence was changed: {safe(found, 300)}.", wrong=True)
        self.desk.changed = found is not None
        self.desk.say()

    def do_verify(self) -> None:
        """Recompute the chain."""
        self.desk.tell("Verifying the evidence…")
        self.desk.start(self._verify, "verify")

    async def _verify(self) -> None:
        found = await asyncio.to_thread(attempt, self._acts.verify)
        if isinstance(found, Trouble):
            found = Verified(whole=False, words=(found.what,))
        words = "The evidence could not be shown to be whole"
        sign, tone = "▲", "$blocked"
        if found.whole:
            words, sign, tone = "The evidence is whole", "✓", "$allowed"
        title = Content.assemble((f"{sign} ", f"bold {tone}"), (words, "bold"))
        lines = [Content(safe(line, 600)) for line in found.words]
        self.desk.app.push_screen(Notice(title, lines, wrong=not found.whole))

    def do_export(self) -> None:
        """Ask where to, then write the records of all cases that the filter shows."""
        desk, formats = self.desk, self._acts.formats
        wanted = desk.queue.wanted
        cases = f"{counted(desk.queue.count, 'case')}: {in_words(wanted)}."
        about = safe(f"{cases} Every request of theirs, masked as stored.", 300)
        name = f"outgate-cases-{desk.today():%Y-%m-%d}{proposed(formats).suffix}"

        def chosen(export: Export | None) -> None:
            if export is not None:
                desk.run_worker(self._export(wanted, export), group="append")

        desk.app.push_screen(ExportDialog(about, str(Path.cwd() / name), formats), chosen)

    async def _export(self, wanted: CaseFilter, export: Export) -> None:
        acts, store = self._acts, self.desk.store
        name, path = export.format_name, export.path
        written = await asyncio.to_thread(
            attempt, lambda: acts.export(name, cases_of(store, wanted), path)
        )
        if isinstance(written, Trouble):
            self.desk.tell(f"Nothing was written. {written.what}", wrong=True)
        else:
            self.desk.tell(f"{counted(written, 'record')} written to {safe(path.name, 120)}.")
