"""Crash injection: a node on SQLite loses its power at every write and sync, and lives on.

Two nodes, and in one script a third and a witness, are recorded once while they do whatever signs,
sends, erases or forgets (``scripts``): every change of every file, in its order, and everything
they told. Then, for each operation, the disk is brought to that moment and crashed; all are started
on what is left, asked again for what was not answered, and go on. What is checked stands in
``oracle``, ``notes`` and ``witnessed``.
"""

from bench.crash.runs import options, run

__all__ = ["options", "run"]
