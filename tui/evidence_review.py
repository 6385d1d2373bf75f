"""Verifying and exporting from the review: long work beside the UI loop and beside the reading of cases."""

import asyncio
from functools import partial
from pathlib import Path

from textual.content import Content

from core.ports import CaseStore, HoldQueue
from core.review import CaseFilter
from core.vocabulary.sizes import counted
from tui.background_reader import Reader, Trouble, attempt
from tui.evidence_acts import EvidenceActs, Verified, cases_of, proposed
from tui.export_dialog import Export, ExportDialog
from tui.filtering import in_words
from tui.hold_review import HoldReview
from tui.live_queue import Reviewer
from tui.notice import Notice
from tui.script_screen import ScriptScreen
from tui.script_view import read_script
from tui.wording import safe


class EvidenceReview(HoldReview):
    """What a person can do with the evidence as a whole."""

    def __init__(
        self,
        store: CaseStore,
        reader: Reader,
        reviewer: Reviewer,
        holds: HoldQueue | None = None,
        line: str = "",
        acts: EvidenceActs | None = None,
    ) -> None:
        super().__init__(store, reader, reviewer, holds, line)
        self.acts = acts

    def do_verify(self) -> None:
        """Recompute the chain."""
        self.tell("Verifying the evidence…")
        self._start(self._verify, "verify")

    async def _verify(self) -> None:
        assert self.acts is not None
        found = await asyncio.to_thread(attempt, self.acts.verify)
        if isinstance(found, Trouble):
            found = Verified(whole=False, words=(found.what,))
        words = (
            "The evidence is whole"
            if found.whole
            else "The evidence could not be shown to be whole"
        )
        sign, tone = ("✓", "$allowed") if found.whole else ("▲", "$blocked")
        title = Content.assemble((f"{sign} ", f"bold {tone}"), (words, "bold"))
        self.app.push_screen(
            Notice(title, [Content(safe(line, 600)) for line in found.words], wrong=not found.whole)
        )

    def do_script(self) -> None:
        """Show what is known of the script under the cursor, where its versions can be approved."""
        path = self.script_here()
        assert path is not None
        self._start(partial(self._show_script, path), "script")

    def script_here(self) -> str | None:
        """Return the path of the script that the cursor is on."""
        here = self._begun()
        return None if here is None else here.case.script_path

    async def _show_script(self, path: str) -> None:
        parts_of = None if self.acts is None else self.acts.parts
        reading = await self._reader.ask(partial(read_script, self._store, path, parts_of))
        if isinstance(reading, Trouble):
            self._show_trouble(reading)
            return
        self.app.push_screen(
            ScriptScreen(reading, self._store, self._reader, self._reviewer, parts_of)
        )

    def do_export(self) -> None:
        """Ask where to, then write the records of all cases that the filter shows."""
        assert self.acts is not None
        wanted = self.queue.wanted
        shown = f"{counted(self.queue.count, 'case')}: {in_words(wanted)}. Every request of theirs, masked as stored."
        day = self._today()
        name = f"outgate-cases-{day:%Y-%m-%d}{proposed(self.acts.formats).suffix}"

        def chosen(export: Export | None) -> None:
            if export is not None:
                self.run_worker(self._export(wanted, export), group="append")

        self.app.push_screen(
            ExportDialog(safe(shown, 300), str(Path.cwd() / name), self.acts.formats), chosen
        )

    async def _export(self, wanted: CaseFilter, export: Export) -> None:
        acts, store = self.acts, self._store
        assert acts is not None
        name, path = export.format_name, export.path
        written = await asyncio.to_thread(
            attempt, lambda: acts.export(name, cases_of(store, wanted), path)
        )
        if isinstance(written, Trouble):
            self.tell(f"Nothing was written. {written.what}", wrong=True)
        else:
            self.tell(f"{counted(written, 'record')} written to {safe(export.path.name, 120)}.")
