"""Importing a file of plans: every activity of it, or none.

The file may hold what other programs wrote (``detente.formats``). Whatever in it cannot be used,
or cannot be told for certain, refuses the whole file and is listed: a plan that is silently left
out would be a conflict that nobody is told of.
"""

from detente.api.calls import bodies
from detente.api.errors import Item, UploadError
from detente.api.route import Call
from detente.errors import DetenteError, InputError
from detente.node import Node
from detente.node.views import PlanView
from detente.volumes import Activity

ITEMS_SHOWN_MAX = 200
NAME_CHARACTERS_MAX = 200


def import_plans(node: Node, call: Call) -> list[PlanView]:
    """File every activity of the uploaded file, private, or none."""
    query: bodies.ImportQuery = call.query
    activities = read_activities(node, query.name, call.raw)
    held = {plan.id for plan in node.plans()}
    _refuse(
        query.name,
        [
            Item(
                f"{query.name}: {activity.id}",
                "is filed already",
                "change that plan, or give another id",
            )
            for activity in activities
            if activity.id in held
        ],
    )
    return node.file_all(activities, officer=call.officer.name, key=call.key)


def read_activities(node: Node, name: str, content: bytes) -> list[Activity]:
    """Every activity of a file, all of them our own. Raises InputError, or UploadError with all
    that is wrong in it.
    """
    # The readers bring in geometry libraries that no other call needs.
    from detente.formats import ReadOptions, read_bytes

    _check_name(name)
    reading = read_bytes(name, content, ReadOptions(party=node.party))
    items = [_item(error) for error in reading.bad]
    items += [Item(f"{name}: {doubt.id}", doubt.why) for doubt in reading.unknown]
    items += [
        Item(
            f"{name}: {activity.id}",
            f"is of {activity.party}, not of {node.party}",
            "import own plans only",
        )
        for activity in reading.activities
        if activity.party != node.party
    ]
    _refuse(name, items)
    if not reading.activities:
        raise InputError(
            "there is no activity in it", where=name, remedy="send a file with activities"
        )
    return list(reading.activities)


def _refuse(name: str, items: list[Item]) -> None:
    if items:
        raise UploadError(
            f"{'1 item' if len(items) == 1 else f'{len(items)} items'} cannot be used, so nothing "
            "was filed",
            items[:ITEMS_SHOWN_MAX],
            where=name,
        )


def _check_name(name: str) -> None:
    if not 0 < len(name) <= NAME_CHARACTERS_MAX or not name.isprintable():
        raise InputError(
            "the file's name is empty, too long or not printable",
            where="query name",
            remedy="send the file's name as ?name=plans.geojson",
        )
    if name.lower().endswith((".gz", ".kmz")):
        # The limit on uploads is on what arrives; a compressed file is larger than it looks.
        raise InputError(
            "compressed files are not accepted here", where=name, remedy="send it uncompressed"
        )


def _item(error: DetenteError) -> Item:
    return Item(error.where, error.message, error.remedy)
