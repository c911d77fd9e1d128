"""Commands of the key store: keep a secret, list names, forget one.

Promises that a value is read from the standard input or a hidden prompt, never from the command
line, where a shell's history and a list of processes would show it; and that none is printed.
"""

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from customer_sync.cli.options import AsJson, WorkspaceFolder
from customer_sync.cli.output import print_json, say, table

if TYPE_CHECKING:
    from customer_sync.infra.secrets import KeyStore
    from customer_sync.settings import Settings

__all__ = ["group"]

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
OWN = "CUSTOMER_SYNC_"  # the program's own settings
SECRET = ("name", "from", "named_in")
VALUE_LENGTH_MAX = 100_000  # a certificate has some thousands; more is a file sent by mistake

Name = Annotated[str, typer.Argument(metavar="NAME", help="As in ${NAME}.")]


def group() -> typer.Typer:
    """Return the group of commands."""
    made = typer.Typer(
        help="Secrets that the configuration names as ${NAME}, kept encrypted in the key store.",
        no_args_is_help=True,
    )
    made.command(
        "set",
        context_settings={"allow_extra_args": True},
        epilog="Examples: customer-sync config secret set SHOP_URL, which asks for the value; "
        "customer-sync config secret set SHOP_URL < shop-url.txt",
    )(set_secret)
    made.command(
        "list",
        epilog="Examples: customer-sync config secret list; customer-sync config secret list --json",
    )(list_secrets)
    made.command("remove", epilog="Example: customer-sync config secret remove SHOP_URL")(
        remove_secret
    )
    return made


def set_secret(
    context: typer.Context, name: Name, workspace: WorkspaceFolder = None, as_json: AsJson = False
) -> None:
    """Keep a secret in the key store, in place of what was there under that name.

    The value is read from the standard input, or asked for without showing it; one line break at its
    end is not part of it.
    """
    from customer_sync.kernel.errors import InvalidInputError

    if context.args:  # not quoted: it may be the value
        raise InvalidInputError(
            "the value may not stand on the command line, where others can see it",
            hint=f"give only the name, and type the value when asked, or: ... set {name} < FILE",
        )
    _refuse(name)
    found, store = _opened(workspace)
    is_new = store.write(name, _value(name))
    if as_json:
        print_json({"name": name, "is_new": is_new})
        return
    say(f"{name} is kept in the key store." if is_new else f"{name} is replaced in the key store.")
    if name in found.environment:
        say("It is set in the environment too, which is asked first.")


def list_secrets(workspace: WorkspaceFolder = None, as_json: AsJson = False) -> None:
    """List the names that are kept or that the configuration names, and where each comes from."""
    from customer_sync.app import has_key_store, needed_key_store, workspace_folder
    from customer_sync.engine.folder import folder_files, references
    from customer_sync.settings import settings

    folder, found = workspace_folder(workspace), settings()
    kept = set(needed_key_store(folder, found).read()) if has_key_store(folder) else set[str]()
    named = references(folder_files(folder))
    rows: list[dict[str, object]] = []
    for name in sorted({*kept, *(one.name for one in named)}):
        places = [one for one in named if one.name == name]
        default = "default" if places and all(one.has_default for one in places) else "missing"
        source = "key store" if name in kept else default
        rows.append(
            {
                "name": name,
                "from": "environment" if name in found.environment else source,
                "named_in": [one.place for one in places],
            }
        )
    empty = "The configuration names no secrets and none are kept."
    table(rows, SECRET, as_json=as_json, empty=empty)


def remove_secret(name: Name, workspace: WorkspaceFolder = None, as_json: AsJson = False) -> None:
    """Forget a secret of the key store."""
    from customer_sync.kernel.errors import NotFoundError

    _, store = _opened(workspace)
    if not store.remove(name):
        raise NotFoundError(
            f"{name} is not in the key store", hint="see: customer-sync config secret list"
        )
    if as_json:
        print_json({"name": name, "removed": True})
        return
    say(f"{name} is no longer in the key store.")


def _opened(workspace: Path | None) -> "tuple[Settings, KeyStore]":
    from customer_sync.app import needed_key_store, workspace_folder
    from customer_sync.settings import settings

    found = settings()
    return found, needed_key_store(workspace_folder(workspace), found)


def _refuse(name: str) -> None:
    from customer_sync.kernel.errors import InvalidInputError

    if not NAME.fullmatch(name):
        raise InvalidInputError(
            "that is no name of a secret",
            hint="use letters, digits and _, beginning with a letter: SHOP_PASSWORD",
        )
    if name.startswith(OWN):
        raise InvalidInputError(
            f"{name} is a setting of this program, which are read from the environment only",
            hint=f"export {name}=...",
        )


def _value(name: str) -> str:
    from customer_sync.kernel.errors import InvalidInputError

    if sys.stdin.isatty():
        value = str(typer.prompt(f"Value of {name} (not shown)", hide_input=True, err=True))
    else:
        try:
            value = sys.stdin.read(VALUE_LENGTH_MAX + 1)
        except UnicodeDecodeError:
            value = ""
        value = value.removesuffix("\n").removesuffix("\r")
    if not value or len(value) > VALUE_LENGTH_MAX or "\0" in value:
        raise InvalidInputError(
            f"the value of {name} is empty, larger than {VALUE_LENGTH_MAX:,} characters, or no text",
            hint="nothing was changed; give it on the standard input, or type it when asked",
        )
    return value
