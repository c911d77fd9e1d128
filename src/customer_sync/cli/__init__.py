"""The command line: the door for people at a terminal and for scripts."""

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return its exit code."""
    # Imported here: completing a command must not wait for what it does not use.
    from customer_sync.cli.program import run

    return run(arguments)
