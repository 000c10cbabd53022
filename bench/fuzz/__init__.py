"""The long fuzzing mode: every reader of what comes from outside, fed with mutations of a corpus.

The corpus is kept in ``tests/fuzz/corpus``, a folder for each reader, and replayed by the tests. A
round takes one input, changes it by a seeded chance with an eye to its structure, and has it read.
What gives an answer that was not seen before is changed further: the answers guide the search, as
coverage would. Whatever is neither read nor refused with an error of ``detente.errors`` is a
defect; it is told, and kept in the corpus.
"""

from bench.fuzz.runs import options, run

__all__ = ["options", "run"]
