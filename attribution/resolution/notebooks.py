"""Who had a notebook executed, and which one: from the command line of what started its kernel
(pure).
"""

from collections.abc import Sequence

from attribution.facts import ProcessFacts
from attribution.interpreters import base_name, is_python_program
from attribution.resolution.command_line import positionals

_VALUES = frozenset(
    "-p --parameters -r --parameters_raw -f --parameters_file -y --parameters_yaml -b"
    " --parameters_base64 -k --kernel --cwd --engine --execution-timeout --start-timeout --language"
    " --to --output --output-dir --template --config --timeout --startup_timeout --kernel_name"
    " --log-level --export-format --writer --post --nbformat".split()
)
"""Options of papermill, nbconvert and nbclient that take the next word; papermill's parameters take
two.
"""
_PAIRS = frozenset({"-p", "--parameters", "-r", "--parameters_raw"})
_SERVERS = tuple(
    (
        "jupyter jupyter-lab jupyter-notebook jupyter-server jupyterhub-singleuser jupyterlab"
        " notebook jupyter_server ipykernel code positron"
    ).split()
)
"""Keep kernels for somebody who types into them."""


def executed_notebook(argv: Sequence[str]) -> str | None:
    """Return the notebook that this command line has executed: the first that is no option's
    value.
    """
    words = list(argv[1:])
    for option in _PAIRS:
        while option in words:
            at = words.index(option)
            del words[at : at + 3]
    named = [word for word in positionals(words, _VALUES) if word.endswith(".ipynb")]
    is_papermill = any(base_name(word) == "papermill" for word in argv[:4])
    return named[0] if len(set(named)) == 1 or (named and is_papermill) else None


def drives_notebooks(parent: ProcessFacts) -> bool:
    """True for a Python program of the user's own that starts kernels itself: what they run is its
    doing.
    """
    if not is_python_program(parent.exe or ""):
        return False
    names = {base_name(word).removesuffix(".exe") for word in parent.argv[1:4]}
    if names.intersection(_SERVERS):
        return False
    scripts = [word for word in parent.argv[1:] if not word.startswith("-")]
    return bool(scripts) and scripts[0].endswith(".py")
