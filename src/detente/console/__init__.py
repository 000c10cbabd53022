"""The watch officer's pages."""

from detente.console.app import Console, console_app

__all__ = ["Console", "console_app"]
