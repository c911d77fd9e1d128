"""Commands of the customer ledger, one group: what customers owe, the books, periods, interchange."""

import typer

from customer_sync.cli.ledger import books, interchange, loyalty, month, owing, reconciling

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(
        help="The customer ledger: what customers owe, and the books behind it.",
        epilog="Examples: customer-sync ledger balance 17; customer-sync ledger ageing; "
        "customer-sync ledger export --format beancount books.beancount",
        no_args_is_help=True,
    )
    for part in (owing, loyalty, books, reconciling, month, interchange):
        part.register(group)
    app.add_typer(group, name="ledger")
