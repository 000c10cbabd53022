"""A member may sign anything. Whatever it is, it is folded, read and shown without an accident."""

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detente.line import Draft, MemoryView, owed, project, read, release_draft, state_document
from detente.line.abouts import ABOUTS, read_about
from detente.line.fold import KINDS
from detente.record import Entry
from detente.record.strict_json import canonical
from detente.volumes import Activity

HASHES = st.sampled_from(["0" * 64, "e" * 64, "E" * 64, ""])
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=20)
    | HASHES
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)
FIELDS = sorted({name for about in ABOUTS.values() for name in about.__struct_encode_fields__})
WORDS = st.sampled_from(
    [
        *(
            "orbit",
            "us",
            "ru",
            "tj",
            "understood",
            "line-check",
            "exact",
            "routine",
            "visit",
            1,
            2,
            999,
        ),
        *("2026-11-22T06:00:00Z", {"us": "0" * 64, "ru": "e" * 64}),
    ]
)
FACTS = st.dictionaries(st.sampled_from(FIELDS), WORDS | HASHES | JSON, max_size=6)
BODIES = (
    st.binary(max_size=60)
    | JSON.map(canonical)
    | st.fixed_dictionaries(
        {},
        optional={
            "note": JSON,
            "text": JSON,
            "language": JSON,
            "phrase": JSON,
            "slots": JSON,
            "shift": JSON | st.fixed_dictionaries({}, optional={"time_s": SCALARS}),
            "kind": JSON,
            "volumes": JSON,
        },
    ).map(canonical)
)


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    """Any type, with facts of the right names or not, and any body."""
    kind = draw(st.sampled_from([*ABOUTS, "visit.later"]))
    facts = draw(FACTS)
    if kind in ABOUTS and draw(st.booleans()):
        names = ABOUTS[kind].__struct_encode_fields__
        facts = {name: draw(WORDS | HASHES | SCALARS) for name in names}
    return Draft(kind, facts, draw(BODIES))


@given(written=st.lists(st.tuples(st.sampled_from(["us", "ru"]), drafts()), max_size=12))
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_a_member_signs_is_folded_and_shown(
    written: list[tuple[str, Draft]],
    new_world: Callable[..., Any],
    circle: Callable[..., Activity],
) -> None:
    world = new_world("us", "ru")
    ours = world.release("us", circle("us"))
    for party, draft in written:
        if world.view().get("leave", party) is not None:
            # Nothing is taken of a party behind the entry by which it left.
            continue
        # Now and then something true is said about what is there.
        about = {
            name: ours.id if value == "e" * 64 else value for name, value in draft.about.items()
        }
        world.write(party, draft._replace(about=about))
    view = world.view()
    assert view.rows() == project(world.founding, world.entries())
    assert {kind for kind, _ in view.rows()} <= set(KINDS)
    _read_everything(view, world)
    void = {one.entry for one in read.voids(view)}
    for entry in world.entries():
        assert entry.id in void or _stands(entry)


def _read_everything(view: MemoryView, world: Any) -> None:
    state_document(view)
    for listed in (
        read.activities,
        read.checks,
        read.conflicts,
        read.lapses,
        read.messages,
        read.proposals,
        read.suspended_by,
    ):
        list(listed(view))
    read.proposed_terms(view, world.founding)
    owed(view, world.founding, lambda *_: None, world.now_s)
    for entry in world.entries():
        read.acknowledgements(view, entry.id)


def _stands(entry: Entry) -> bool:
    """An entry that counts has facts that can be read, or is of a type we do not know."""
    known = entry.header.type in ABOUTS
    return (read_about(entry.header.type, entry.header.about) is not None) == known


def test_a_version_beyond_all_limits_is_void(world: Any, circle: Callable[..., Activity]) -> None:
    draft = release_draft(circle("us"), version=2, supersedes="0" * 64, form="exact")
    for version in (0, -1, 10**9, 2**53 - 1, 1.0, "2"):
        world.write("us", draft._replace(about={**draft.about, "version": version}))
    assert {void.reason for void in read.voids(world.view())} == {"bad-facts"}
    assert len(read.voids(world.view())) == 6
