"""Which reports may be of one event: suggestions by ``splink``, in a process of its own.

Nothing here links anything. Two reports of different parties are suggested when what they say of
place, time, kind, words and counts makes it likely that they are of one event, with a score and
with what speaks for it and against. An officer looks, and links them on the line or does not.

``splink`` (MIT) is the kept library for record linkage; it brings duckdb and pyarrow, some 240 MB.
It is the optional extra ``detente[linking]``, and runs in a process of its own, so that nothing of
it is loaded into a node, and what it does wrong ends with it.
"""

from detente.linking.calling import SCORE_MIN, suggest
from detente.linking.reports import Report, Suggestion, report_of

__all__ = ["SCORE_MIN", "Report", "Suggestion", "report_of", "suggest"]
