"""How a line's parties are told apart on lists, map and profile: one style for each.

A style is a colour *and* a line's dashes *and* a hatching (web/src/console.css, map.css), never a
colour alone. ``own`` is ours, ``plan`` ours and not released, ``peer-0`` … ``peer-3`` the others
in the order of their ids, the founders first: so that a party looks the same on every page and
every day, also after another was taken in.
"""

from detente.node.views import LineView

PEER_STYLES = 4

Styles = dict[str, str]


def styles(line: LineView) -> Styles:
    """Party id to style. Beyond four peers styles repeat; the name beside them does not."""
    peers = sorted((not m.founder, m.party) for m in line.members if not m.own)
    return {line.own: "own"} | {p: f"peer-{i % PEER_STYLES}" for i, (_, p) in enumerate(peers)}
