"""Observations: own ones, private, and those on a line; counts first, single ones on demand."""

from typing import Any

import msgspec

from detente.api import rows
from detente.api.calls import bodies
from detente.api.route import Call
from detente.errors import LimitError, StateError
from detente.line.bodies import ObservedBody
from detente.line.wire import read_struct
from detente.node import Node, roles
from detente.node.views import (
    EntryView,
    ExportView,
    ImportedView,
    NotesView,
    NoteVersionView,
    NoteView,
    ObservationTableView,
    ObservationView,
    ReportPreviewView,
)
from detente.observations import Observation, observation_from_wire
from detente.volumes.times import parse_time_s

IMPORT_BYTES_MAX = 2 * 1024**3


def show_notes_table(node: Node, call: Call) -> ObservationTableView:
    """Own observations, counted."""
    return node.notes_table(officer=call.officer)


def list_notes(node: Node, call: Call) -> NotesView:
    """Own observations, one by one."""
    query: bodies.NotesQuery = call.query
    return node.notes(**bodies.fields_of(query), officer=call.officer)


def note_observation(node: Node, call: Call) -> NoteView:
    """Keep a new observation, private."""
    body: bodies.NoteObservationBody = call.body
    one = observation_of(body.id, body.marking, body.observed)
    return node.note(one, officer=call.officer.name, key=call.key)


def import_observations(node: Node, call: Call) -> ImportedView:
    """Keep what a file holds, private."""
    query: bodies.ImportObservationsQuery = call.query
    assert call.incoming is not None
    return node.import_observations(
        query.name, call.incoming, query.marking, officer=call.officer.name
    )


def show_note(node: Node, call: Call) -> NoteView:
    """One own observation."""
    return node.own_note(call.path["observation"], officer=call.officer)


def list_note_versions(node: Node, call: Call) -> list[NoteVersionView]:
    """What an own observation said in all its revisions."""
    return node.note_versions(call.path["observation"], officer=call.officer)


def change_note(node: Node, call: Call) -> NoteView:
    """Change what an own observation says."""
    body: bodies.ObservationBody = call.body
    one = observation_of(call.path["observation"], body.marking, body.observed)
    return node.change_note(one, officer=call.officer, key=call.key)


def drop_note(node: Node, call: Call) -> None:
    """Forget an own observation."""
    node.drop_note(call.path["observation"], officer=call.officer)


def show_observation_table(node: Node, call: Call) -> ObservationTableView:
    """What is reported on a line, counted."""
    return node.observation_table(call.path["line"])


def list_observations(node: Node, call: Call) -> list[ObservationView]:
    """What is reported on a line, one by one."""
    query: bodies.ObservationsQuery = call.query
    return node.observations(call.path["line"], **bodies.fields_of(query))


def show_observation(node: Node, call: Call) -> list[ObservationView]:
    """Every version of one observation."""
    return node.observation(call.path["line"], call.path["party"], call.path["observation"])


def preview_report(node: Node, call: Call) -> ReportPreviewView:
    """The exact bytes that a line would see."""
    body: bodies.ReportBody = call.body
    return node.preview_report(
        call.path["line"], body.observation, coarse=body.coarse, officer=call.officer
    )


def report_observation(node: Node, call: Call) -> EntryView:
    """Report an own observation's next version."""
    body: bodies.ReportBody = call.body
    return node.report(
        call.path["line"],
        body.observation,
        coarse=body.coarse,
        shown=body.shown,
        officer=call.officer,
        key=call.key,
    )


def retract_observation(node: Node, call: Call) -> EntryView:
    """Take a report of ours back."""
    body: bodies.RetractBody = call.body
    return node.retract(
        call.path["line"], body.observation, body.note, officer=call.officer.name, key=call.key
    )


def export_observations(node: Node, call: Call) -> ExportView:
    """What an audience may see of what is reported on a line, as a document."""
    query: bodies.ExportQuery = call.query
    return node.export_observations(
        call.path["line"], query.format, query.audience, officer=call.officer.name
    )


def observation_of(identifier: str, marking: str, observed: dict[str, Any]) -> Observation:
    """The observation of what a caller sent. Raises InputError."""
    body = read_struct(observed, ObservedBody, "observed")
    return observation_from_wire(
        identifier, marking, msgspec.to_builtins(body), time_s=parse_time_s
    )


ROUTES = (
    rows.get(
        "observations", "/observations/table", show_notes_table,
        "Our own observations, counted by district and week", ObservationTableView,
    ),
    rows.get(
        "observations", "/observations", list_notes,
        "Our own observations, one by one", NotesView, query=bodies.NotesQuery,
        act=roles.SINGLE,
    ),
    rows.post(
        "observations", "/observations", note_observation,
        "Note an observation; it stays private", bodies.NoteObservationBody, NoteView,
        writes=True, act=roles.PLAN,
    ),
    rows.post(
        "observations", "/observations/import", import_observations,
        "Note every observation of a file (UCDP GED, CSV, GeoJSON) of any length; its bytes are "
        "the body", bytes, ImportedView, status=200, query=bodies.ImportObservationsQuery,
        limit_bytes=IMPORT_BYTES_MAX, act=roles.PLAN,
    ),
    rows.get(
        "observations", "/observations/{observation}", show_note,
        "One of our own observations", NoteView, act=roles.SINGLE,
    ),
    rows.get(
        "observations", "/observations/{observation}/versions", list_note_versions,
        "What an own observation said in all its revisions", list[NoteVersionView],
        act=roles.SINGLE,
    ),
    rows.put(
        "observations", "/observations/{observation}", change_note,
        "Change an own observation; what lines were told stays until it is reported again",
        bodies.ObservationBody, NoteView, act=roles.PLAN,
    ),
    rows.delete(
        "observations", "/observations/{observation}", drop_note,
        "Forget an own observation that no line has as reported", may_raise=(StateError,),
        act=roles.PLAN,
    ),
    rows.get(
        "observations", "/lines/{line}/observations/table", show_observation_table,
        "What is reported on a line, counted by district and week", ObservationTableView,
    ),
    rows.get(
        "observations", "/lines/{line}/observations", list_observations,
        "What is reported on a line, one by one", list[ObservationView],
        query=bodies.ObservationsQuery, act=roles.SINGLE,
    ),
    rows.get(
        "observations", "/lines/{line}/observations/export", export_observations,
        "What an audience may see of it, as GeoJSON, CSV or STIX 2.1, and how many it may not",
        ExportView, query=bodies.ExportQuery, act=roles.RELEASE, may_raise=(LimitError,),
    ),
    rows.get(
        "observations", "/lines/{line}/observations/by/{party}/{observation}",
        show_observation, "Every version of one observation",
        list[ObservationView], act=roles.SINGLE,
    ),
    rows.post(
        "observations", "/lines/{line}/observations/preview", preview_report,
        "Exactly what a line would see of an own observation", bodies.ReportBody,
        ReportPreviewView, status=200, act=roles.PLAN,
    ),
    rows.entry(
        "observations", "/lines/{line}/observations", report_observation,
        "Report an own observation's next version on a line", bodies.ReportBody, act=roles.RELEASE,
    ),
    rows.entry(
        "observations", "/lines/{line}/observations/retract", retract_observation,
        "Say that what we reported does not stand", bodies.RetractBody, act=roles.RELEASE,
    ),
)  # fmt: skip
