"""Days whose zone nobody told: taken in every zone at once.

A day begins first on the Line Islands (UTC+14) and ends last on Baker Island (UTC−12), 26 hours
later than a day of 24 hours would.
"""

from datetime import UTC, date, datetime, timedelta

EARLIEST_S = 14 * 3600.0
LATEST_S = 12 * 3600.0


def any_zone(day: date) -> tuple[float, float]:
    """When a day begins where it begins first, and its last second where it ends last."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    begun_s = (midnight - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(seconds=1)
    return begun_s - EARLIEST_S, begun_s + 86_400.0 - 1 + LATEST_S
