"""Every path of the officers' face, in one table: routing and OpenAPI are both made from it.

The rows stand beside the calls they name (``calls``). A page that lists them all does so in this
order.
"""

from detente.api.calls import (
    covering,
    daily,
    desks,
    lines,
    linking,
    looking,
    media,
    observations,
    parcels,
    permitting,
    plans,
    record,
    service,
    talk,
    visiting,
)
from detente.api.route import Route

ROUTES: tuple[Route, ...] = (
    *service.ROUTES,
    *plans.ROUTES,
    *lines.ROUTES,
    *parcels.ROUTES,
    *talk.ROUTES,
    *record.ROUTES,
    *permitting.ROUTES,
    *covering.ROUTES,
    *media.ROUTES,
    *linking.ROUTES,
    *looking.ROUTES,
    *daily.ROUTES,
    *observations.ROUTES,
    *visiting.ROUTES,
    *desks.ROUTES,
)
