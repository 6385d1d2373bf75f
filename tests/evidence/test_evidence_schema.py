"""The tables own the schema: everything else that speaks of columns is held against them here, and
nowhere else.
"""

import ast
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import SQLModel, create_engine

from core.review import About, CaseFilter, Condition, Order
from evidence import case_queries, compiled, queries, tables
from evidence.case_queries import case_condition, page_of
from evidence.compiling import module_text
from evidence.database import connect
from evidence.frames import teach
from evidence.migrations import STEPS
from evidence.schema import APPLICATION_ID, VERSION
from evidence.store import Store

TABLES = {
    "meta",
    "entries",
    "open_exchanges",
    "cases",
    "review_entries",
    "scripts",
    "traffic",
    "checkpoints",
    "erased",
    "marks",
    "past",
    "hours",
    "days",
    "lots",
}


def shape(connection: sqlite3.Connection) -> dict[str, object]:
    """Return what matters of each table: columns, keys, indexes with their conditions, and whether
    it has row ids.
    """
    found: dict[str, object] = {}
    for _, name, kind, _, without_rowid, _ in connection.execute("PRAGMA table_list").fetchall():
        if kind != "table" or name.startswith("sqlite_"):
            continue
        columns = connection.execute(f"PRAGMA table_info({name})").fetchall()
        indexes = connection.execute(f"PRAGMA index_list({name})").fetchall()
        keys = {_index(connection, *index[1:3]) for index in indexes}
        described = [(c[1], c[2], bool(c[3]), c[4], c[5]) for c in columns]
        found[name] = (described, keys, bool(without_rowid))
    return found


def _index(connection: sqlite3.Connection, name: str, unique: int) -> tuple[Any, ...]:
    columns = tuple(row[2] for row in connection.execute(f"PRAGMA index_info('{name}')"))
    query = "SELECT sql FROM sqlite_master WHERE name = ?"
    made = connection.execute(query, (name,)).fetchone()
    text = "" if made is None or made[0] is None else made[0]  # indexes of keys have no text
    condition = text.partition(" WHERE ")[2]
    return name, columns, bool(unique), " ".join(condition.split())


@pytest.fixture(scope="module")
def made_by_sqlmodel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file made by SQLModel itself, which nobody changes."""
    assert tables.Entry.__tablename__ == "entries"
    file = tmp_path_factory.mktemp("models") / "models.db"
    engine = create_engine(f"sqlite:///{file}")
    SQLModel.metadata.create_all(engine)
    engine.dispose()
    file.chmod(0o400)
    return file


@pytest.fixture
def models(made_by_sqlmodel: Path) -> sqlite3.Connection:
    """That file, opened to be read."""
    return sqlite3.connect(f"{made_by_sqlmodel.as_uri()}?mode=ro", uri=True)


def test_a_new_file_has_the_tables(place: Path, models: sqlite3.Connection) -> None:
    """What the code reads and writes is what is there."""
    Store(place).close()
    with closing(models), closing(connect(place)) as ours:
        assert set(shape(ours)) == TABLES
        assert shape(ours) == shape(models)


@pytest.mark.parametrize("version", range(1, VERSION + 1))
def test_a_file_of_any_version_is_brought_to_the_same_tables(
    place: Path, models: sqlite3.Connection, version: int
) -> None:
    """However old a file is, after the steps it is like a new one."""
    place.parent.mkdir()
    with closing(connect(place)) as old:
        for step in STEPS[:version]:
            for statement in step.statements:
                old.execute(statement)
        old.executemany(
            "INSERT INTO meta VALUES (?, ?)", [("chain.records", "r"), ("chain.reviews", "v")]
        )
        old.execute(f"PRAGMA application_id={APPLICATION_ID}")
        old.execute(f"PRAGMA user_version={version}")
    Store(place).close()
    with closing(models), closing(connect(place)) as ours:
        assert shape(ours) == shape(models)


def test_what_is_compiled_is_compiled_from_the_tables() -> None:
    """Who changes a table runs `python -m evidence.compiling`; forgetting it is seen here."""
    assert Path(compiled.__file__).read_text(encoding="utf-8") == module_text()


VERBS = ("SELECT ", "INSERT ", "UPDATE ", "DELETE ")
VALUES = dict.fromkeys((About.PEOPLE, About.TIMES, About.ROWS), ("7",))
"""Of what is asked by number."""
FULL = CaseFilter(
    text="a b",
    verdict="hold",
    script="s",
    destination="d",
    kind="iban",
    since=datetime(2026, 1, 1, tzinfo=UTC),
    until=datetime(2026, 1, 2, tzinfo=UTC),
    conditions=tuple(
        Condition(about=about, values=VALUES.get(about, ("high", "b")), negated=negated)
        for about in About
        for negated in (False, True)
    ),
)


def written_by_hand() -> dict[str, str]:
    """Return every statement in the folder's code, by module and line; the steps of migrations are
    of older tables.
    """
    found: dict[str, str] = {}
    for path in sorted(Path(queries.__file__).parent.glob("*.py")):
        if path.stem == "migrations":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        put = (node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr))
        pieces = {id(part) for node in put for part in node.values}
        texts = (node for node in ast.walk(tree) if isinstance(node, ast.Constant))
        for node in texts:
            if id(node) not in pieces and str(node.value).lstrip().startswith(VERBS):
                found[f"{path.stem}:{node.lineno}"] = str(node.value)
    return found


def put_together() -> dict[str, str]:
    """Return the statements that are put together of parts."""
    made = {
        name: text for name, text in vars(queries).items() if str(text).lstrip().startswith(VERBS)
    }
    made |= {f"page by {order}": page_of(replace(FULL, order=order), 0)[0] for order in Order}
    where, _ = case_condition(FULL, 0)
    return made | {
        "page": queries.TimeRange().page(0, 1)[0],
        "bounds": queries.TimeRange().bounds()[0],
        "kept": queries.kept(None)[0],
        "kept since": queries.kept(FULL.since)[0],
        "count": f"SELECT count(*) FROM cases{where}",
    }


STATEMENTS = written_by_hand() | put_together()


@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS)
def test_every_statement_knows_only_what_the_tables_hold(
    models: sqlite3.Connection, statement: str
) -> None:
    """A column that was renamed in the tables is found missing here, before anybody opens the
    review.
    """
    with closing(models):
        teach(models)
        models.execute(f"EXPLAIN {statement}", [None] * statement.count("?")).fetchall()


def test_the_statements_are_found() -> None:
    """The check above is of what there is: the review's, the gate's, the verification's."""
    modules = {name.partition(":")[0] for name in written_by_hand()}
    assert {
        "holds",
        "history",
        "reviews",
        "verification",
        "batch",
        "as_of",
        "rebuild",
        "statements",
    } <= modules


def test_a_case_is_read_from_columns_that_there_are(models: sqlite3.Connection) -> None:
    """The queue's rows are read by name; each name is a column."""
    columns = {column.name for column in tables.CaseRow.__table__.columns}  # type: ignore[attr-defined]
    source = ast.parse(Path(case_queries.__file__).read_text(encoding="utf-8"))
    read = {
        node.slice.value
        for node in ast.walk(source)
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant)
    }
    models.close()
    assert len(read) > 15
    assert read <= columns
