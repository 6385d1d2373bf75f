"""Which script one of Python's own tools runs, by its words."""

import argparse
import contextlib
import io
import optparse
import sys
from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from attribution.resolution.plain_tools import plain_tool


@pytest.mark.parametrize(
    ("words", "tool", "script"),
    [
        ("-m cProfile job.py", "cProfile", "job.py"),
        ("-mcProfile job.py -m other", "cProfile", "job.py"),
        ("-I -X dev -m cProfile -o out -s cumtime job.py -o x", "cProfile", "job.py"),
        ("-m cProfile --outfile=-x --sort time ./job", "cProfile", "./job"),
        ("-m profile -o --outfile job.py", "profile", "job.py"),
        ("-m trace -t -C out job.py --file x", "trace", "job.py"),
        ("-m trace --count --ignore-dir=a:b /w/job.py", "trace", "/w/job.py"),
    ],
)
def test_a_script_that_such_a_tool_runs(words: str, tool: str, script: str) -> None:
    """Its own words are told from those of the script."""
    assert plain_tool(words.split()) == (tool, script)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "job.py",
        "-c 0 -m cProfile job.py",
        "x -m cProfile job.py",
        "-m cProfile",
        "-m cProfile -m job x.py",
        "-m cProfile -o",
        "-m cProfile --outf out job.py",
        "-m cProfile -oout job.py",
        "-m cProfile -- job.py",
        "-m cProfile - job.py",
        "-m pdb job.py",
        "-m coverage run job.py",
        "-m pytest test_job.py",
        "-m trace --module job x.py",
        "-m trace -t --file counts job.py",
        "-m trace -tf counts job.py",
        "-m trace --modul job x.py",
        "-m trace -t=x job.py",
        "-m cProfile.x job.py",
    ],
)
def test_what_is_not_surely_a_script_below_such_a_tool(words: str) -> None:
    """Modules, what is loaded beside, words that are cut short or joined, other tools."""
    assert plain_tool(words.split()) is None


def _profiled(words: Sequence[str]) -> str | None:
    """Return what `cProfile` runs as a file."""
    parser = optparse.OptionParser(add_help_option=False)
    parser.allow_interspersed_args = False
    parser.add_option("-o", "--outfile", dest="outfile")
    parser.add_option("-s", "--sort", dest="sort")
    parser.add_option("-m", dest="module", action="store_true", default=False)
    options, rest = parser.parse_args(list(words))
    return None if options.module or not rest else str(rest[0])


def _traced(words: Sequence[str]) -> str | None:
    """Return what `trace` runs as a file, where it loads nothing else."""
    parser = argparse.ArgumentParser(add_help=False)
    for flags in ("-c --count", "-t --trace", "-l --listfuncs", "-T --trackcalls", "-r --report"):
        parser.add_argument(*flags.split(), action="store_true")
    for flags in ("-m --missing", "-s --summary", "-g --timing", "-R --no-report"):
        parser.add_argument(*flags.split(), action="store_true")
    parser.add_argument("-f", "--file")
    parser.add_argument("-C", "--coverdir")
    parser.add_argument("--ignore-module", action="append", default=[])
    parser.add_argument("--ignore-dir", action="append", default=[])
    parser.add_argument("--module", action="store_true", default=False)
    parser.add_argument("progname", nargs="?")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    told = parser.parse_args(list(words))
    return None if told.module or told.file else told.progname


_WORDS = st.one_of(
    st.sampled_from(
        "-o --outfile --outf --outfile=x -oa.py -s --sort -m --module --modul -f --file -t -c -tc -C"
        " --coverdir --coverdir=a.py --ignore-dir --ignore-module=x -- - -g -T -r --report"
        " --count a.py b.py c --x".split()
    ),
    st.text(alphabet="-=omfsa.p", max_size=4),
)


@given(tool=st.sampled_from(["cProfile", "trace"]), words=st.lists(_WORDS, max_size=6))
@example(tool="cProfile", words=["-o", "-m", "a.py"])
@example(tool="trace", words=["-C", "-t", "a.py"])
def test_a_script_is_named_only_where_the_tool_runs_it(tool: str, words: list[str]) -> None:
    """Whatever words are put before it: the tool reads them so too, or nothing is said."""
    named = plain_tool(["-m", tool, *words])
    if named is None:
        return
    read = _profiled if tool == "cProfile" else _traced
    with contextlib.redirect_stderr(io.StringIO()):
        try:
            ran = read(words)
        except SystemExit:
            return  # it refuses these words, and runs nothing
    assert named == (tool, ran)


def test_these_are_the_tools_of_this_python() -> None:
    """A tool that is none of its own is never plain."""
    tools = {"cProfile", "profile", "trace"}
    assert tools <= sys.stdlib_module_names
    assert all(plain_tool(["-m", tool, "a.py"]) == (tool, "a.py") for tool in tools)
