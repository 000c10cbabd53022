"""A witness: a third organisation's small server, which cosigns what any log shows it goes on from.

It serves C2SP tlog-witness, version 1.0.0, for every log whose keys it is told, a line's or any
other. It sees checkpoints (a log's name, its size, the root of its tree) and never an entry; it
needs no node and joins no line. See docs/decisions/0024.
"""
