"""The command line: `outgate COMMAND`. Errors are one line that says what to do; 0 ok, 1 problem
found, 2 wrong use, 141 whoever read the output has left.
"""

import atexit
import contextlib
import os
import sys
import warnings
from io import TextIOWrapper
from typing import Annotated

import typer
from typer._click.exceptions import ClickException, NoArgsIsHelpError

from app.commands import (
    capture,
    endpoint,
    evidence,
    fleet,
    forward,
    gate,
    hub,
    keys,
    notify,
    observations,
    packages,
    people,
    recordings,
    rules,
    settings,
    trust,
    trusting,
    views,
)
from app.commands.attributor import attributor
from app.commands.demo import demo
from app.commands.doctor import doctor
from app.commands.report import report
from app.commands.retention import retention
from app.commands.review import review
from app.commands.scan import scan
from app.commands.scripts import scripts
from app.format_option import ChoosesPackOrFormat, ChoosesReport, ChoosesTableOrFormat
from core.errors import (
    CannotRunError,
    ForbiddenError,
    InputError,
    OutgateError,
    SettingsError,
)
from core.text import printable

application = typer.Typer(
    name="outgate",
    help=(
        "An egress gate for Python: which script, which line, sent whose data, where, was it "
        "allowed?"
    ),
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib import metadata

        typer.echo(f"outgate {metadata.version('outgate')}")
        raise typer.Exit


@application.callback()
def outgate(
    _: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version and exit.", is_eager=True, callback=_print_version
        ),
    ] = False,
) -> None:
    """Hold what concerns no command."""


application.command()(demo)
application.command(
    context_settings={"allow_interspersed_args": False, "ignore_unknown_options": False}
)(gate.run)
application.command()(gate.start)
application.command()(gate.status)
application.command()(gate.stop)
application.command()(attributor)
application.command()(endpoint.install)
application.command()(endpoint.uninstall)
application.command()(review)
application.command(cls=ChoosesTableOrFormat)(recordings.inspect)
application.command(cls=ChoosesReport)(scan)
application.command()(scripts)
application.command()(packages.hunt)
application.command(cls=ChoosesTableOrFormat)(observations.observations)
application.command(cls=ChoosesPackOrFormat)(evidence.export)
application.command()(evidence.verify)
application.command()(report)
application.command()(evidence.checkpoint)
application.command()(forward.forward)
application.command()(forward.metrics)
application.command()(notify.notify)
application.command()(people.find)
application.command()(people.erase)
application.command()(people.hold)
application.command()(retention)
application.command()(doctor)
application.add_typer(trust.application, name="ca")
application.add_typer(trusting.application, name="trust")
application.add_typer(rules.application, name="policy")
application.add_typer(packages.application, name="advisories")
application.add_typer(capture.application, name="capture")
application.add_typer(settings.application, name="settings")
application.add_typer(views.application, name="views")
application.add_typer(keys.application, name="keys")
application.add_typer(fleet.application, name="fleet")
application.add_typer(hub.application, name="hub")


_ALSO_CALLED = {"authority": "ca"}


_READER_LEFT = 141
"""What shells say of a program that SIGPIPE ended."""
_LEAVE_AT_ONCE = ("run", "start")
"""Commands whose ends somebody waits for, and which leave nothing to a library's good order: to
take a thousand modules apart takes as long as all else that a run does when its program has ended.
"""


def program() -> None:
    """Run the command of this process and end it with its code."""
    code = _code_in_order(None)
    if sys.argv[1:2] and sys.argv[1] in _LEAVE_AT_ONCE:
        atexit._run_exitfuncs()
        _let_go()
        os._exit(code)
    _let_go()
    sys.exit(code)


def _let_go() -> None:
    """Write what streams still keep. What nobody takes goes nowhere: with it Python's own end would
    fail, and put 120 in the place of the code.
    """
    for stream in (sys.stdout, sys.stderr):
        if stream is None:  # closed from the beginning
            continue
        try:
            stream.flush()
        except (OSError, ValueError):
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def main(arguments: list[str] | None = None) -> None:
    """Run one command and exit with its code."""
    sys.exit(_code_in_order(arguments))


def _code_in_order(arguments: list[str] | None) -> int:
    """Run one command as its user should see it, and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # Names of scripts and hosts are in any writing, and screens of one code page.
            stream.reconfigure(errors="backslashreplace")
    with warnings.catch_warnings():
        if not sys.warnoptions:
            # Libraries warn programmers, with a path and a line of source: nobody who runs a
            # command can do anything about it. `-W` and PYTHONWARNINGS show them.
            warnings.simplefilter("ignore")
        return code_of(arguments)


def code_of(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code; print an error as one line."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    given[:1] = [_ALSO_CALLED.get(word, word) for word in given[:1]]
    try:
        code = application(args=given, prog_name="outgate", standalone_mode=False)
    except NoArgsIsHelpError as error:
        error.show()
        return 2
    except ClickException as error:
        return _wrong_use(error, given)
    except CannotRunError as error:
        return _complain(error, error.code)
    except (SettingsError, InputError, ForbiddenError) as error:
        return _complain(error, 2)
    except OutgateError as error:
        return _complain(error, 1)
    except (KeyboardInterrupt, EOFError, typer.Abort):
        return _say("interrupted", 130)
    except SystemExit as leaving:
        if not isinstance(leaving.__context__, BrokenPipeError):
            raise
        return _READER_LEFT  # typer's own 1 says that a problem was found
    except BrokenPipeError:
        return _READER_LEFT
    except OSError as error:
        return _refused_by_system(error)
    except Exception as error:  # noqa: BLE001 - boundary: a traceback's last line may quote payload
        from app.safe_logging import place_of

        return _say(
            f"This is a fault in Outgate itself: {place_of(error)}. Please report these words.", 1
        )
    return code if isinstance(code, int) else 0


def _refused_by_system(error: OSError) -> int:
    about = f": {printable(str(error.filename))}" if error.filename else ""
    return _say(
        f"{error.strerror or type(error).__name__}{about}. Check free space and permissions.", 1
    )


def _wrong_use(error: ClickException, given: list[str]) -> int:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else _command_of(given)
    return _say(f"{_sentence(error.format_message())} Try: {path} --help", 2)


def _command_of(given: list[str]) -> str:
    """Return the command that these words begin with: a parser's own faults do not tell it."""
    path, commands = "outgate", vars(typer.main.get_command(application)).get("commands", {})
    for word in given:
        if word not in commands:
            break
        path, commands = f"{path} {word}", vars(commands[word]).get("commands", {})
    return path


def _complain(error: OutgateError, code: int) -> int:
    return _say(f"{_sentence(error.message)} {error.remedy}", code)


def _say(words: str, code: int) -> int:
    with contextlib.suppress(OSError, ValueError):  # nobody reads it: the code still says it
        typer.echo(f"outgate: {printable(' '.join(words.split()), 1000)}", err=True)
    return code


def _sentence(words: str) -> str:
    whole = words.rstrip()
    return whole if whole.endswith((".", "?", "!", ")")) else f"{whole}."


if __name__ == "__main__":
    program()
