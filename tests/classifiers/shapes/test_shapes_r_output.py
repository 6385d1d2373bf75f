"""What R prints and writes is read as the frame that it was, and in one reading."""

import pytest
from cpu_time import cpu_limit

from classifiers.shapes.stage import tables_in


@pytest.mark.parametrize(
    "unit",
    [
        "a=c(",
        'a=c("',
        'x=c("b=c(",',
        "<chr> <chr>\n",
        "<chr> <chr>\n1 a b\n",
        '$ a <chr> "x"\n',
        '$ a "x" "y',
        "{|",
        "{|\n|-\n| a || b\n",
        "|===\n",
        "|===\n|a |b\n",
        "INSERT INTO t (`a",
        'INSERT INTO t ("a,',
        "INSERT INTO t (a, ",
        '`a`=c("x")',
    ],
)
def test_what_only_begins_is_read_once(unit: str) -> None:
    """Openings without ends, again and again, cost one reading."""
    with cpu_limit(4.0):
        tables_in(unit * (200_000 // len(unit)))


GLIMPSE = 'Rows: 40\nColumns: 2\n$ name  <chr> "Anna Weber", "Jan, K.", …\n$ email <chr> "a@b.de", "c@d.de", …\n'
STR = '\'data.frame\':\t9 obs. of  2 variables:\n $ name : chr  "A B" "C D" ...\n $ email: chr  "a@b.de" "c@d.de" ...\n'


@pytest.mark.parametrize("text", [GLIMPSE, STR])
def test_columns_that_are_listed_have_at_least_what_is_shown(text: str) -> None:
    """`glimpse` and `str` show the first values of each column: there are more rows than those."""
    (table,) = tables_in(text)
    assert table.columns == ("name", "email")
    assert (len(table.rows), table.total) == (2, 0)


def test_a_tibble_that_is_cut_says_how_many_rows_there_are() -> None:
    """The line below tells of the rows that are not shown."""
    head = "  name  email \n  <chr> <chr> \n1 A B   a@b.de\n2 C D   c@d.de\n"
    (table,) = tables_in(head + "# ℹ 1,998 more rows\n")
    assert [cell.text for cell in table.rows[1] if cell] == ["C D", "c@d.de"]
    assert table.total == 2_000


def test_what_is_missing_is_no_value() -> None:
    """NA is an empty cell."""
    (table,) = tables_in('x <- data.frame(name = c("A B", NA), email = c("a@b.de", "c@d.de"))')
    assert table.rows[1][0] is None
