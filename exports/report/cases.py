"""How cases are named outside the review: by a short id, in words."""

from core.case_keys import case_id, case_key
from core.errors import InputError
from core.review import Case, CaseFilter
from core.stored import StoredRecord
from core.text import printable
from evidence.cases_check import case_list_problem
from evidence.store import Store

_PAGE = 200
_SHOWN = 5


def case_words(key: str) -> str:
    """Return a case's key as one line."""
    return printable(" · ".join(part for part in key.split("\x1f") if part), 300)


def case_named(store: Store, name: str) -> Case:
    """Return the case with this short id, this key, this record's id, or alone with this text in
    its script, host, service or kinds. Raises InputError.
    """
    for stored in store.records_by_ids([name]):
        if isinstance(stored, StoredRecord) and (found := store.case(case_key(stored.record))):
            return found
    matching: list[Case] = []
    wanted, offset = CaseFilter(status=None), 0
    while page := store.page(wanted, offset, _PAGE):
        offset += len(page)
        for case in page:
            if name in (case.key, case_id(case.key)):
                return case
            if name.casefold() in case_words(case.key).casefold():
                matching.append(case)
    if len(matching) == 1:
        return matching[0]
    if not matching:
        problem = case_list_problem(store)
        changed = "" if problem is None else f" The evidence was changed: {problem}."
        raise InputError(f"There is no case {printable(name, 80)!r}.{changed}", remedy=_HOW)
    some = "; ".join(f"{case_id(one.key)} {case_words(one.key)}" for one in matching[:_SHOWN])
    raise InputError(f"{len(matching)} cases match, such as {some}.", remedy=_HOW)


_HOW = "Name the id that `outgate report` lists under Cases, or the id of one of its records."
