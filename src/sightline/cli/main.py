"""The ``sightline`` command: finds a command's file, and turns what goes wrong into a message and an exit code."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, NoReturn

from sightline.base import interrupts
from sightline.base.errors import SettingInvalid, SightlineError
from sightline.base.interrupts import INTERRUPTED
from sightline.cli.lean import leave_out_pandas
from sightline.cli.pipes import ending_quietly

if TYPE_CHECKING:
    import typer

COMMANDS: Final = (
    "serve", "demo", "run", "tail", "search", "patterns", "trace", "errors", "sql", "mcp", "ingest", "analyses",
    "store", "config", "doctor", "completion",
)  # fmt: skip
"""Every command, in the order of the help. Each one is the function of this name in the file of this name."""

FAILED: Final = 1
"""Exit code: the command was understood, and what it was to do failed."""

WRONG_USE: Final = 2
"""Exit code: an argument, an option or a setting is wrong."""

NO_SERVER: Final = 3
"""Exit code: no server answers, and the command needs one."""

INSTALL_LINE: Final = 'pip install "sightline[server]"'

_EPILOG: Final = (
    "Exit codes: 0 done, 1 failed, 2 wrong use or setting, 3 no server answers, 130 interrupted, 141 nobody reads the "
    "output any more. "
    "Every command takes --help, and --json where it prints."
)


class NoServerAnswers(SightlineError):
    """No server answers, and the command needs one; the message says what to do."""


def main() -> NoReturn:
    """Run the command line and exit."""
    try:
        with ending_quietly():
            _run(sys.argv[1:])
    finally:
        interrupts.end_at_once()  # all is cleared up


def _run(arguments: list[str]) -> NoReturn:
    try:
        if arguments[:1] == ["run"]:
            # Works without the server's packages: applications are started where only the light half is installed.
            from sightline.cli.run import main as run

            run(arguments[1:])
        elif find_spec("typer") is None:
            _complain(f"The sightline command needs the server's packages: {INSTALL_LINE}")
            sys.exit(FAILED)
        else:
            leave_out_pandas()
            make_app()(prog_name="sightline")
    except SightlineError as error:
        _complain(str(error))
        sys.exit(_code(error))
    except BrokenPipeError:
        raise
    except OSError as error:
        _complain(_refused(error))
        sys.exit(FAILED)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("sightline"):
            raise
        _complain(f"The package {error.name!r} is missing. Install the server's packages: {INSTALL_LINE}")
        sys.exit(FAILED)
    sys.exit(0)


def make_app() -> typer.Typer:
    """Make the application that Typer runs; a command's file is imported when the command is asked for."""
    import typer
    from typer.core import TyperGroup

    class Commands(TyperGroup):
        """Finds commands by the names of their files."""

        def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override] # noqa: ARG002
            return list(COMMANDS)

        def get_command(self, ctx: typer.Context, cmd_name: str) -> typer.core.TyperCommand | None:  # type: ignore[override] # noqa: ARG002
            if cmd_name not in COMMANDS:
                return None
            single = typer.Typer(add_completion=False, rich_markup_mode=mode)
            single.command(cmd_name)(getattr(import_module(f"sightline.cli.{cmd_name}"), cmd_name))
            interrupts.as_usual()
            found = typer.main.get_command(single)
            found.name = cmd_name
            return found  # type: ignore[return-value]

        def make_context(self, *arguments: Any, **more: Any) -> Any:
            with ending_quietly():  # before Typer does it its own way
                return super().make_context(*arguments, **more)

        def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
            with ending_quietly():
                return super().invoke(ctx)

    # Rich takes longer to import than all the rest; nobody sees it where the output is piped.
    mode: typer.core.MarkupMode | None = "rich" if sys.stdout.isatty() else None
    app = typer.Typer(
        cls=Commands, no_args_is_help=True, rich_markup_mode=mode, pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"]}, epilog=_EPILOG,
    )  # fmt: skip

    @app.callback(invoke_without_command=True)
    def root(
        version: bool = typer.Option(False, "--version", help="Print the version and exit."),
    ) -> None:
        """Sightline: observability for Python applications."""
        if version:
            from sightline import __version__

            print(__version__)
            raise typer.Exit

    return app


def _code(error: SightlineError) -> int:
    if isinstance(error, NoServerAnswers):
        return NO_SERVER
    return WRONG_USE if isinstance(error, SettingInvalid) else FAILED


def _refused(error: OSError) -> str:
    """Say in a sentence what the system refused, and where."""
    if error.strerror is None and error.args and isinstance(error.args[0], list):
        where, _, why = error.args[0][0]  # of many files that were to be copied, the first
    else:
        where, why = error.filename or "", error.strerror or str(error)
    place = f"{where}: " if where else ""
    return f"{place}{why}. Check that the path is right and this user may use it, and that there is room on the disk."


def _complain(message: str) -> None:
    print(f"sightline: {message}", file=sys.stderr)
