"""How every command says that something went wrong: one line on standard error, and a status."""

import sys


def fail(message: str) -> int:
    """Print one line on standard error; the exit status of an error."""
    print("detente: " + " ".join(message.split()), file=sys.stderr)
    return 2
