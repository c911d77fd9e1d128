"""Publishing before a run: what every command that runs says when the folder changed."""

import sys
from typing import TYPE_CHECKING

from customer_sync.cli.output import say

if TYPE_CHECKING:
    from customer_sync.app import Workspace

__all__ = ["publish_first"]


def publish_first(opened: "Workspace", *, as_json: bool) -> None:
    """Publish the folder if it changed, and say so."""
    done = opened.publish_changed()
    for one in done.warnings:
        sys.stderr.write(f"Warning: {one.stream} could not be looked at: {one.reason}\n")
    if done.is_new and not as_json:
        say(f"Published version {done.version} of the configuration.")
