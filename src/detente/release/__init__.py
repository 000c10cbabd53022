"""What a party lets a line see (pure)."""

from detente.release.cover import RADIUS_M_MAX, coarse
from detente.release.form import Form, Larger, draft_of, larger_by

__all__ = ["RADIUS_M_MAX", "Form", "Larger", "coarse", "draft_of", "larger_by"]
