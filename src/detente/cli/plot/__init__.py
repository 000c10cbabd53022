"""The picture of a check: where two volumes meet on a map, and when on an altitude–time profile."""

from detente.cli.plot.figure import MAX_PANELS, write_plot

__all__ = ["MAX_PANELS", "write_plot"]
