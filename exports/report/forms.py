"""The forms that a report can have."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from core.errors import InputError
from exports.report.html import html
from exports.report.page import Page
from exports.report.pdf import pdf
from exports.report.text import text

FORMS: Mapping[str, Callable[[Page], bytes]] = MappingProxyType(
    {
        "text": lambda page: text(page).encode(),
        "html": lambda page: html(page).encode(),
        "pdf": pdf,
    }
)


def drawn(page: Page, form: str) -> bytes:
    """Return the report in this form. Raises InputError for one that there is not."""
    if form not in FORMS:
        raise InputError(f"There is no such form of a report. Known: {', '.join(FORMS)}.")
    return FORMS[form](page)
