"""The program: every command by its name, and the one place where its errors end.

A command is registered only when what it needs exists. Promises exit codes as in ``failure``, and
no traceback unless ``--debug`` is given.
"""

import os
import sys
from typing import Annotated

import typer

from customer_sync.cli import (
    correcting,
    discovery,
    folder,
    health,
    ledger,
    lifecycle,
    merging,
    people,
    planning,
    questions,
    run_commands,
    shell,
)
from customer_sync.cli.demo import command as demo
from customer_sync.cli.failure import INTERRUPTED, UNHEARD, USAGE, exit_code, tell
from customer_sync.cli.output import spell_out

__all__ = ["app", "run"]

app = typer.Typer(
    name="customer-sync",
    help="Keep customers, and the money tied to them, in agreement across every system.",
    epilog="Begin with: customer-sync init my-company; cd my-company; customer-sync sync. "
    "Exit codes: 0 done, and everything asked about agrees; 1 an error; 2 wrong usage; 3 done, and "
    "not everything agrees; 130 interrupted; 141 nobody read the output to its end.",
    no_args_is_help=True,
    add_completion=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)
for group in (
    folder, discovery, run_commands, planning, correcting, merging, questions, people, ledger, lifecycle, shell,
    health, demo,
):  # fmt: skip
    group.register(app)


def _version(value: bool) -> None:
    if value:
        from customer_sync import __version__

        print(__version__)
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Print tracebacks of errors; may stand anywhere.")
    ] = False,
) -> None:
    """Keep customers in agreement across every system and the ledger."""


def run(arguments: list[str] | None) -> int:
    """Run one command; return its exit code."""
    spell_out()
    given = sys.argv[1:] if arguments is None else list(arguments)
    debug = "--debug" in given
    given = [argument for argument in given if argument != "--debug"]
    try:
        code = app(given, standalone_mode=False, prog_name="customer-sync")
        sys.stdout.flush()
    except (
        BrokenPipeError,
        SystemExit,
    ):  # typer exits only where whoever read the output went away
        return _unheard()
    except Exception as error:  # noqa: BLE001 - the edge: here every error ends
        return _failed(error, debug=debug)
    except KeyboardInterrupt as error:
        tell(error, debug=debug)
        return INTERRUPTED
    if code == INTERRUPTED:  # typer turns the interruption into its code
        tell(KeyboardInterrupt(), debug=debug)
    return code if isinstance(code, int) else 0


def _unheard() -> int:
    """End in silence: `| head` has read enough, and nobody hears what went wrong with it."""
    # What is left in the buffer must not be tried again, and complained of, at the very end.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return UNHEARD


def _failed(error: Exception, *, debug: bool) -> int:
    if isinstance(error, typer.Abort):
        tell(KeyboardInterrupt(), debug=debug)
        return INTERRUPTED
    if hasattr(error, "show") and hasattr(error, "exit_code"):  # wrong usage, by click's own words
        error.show()
        return USAGE
    tell(error, debug=debug)
    return exit_code(error)
