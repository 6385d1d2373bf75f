"""Tables as R, MediaWiki and AsciiDoc write them."""

from collections.abc import Sequence

type Rows = Sequence[Sequence[str]]


def dput(names: Sequence[str], rows: Rows) -> str:
    """A frame as R writes it out to be read again."""
    columns = (
        f"`{name}` = c({', '.join(map(_in_r, column))})"
        for name, column in zip(names, zip(*rows, strict=True), strict=True)
    )
    made = f"row.names = c(NA, -{len(rows)}L)"
    return f'structure(list({", ".join(columns)}), class = "data.frame", {made})'


def _in_r(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' if value else "NA"


def tibble(names: Sequence[str], rows: Rows) -> str:
    """A frame as R's tibbles print it: the type of each column below its name."""
    called = [f"`{name}`" if " " in name else name for name in names]
    widths = [
        max(len(name), len("<chr>"), *(len(value or "NA") for value in column))
        for name, column in zip(called, zip(*rows, strict=True), strict=True)
    ]
    lines = [called, ["<chr>"] * len(names), *([value or "NA" for value in row] for row in rows)]
    printed = [
        " ".join(value.ljust(width) for value, width in zip(line, widths, strict=True))
        for line in lines
    ]
    starts = ["", "", *map(str, range(1, len(rows) + 1))]
    body = (f"{start:>3} {line}".rstrip() for start, line in zip(starts, printed, strict=True))
    return "\n".join((f"# A tibble: {len(rows)} × {len(names)}", *body))


def mediawiki(names: Sequence[str], rows: Rows) -> str:
    """A table of a wiki, the cells of a row side by side."""
    body = "".join("|-\n| " + " || ".join(row) + "\n" for row in rows)
    return f'{{| class="wikitable"\n|+ List\n! {" !! ".join(names)}\n{body}|}}'


def asciidoc(names: Sequence[str], rows: Rows) -> str:
    """A table of a manual, the cells of a row below one another."""
    body = "\n\n".join("\n".join(f"|{value}" for value in row) for row in rows)
    return f"|===\n{' '.join(f'|{name}' for name in names)}\n\n{body}\n|==="
