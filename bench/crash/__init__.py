"""Crash injection: a node on SQLite loses its power at every write and sync, and lives on.

Two nodes are recorded once while they file, release, receive, cosign, recall, honour recalls,
change keys and leave: every change of every file, in its order, and everything they told. Then, for
each operation, the disk is brought to that moment and crashed; both nodes are started on what is
left, asked again for what was not answered, and go on. What is checked stands in ``oracle``.
"""

from bench.crash.runs import options, run

__all__ = ["options", "run"]
