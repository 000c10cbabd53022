"""Every path of the officers' face, in one table: routing and OpenAPI are both made from it."""

from typing import Any

from detente.api.calls import (
    bodies,
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
from detente.api.imports import import_plans
from detente.api.route import V1, Handler, Route
from detente.errors import (
    AccessError,
    CredentialError,
    InputError,
    LimitError,
    NotFoundError,
    RecordError,
    StateError,
)
from detente.node import roles, views
from detente.node.views.coverage import LookedView
from detente.node.views.daily import DailyReportView, DailyView
from detente.node.views.guests import DeskView, GuestMadeView, HeldLogView, SessionView
from detente.node.views.linking import EventsView, MaybeView
from detente.node.views.looking import LookView
from detente.node.views.media import ContentKeyView, SealingView, ShareView, SignedMediaView
from detente.node.views.visits import VisitView
from detente.record.parcel import PARCEL_BYTES_MAX


def _get(tag: str, path: str, handler: Handler, summary: str, answer: Any, **more: Any) -> Route:
    """A path that is read."""
    return Route(
        method="GET",
        path=V1 + path,
        handler=handler,
        summary=summary,
        tag=tag,
        answer=answer,
        **more,
    )


def _post(
    tag: str, path: str, handler: Handler, summary: str, body: Any, answer: Any, **more: Any
) -> Route:
    """A path that makes something, which may not be possible in the state that things are in."""
    more = {"status": 201, "may_raise": (StateError,), **more}
    return Route(
        method="POST",
        path=V1 + path,
        handler=handler,
        summary=summary,
        tag=tag,
        body=body,
        answer=answer,
        **more,
    )


def _entry(tag: str, path: str, handler: Handler, summary: str, body: Any, **more: Any) -> Route:
    """A path that writes an entry onto a line; with an idempotency key, once."""
    answer = more.pop("answer", views.EntryView)
    return _post(tag, path, handler, summary, body, answer, writes=True, **more)


def _delete(tag: str, path: str, handler: Handler, summary: str, **more: Any) -> Route:
    """A path that ends something."""
    return Route(method="DELETE", path=V1 + path, handler=handler, summary=summary, tag=tag, **more)


NODE = (
    _get("node", "/node", service.show_node, "Who this node is", service.NodeView),
    _get("node", "/card", service.show_card, "This party's card, as other parties get it", bytes),
    _get(
        "node", "/officers", service.list_officers, "Who may use this node",
        list[views.OfficerView], act=roles.ACCOUNTS,
    ),
    _post(
        "node", "/officers", service.add_officer,
        "Add an officer; the answer holds the token, this once",
        bodies.OfficerBody, service.TokenView, act=roles.ACCOUNTS,
    ),
    _delete(
        "node", "/officers/{officer}", service.end_officer,
        "End an officer's access: the token and all sessions", act=roles.ACCOUNTS,
    ),
    _post(
        "node", "/login-links", service.make_login_link, "Make a one-time link into the console",
        bodies.LoginLinkBody, service.LoginLinkView, act=roles.ACCOUNTS, may_raise=(NotFoundError,),
    ),
    _post(
        "node", "/login", service.log_in, "Turn a one-time code into a session's token",
        bodies.LoginBody, service.SessionView, open=True, may_raise=(CredentialError,),
    ),
    _post(
        "node", "/login/password", service.log_in_with_password,
        "Turn a password and a code into a session's token",
        bodies.PasswordLoginBody, service.SessionView, open=True, may_raise=(CredentialError,),
    ),
    _post(
        "node", "/account/password", service.enrol,
        "Set one's own password; the answer holds the secret for codes, this once",
        bodies.PasswordBody, views.EnrolmentView,
    ),
    _delete(
        "node", "/officers/{officer}/password", service.reset_account,
        "Forget an officer's password and codes, once a second administrator asks for the same",
        act=roles.ACCOUNTS, may_raise=(StateError,),
    ),
    _delete(
        "node", "/officers/{officer}/lock-out", service.lift_lock_out,
        "Let nobody wait who failed to log in as this officer", act=roles.ACCOUNTS,
    ),
    _get(
        "node", "/audit", record.list_audit, "The node's internal audit log",
        list[views.AuditView], query=bodies.PageQuery, act=roles.AUDIT,
    ),
    _get(
        "node", "/changes", record.list_changes, "What changed here since a change number",
        list[views.ChangeView], query=bodies.ChangesQuery,
    ),
)  # fmt: skip

PLANS = (
    _get(
        "plans", "/plans", plans.list_plans, "Our plans, with our own conflicts",
        list[views.PlanView],
    ),
    _post(
        "plans", "/plans", plans.file_plan, "File a plan; it stays private",
        bodies.PlanBody, views.PlanView, writes=True, act=roles.PLAN,
    ),
    _post(
        "plans", "/plans/import", import_plans,
        "File every activity of a file (GeoJSON, KML, CSV, NOTAM, OpenAir, tracks), or none",
        bytes, list[views.PlanView], query=bodies.ImportQuery, writes=True, act=roles.PLAN,
    ),
    _get("plans", "/plans/{plan}", plans.show_plan, "One plan", views.PlanView),
    Route(
        method="PUT", path=f"{V1}/plans/{{plan}}", handler=plans.change_plan, tag="plans",
        summary="Change a plan; what lines see of it stays until it is released again",
        body=bodies.PlanChangeBody, answer=views.PlanView, writes=True, may_raise=(StateError,),
        act=roles.PLAN,
    ),
    _delete(
        "plans", "/plans/{plan}", plans.drop_plan, "Drop a plan that no line sees",
        may_raise=(StateError,), act=roles.PLAN,
    ),
    _post(
        "plans", "/plans/{plan}/preview", plans.preview_release,
        "Exactly what a line would see of a plan",
        bodies.PreviewBody, views.PreviewView, status=200, act=roles.PLAN,
    ),
    _entry(
        "plans", "/plans/{plan}/release", plans.release_plan,
        "Release a plan's next version on a line", bodies.ReleaseBody, act=roles.RELEASE,
    ),
    _entry(
        "plans", "/plans/{plan}/withdraw", plans.withdraw_plan,
        "Withdraw a plan from a line", bodies.WithdrawBody, act=roles.RELEASE,
    ),
)  # fmt: skip

LINES = (
    _get(
        "lines", "/lines", lines.list_lines, "The lines this node has joined",
        list[views.LineView],
    ),
    _post(
        "lines", "/lines/found", lines.found_line,
        "Make a founding document with other parties' cards; joins nothing yet",
        bodies.FoundBody, bytes, status=200, act=roles.MEMBERSHIP,
    ),
    _post(
        "lines", "/lines/join", lines.join_line,
        "Join a line whose parties' fingerprints have been compared",
        bodies.JoinBody, views.LineView, act=roles.MEMBERSHIP, may_raise=(StateError, AccessError),
    ),
    _get("lines", "/lines/{line}", lines.show_line, "One line: members, terms, state",
         views.LineView),
    _get(
        "lines", "/lines/{line}/founding", lines.show_founding,
        "The line's founding document: members, cards, first terms", bytes,
    ),
    _entry(
        "lines", "/lines/{line}/terms", lines.sign_terms, "Sign the next version of the terms",
        bodies.TermsBody, act=roles.TERMS,
    ),
    _get(
        "lines", "/lines/{line}/admissions", lines.show_admissions,
        "Who is being taken in or was, and how much of the record a newcomer is sent",
        views.AdmissionsView,
    ),
    _entry(
        "lines", "/lines/{line}/admissions", lines.admit_party,
        "Sign for taking a party in, which then sees everything ever said on the line",
        bodies.AdmitBody, act=roles.TERMS,
    ),
    _entry(
        "lines", "/lines/{line}/key-vouches", lines.vouch_key,
        "Vouch for another party's new card, whose fingerprint was compared", bodies.VouchBody,
        act=roles.MEMBERSHIP, may_raise=(StateError, AccessError),
    ),
    _entry(
        "lines", "/lines/{line}/key-adoption", lines.adopt_key,
        "Sign with our replaced key, for which all other parties have vouched", None,
        act=roles.MEMBERSHIP,
    ),
    _get(
        "lines", "/lines/{line}/pending", lines.list_pending,
        "What waits for a second officer", list[views.PendingView],
    ),
    _post(
        "lines", "/lines/{line}/pending/{request}/confirm", lines.confirm_pending,
        "Confirm exactly what another officer asked for, and have it written",
        bodies.ConfirmBody, views.EntryView, act=roles.SECOND, may_raise=(StateError, AccessError),
    ),
    _delete(
        "lines", "/lines/{line}/pending/{request}", lines.refuse_pending,
        "Refuse what another officer asked for, or take one's own request back",
        act=roles.SECOND, may_raise=(StateError, AccessError),
    ),
    _get(
        "lines", "/lines/{line}/keys", lines.list_keys,
        "Which keys every member signs with, since when, and who knows its newest card",
        list[views.PartyKeysView],
    ),
    _post(
        "lines", "/lines/{line}/parcels", parcels.export_parcel,
        "Seal what another party lacks of the line into a file, to be carried to it by hand",
        bodies.ParcelBody, bytes, status=200, media="application/octet-stream", act=roles.CARRY,
        may_raise=(StateError,),
    ),
    _post(
        "lines", "/parcels", parcels.import_parcel,
        "Take in a file of any length that another party has sealed for us; its bytes are the body",
        bytes, views.ParcelView, status=200, limit_bytes=PARCEL_BYTES_MAX, act=roles.CARRY,
        may_raise=(StateError, AccessError, RecordError),
    ),
    _get(
        "lines", "/lines/{line}/links", lines.list_links, "How each other member is reached",
        list[views.LinkView],
    ),
    _get(
        "lines", "/lines/{line}/activities", lines.list_activities,
        "The newest version of every released activity", list[views.ReleasedView],
    ),
    _get(
        "lines", "/lines/{line}/conflicts", lines.list_conflicts,
        "Where activities meet, open and ended, and what is not known yet", views.ConflictsView,
    ),
    _get(
        "lines", "/lines/{line}/conflicts/{conflict}", lines.show_conflict,
        "One conflict, with every kind of change that would end it",
        views.ConflictView, query=bodies.BasisQuery,
    ),
    _post(
        "lines", "/lines/{line}/conflicts/{conflict}/prospect", lines.show_prospect,
        "What a change of one side's released activity would do; writes nothing",
        bodies.ProspectBody, views.ProspectView, status=200,
    ),
    _entry(
        "lines", "/lines/{line}/line-checks", talk.check_line, "Make a line check",
        bodies.LineCheckBody, act=roles.TALK,
    ),
    _entry(
        "lines", "/lines/{line}/suspend", talk.suspend_line,
        "Declare the line suspended; safety traffic still passes", bodies.NoteBody,
        act=roles.COMMAND,
    ),
    _entry(
        "lines", "/lines/{line}/leave", talk.leave_line,
        "Leave the line for good; nothing more is sent or taken", bodies.NoteBody,
        act=roles.MEMBERSHIP,
    ),
    _entry(
        "lines", "/lines/{line}/resume", talk.resume_line, "Take our suspension back",
        bodies.NoteBody, act=roles.COMMAND,
    ),
)  # fmt: skip

TALK = (
    _get("talk", "/phrases", talk.list_phrases, "The phrasebook", list[views.PhraseView]),
    _get(
        "talk", "/lines/{line}/messages", talk.list_messages, "All messages",
        list[views.MessageView],
    ),
    _entry(
        "talk", "/lines/{line}/messages", talk.send_message,
        "Send a message, free or from the phrasebook", bodies.MessageBody, act=roles.TALK,
    ),
    _entry(
        "talk", "/lines/{line}/acknowledgements", talk.acknowledge_entry,
        "Say that an entry has been understood, or disseminated", bodies.AcknowledgeBody,
        act=roles.TALK,
    ),
    _get(
        "talk", "/lines/{line}/proposals", talk.list_proposals,
        "All proposals, and what became of each", list[views.ProposalView],
    ),
    _entry(
        "talk", "/lines/{line}/proposals", talk.propose_change,
        "Propose a change that would end a conflict", bodies.ProposeBody, act=roles.TALK,
    ),
    _entry(
        "talk", "/lines/{line}/proposals/{proposal}/assent", talk.assent_to_proposal,
        "Assent to a proposal", bodies.NoteBody, act=roles.TALK,
    ),
    _entry(
        "talk", "/lines/{line}/proposals/{proposal}/decline", talk.decline_proposal,
        "Decline a proposal", bodies.NoteBody, act=roles.TALK,
    ),
    _entry(
        "talk", "/lines/{line}/proposals/{proposal}/carry-out", talk.carry_out_proposal,
        "Release our activity's next version as the proposal says", None, act=roles.RELEASE,
    ),
    _get(
        "talk", "/lines/{line}/obligations", talk.list_obligations, "Who owes what by when",
        list[views.ObligationView],
    ),
    _entry(
        "talk", "/lines/{line}/lapses", talk.state_lapse,
        "State on the record that what was owed did not come", bodies.LapseBody, act=roles.TALK,
    ),
)  # fmt: skip

RECORD = (
    _get(
        "record", "/lines/{line}/recalls", record.list_recalls,
        "What was recalled, and who still holds it", list[views.RecallView],
    ),
    _entry(
        "record", "/lines/{line}/recalls", record.recall_entry,
        "Ask all parties to erase what an entry of ours said", bodies.RecallBody,
        act=roles.RELEASE,
    ),
    _get(
        "record", "/lines/{line}/commitments", record.list_commitments,
        "What was fixed to be told later, and how it was opened", list[views.CommitmentView],
    ),
    _entry(
        "record", "/lines/{line}/commitments", record.make_commitment,
        "Fix a plan or a statement without telling it yet", bodies.CommitBody,
        act=roles.RELEASE,
    ),
    _entry(
        "record", "/lines/{line}/commitments/{commitment}/open", record.open_commitment,
        "Tell what a commitment of ours has fixed", None, act=roles.RELEASE,
    ),
    _get(
        "record", "/lines/{line}/logs", record.list_logs,
        "Every party's log, and how much of it each other member has signed for holding",
        list[views.LogView],
    ),
    _get(
        "record", "/lines/{line}/entries", record.list_entries, "A page of the joint record",
        list[views.EntryView], query=bodies.EntriesQuery,
    ),
    _get(
        "record", "/lines/{line}/entries/{entry}", record.show_entry, "One entry",
        views.EntryView,
    ),
    _get(
        "record", "/lines/{line}/state", record.show_state,
        "The line's state as canonical JSON: the same bytes on every node with the same entries",
        bytes,
    ),
    _get(
        "record", "/lines/{line}/logs/{party}", record.read_log,
        "A page of one log as it travels: signed entries with salts and bodies",
        views.LogPage, query=bodies.StartQuery,
    ),
    _get(
        "record", "/lines/{line}/logs/{party}/checkpoint", record.show_checkpoint,
        "A log's newest checkpoint with its cosignatures (C2SP tlog-checkpoint)",
        bytes, media="text/plain",
    ),
    _get(
        "record", "/lines/{line}/logs/{party}/policy", record.show_policy,
        "Whose signatures make a checkpoint of this log joint (C2SP tlog-policy)",
        bytes, media="text/plain",
    ),
    _get(
        "record", "/lines/{line}/logs/{party}/tile/{tile}", record.show_tile,
        "A tile of a log: its hashes, or its signed entries (C2SP tlog-tiles)",
        bytes, media="application/octet-stream", deep=True,
    ),
    _get(
        "record", "/lines/{line}/proofs", record.list_proofs,
        "Parties caught in signing two histories, with proofs that anyone can check",
        list[views.ProofView],
    ),
    _get(
        "record", "/lines/{line}/witnesses", record.list_witnesses,
        "The witnesses that the terms name, and how much of each log each has signed for",
        list[views.WitnessView],
    ),
    _post(
        "record", "/record/verify", record.verify_record,
        "Verify the whole record; an empty list means that nothing is wrong",
        None, list[views.Finding], status=200, may_raise=(),
    ),
    _post(
        "record", "/record/rebuild", record.rebuild_record,
        "Drop the state of every line, fold it anew, and say whether it was the same",
        None, list[views.RebuiltView], status=200, act=roles.MEMBERSHIP,
    ),
)  # fmt: skip

PERMISSIONS = (
    _get(
        "permissions", "/permissions", permitting.list_ledger,
        "Who asked which host for what on every line, what was answered, what holds now",
        list[views.PermissionView],
    ),
    _entry(
        "permissions", "/permissions", permitting.request_permission,
        "Ask one or several hosts for the same, each on its line; all of them or none",
        permitting.PermissionBody, answer=list[views.EntryView], act=roles.RELEASE,
        may_raise=(StateError, NotFoundError),
    ),
    _get(
        "permissions", "/lines/{line}/permissions", permitting.list_permissions,
        "The permission ledger of one line", list[views.PermissionView],
    ),
    _entry(
        "permissions", "/lines/{line}/permissions/{request}/renew", permitting.renew_permission,
        "Ask the same host again, for another window", permitting.RenewBody, act=roles.RELEASE,
    ),
    _entry(
        "permissions", "/lines/{line}/permissions/{request}/answer",
        permitting.answer_permission,
        "Answer a request that is asked of us: granted, granted with limits, or refused",
        permitting.AnswerBody, act=roles.RELEASE,
    ),
    _entry(
        "permissions", "/lines/{line}/permissions/{request}/revoke",
        permitting.revoke_permission, "Take back what we granted, from a time on",
        permitting.RevokeBody, act=roles.RELEASE,
    ),
    _entry(
        "permissions", "/lines/{line}/permissions/{request}/withdraw",
        permitting.withdraw_permission, "Give up a request of ours", bodies.NoteBody,
        act=roles.RELEASE,
    ),
)  # fmt: skip

MEDIA = (
    _get(
        "media", "/lines/{line}/looked", covering.show_looked,
        "Who looked where, by the record: missions flown, and what observers saw themselves",
        LookedView,
    ),
    _get(
        "media", "/lines/{line}/visits/{visit}/sealing", media.show_sealing,
        "Whose keys a sealed file of a visit has to name", SealingView,
    ),
    _post(
        "media", "/lines/{line}/media/seals", media.seal_media,
        "Sign a sealed file's manifest and say so on the line", media.MediaSealBody,
        SignedMediaView, act=roles.RELEASE, writes=True, may_raise=(RecordError, StateError),
    ),
    _post(
        "media", "/lines/{line}/media/shares", media.share_media,
        "Our half of a file's key, which the other side alone can read", media.MediaShareBody,
        ShareView, act=roles.RELEASE, may_raise=(RecordError, StateError),
    ),
    _post(
        "media", "/lines/{line}/media/keys", media.show_media_key,
        "A file's key, of our half and the other side's", media.MediaKeyBody, ContentKeyView,
        act=roles.RELEASE, may_raise=(RecordError, StateError),
    ),
    _entry(
        "media", "/lines/{line}/media/openings", media.note_opening,
        "Say on the line what was found when a file was opened", media.MediaOpeningBody,
        act=roles.RELEASE, may_raise=(RecordError, StateError),
    ),
)  # fmt: skip


EVENTS = (
    _get(
        "events", "/lines/{line}/events", linking.count_events,
        "How many events the reports on a line are of, and who counts otherwise", EventsView,
    ),
    _get(
        "events", "/lines/{line}/event-links/suggestions", linking.suggest_links,
        "Reports that may be of one event, and why; links nothing", list[MaybeView],
        act=roles.SINGLE,
        query=linking.MaybeQuery, may_raise=(LimitError, StateError),
    ),
    _entry(
        "events", "/lines/{line}/event-links", linking.link_observations,
        "Say that two reports are of one event", linking.EventLinkBody, act=roles.RELEASE,
    ),
    _entry(
        "events", "/lines/{line}/event-links/{link}/dispute", linking.dispute_link,
        "Say that the reports of another party's link are of two events", bodies.NoteBody,
        act=roles.RELEASE,
    ),
    _entry(
        "events", "/lines/{line}/take-backs", linking.take_back,
        "Take a link or a dispute of ours back", linking.TakeBackBody, act=roles.RELEASE,
    ),
    _get(
        "events", "/lines/{line}/changed", looking.show_changes,
        "What of the observations changed since the caller last looked", LookView,
    ),
    _post(
        "events", "/lines/{line}/changed", looking.mark_looked,
        "Mark what the caller has looked at; no one else's list is changed by it",
        looking.LookBody, LookView, status=200, may_raise=(),
    ),
    _get(
        "events", "/lines/{line}/dailies", daily.list_dailies,
        "The newest days' reports, and whether their joint parts are what we compute",
        list[DailyReportView],
    ),
    _get(
        "events", "/lines/{line}/dailies/{day}", daily.show_daily,
        "A day by all that is held here, and every party's report of it", DailyView,
        may_raise=(InputError, StateError),
    ),
    _get(
        "events", "/lines/{line}/dailies/{day}/joint", daily.show_joint,
        "A day's joint part as canonical JSON: the bytes that are hashed", bytes,
        may_raise=(InputError, StateError),
    ),
    _entry(
        "events", "/lines/{line}/dailies/{day}", daily.publish_daily,
        "Publish our report of a day that is over", daily.OwnPartBody, act=roles.RELEASE,
    ),
)  # fmt: skip

OBSERVATIONS = (
    _get(
        "observations", "/observations/table", observations.show_notes_table,
        "Our own observations, counted by district and week", views.ObservationTableView,
    ),
    _get(
        "observations", "/observations", observations.list_notes,
        "Our own observations, one by one", views.NotesView, query=bodies.NotesQuery,
        act=roles.SINGLE,
    ),
    _post(
        "observations", "/observations", observations.note_observation,
        "Note an observation; it stays private", bodies.NoteObservationBody, views.NoteView,
        writes=True, act=roles.PLAN,
    ),
    _post(
        "observations", "/observations/import", observations.import_observations,
        "Note every observation of a file (UCDP GED, CSV, GeoJSON) of any length; its bytes are "
        "the body", bytes, views.ImportedView, status=200, query=bodies.ImportObservationsQuery,
        limit_bytes=observations.IMPORT_BYTES_MAX, act=roles.PLAN,
    ),
    _get(
        "observations", "/observations/{observation}", observations.show_note,
        "One of our own observations", views.NoteView, act=roles.SINGLE,
    ),
    _get(
        "observations", "/observations/{observation}/versions", observations.list_note_versions,
        "What an own observation said in all its revisions", list[views.NoteVersionView],
        act=roles.SINGLE,
    ),
    Route(
        method="PUT", path=f"{V1}/observations/{{observation}}", handler=observations.change_note,
        tag="observations", body=bodies.ObservationBody, answer=views.NoteView, writes=True,
        summary="Change an own observation; what lines were told stays until it is reported again",
        may_raise=(StateError,), act=roles.PLAN,
    ),
    _delete(
        "observations", "/observations/{observation}", observations.drop_note,
        "Forget an own observation that no line has as reported", may_raise=(StateError,),
        act=roles.PLAN,
    ),
    _get(
        "observations", "/lines/{line}/observations/table", observations.show_observation_table,
        "What is reported on a line, counted by district and week", views.ObservationTableView,
    ),
    _get(
        "observations", "/lines/{line}/observations", observations.list_observations,
        "What is reported on a line, one by one", list[views.ObservationView],
        query=bodies.ObservationsQuery, act=roles.SINGLE,
    ),
    _get(
        "observations", "/lines/{line}/observations/export", observations.export_observations,
        "What an audience may see of it, as GeoJSON, CSV or STIX 2.1, and how many it may not",
        views.ExportView, query=bodies.ExportQuery, act=roles.RELEASE, may_raise=(LimitError,),
    ),
    _get(
        "observations", "/lines/{line}/observations/by/{party}/{observation}",
        observations.show_observation, "Every version of one observation",
        list[views.ObservationView], act=roles.SINGLE,
    ),
    _post(
        "observations", "/lines/{line}/observations/preview", observations.preview_report,
        "Exactly what a line would see of an own observation", bodies.ReportBody,
        views.ReportPreviewView, status=200, act=roles.PLAN,
    ),
    _entry(
        "observations", "/lines/{line}/observations", observations.report_observation,
        "Report an own observation's next version on a line", bodies.ReportBody, act=roles.RELEASE,
    ),
    _entry(
        "observations", "/lines/{line}/observations/retract", observations.retract_observation,
        "Say that what we reported does not stand", bodies.RetractBody, act=roles.RELEASE,
    ),
)  # fmt: skip

VISITS = (
    _get(
        "visits", "/lines/{line}/visits", visiting.list_visits,
        "Every visit: how far it is, its clocks, what each side stated and what exceeds",
        list[VisitView],
    ),
    _get("visits", "/lines/{line}/visits/{visit}", visiting.show_visit, "One visit", VisitView),
    _entry(
        "visits", "/lines/{line}/visits", visiting.notify_visit,
        "Give notice of a visit to the host that granted it, and to all parties of the line",
        visiting.NotifyBody, act=roles.RELEASE,
    ),
    _entry(
        "visits", "/lines/{line}/visits/{visit}/acknowledge", visiting.acknowledge_visit,
        "As the host: take note of a visit, and say how it is received",
        visiting.ReceiveBody, act=roles.RELEASE,
    ),
    _entry(
        "visits", "/lines/{line}/visits/{visit}/stages", visiting.state_stage,
        "State that a visit arrived, began, ended or departed", visiting.StageBody,
        act=roles.TALK,
    ),
    _entry(
        "visits", "/lines/{line}/visits/{visit}/inspections", visiting.inspect_visit,
        "State what an inspection of the equipment found", visiting.InspectBody, act=roles.TALK,
    ),
    _entry(
        "visits", "/lines/{line}/visits/{visit}/plans", visiting.plan_mission,
        "Name a released activity of ours as the next version of the mission plan",
        visiting.MissionBody, act=roles.RELEASE,
    ),
    _entry(
        "visits", "/lines/{line}/visits/{visit}/reviews", visiting.review_mission,
        "As the host: agree to the newest plan, or ask for a change for safety or logistics",
        visiting.ReviewBody, act=roles.RELEASE,
    ),
    _entry(
        "visits", "/lines/{line}/visits/{visit}/restrictions", visiting.restrict_visit,
        "As the host: close hours or places to a visit; flagged where it is late",
        visiting.RestrictBody, act=roles.RELEASE,
    ),
    _entry(
        "visits", "/lines/{line}/visits/{visit}/deviations", visiting.state_deviation,
        "State that something was not as agreed", visiting.DeviationBody, act=roles.TALK,
    ),
    _entry(
        "visits", "/lines/{line}/visits/{visit}/cancel", visiting.cancel_visit,
        "End a visit before its time", visiting.CancelBody, act=roles.RELEASE,
    ),
    _entry(
        "visits", "/lines/{line}/visits/{visit}/reports", visiting.report_visit,
        "Report on a visit; two reports of the same bytes are the joint one",
        visiting.VisitReportBody, act=roles.RELEASE,
    ),
)  # fmt: skip

DESKS = (
    _get(
        "desks", "/lines/{line}/desks", desks.list_desks,
        "Desks for guests on a visit to us, with their sessions", list[DeskView],
    ),
    _post(
        "desks", "/lines/{line}/desks", desks.set_up_desk,
        "Set up the desk of a visit that is granted", desks.DeskBody, DeskView,
        act=roles.RELEASE,
    ),
    _get("desks", "/desks/{desk}", desks.show_desk, "One desk", DeskView),
    _delete(
        "desks", "/desks/{desk}", desks.close_desk,
        "Close a desk for good: its session and its guests' accounts end", act=roles.RELEASE,
        may_raise=(StateError,),
    ),
    _post(
        "desks", "/desks/{desk}/files", desks.lay_file,
        "Lay out a text or a picture, without what is written beside the picture",
        desks.LaidFileBody, DeskView, act=roles.RELEASE,
    ),
    _post(
        "desks", "/desks/{desk}/plans", desks.lay_plan,
        "Lay out a plan of ours as it now is, if it lies within what was granted",
        desks.LaidPlanBody, DeskView, act=roles.RELEASE,
    ),
    _post(
        "desks", "/desks/{desk}/entries", desks.lay_entry,
        "Lay out a release or an observation of the line, if it lies in a granted place",
        desks.LaidEntryBody, DeskView, act=roles.RELEASE,
    ),
    _delete(
        "desks", "/desks/{desk}/items/{item}", desks.put_away, "Take something off a desk",
        act=roles.RELEASE, may_raise=(StateError,),
    ),
    _post(
        "desks", "/desks/{desk}/guests", desks.add_guest,
        "Make an account for a guest; the answer holds a link that works once",
        None, GuestMadeView, act=roles.ACCOUNTS, may_raise=(StateError, LimitError),
    ),
    _get(
        "desks", "/desks/{desk}/collected", desks.show_collected,
        "What the guest has marked, as one file to be sealed", bytes, media="application/zip",
        act=roles.RELEASE,
    ),
    _get(
        "desks", "/desk-sessions/{session}/log", desks.show_session_log,
        "A session's log, to be handed to the guest", bytes, media="application/x-ndjson",
    ),
    _post(
        "desks", "/desk-sessions/{session}/halt", desks.halt_session,
        "Halt a session: nothing more is shown to the guest", bodies.NoteBody, SessionView,
        status=200, act=roles.TALK, may_raise=(),
    ),
    _get(
        "desks", "/lines/{line}/session-logs", desks.list_session_logs,
        "Which log of each session either side says it holds, and whether they agree",
        list[HeldLogView],
    ),
    _entry(
        "desks", "/lines/{line}/session-logs", desks.confirm_session_log,
        "Check a session's log and say on the line that we hold it", desks.SessionLogBody,
        act=roles.TALK, may_raise=(RecordError, StateError),
    ),
)  # fmt: skip

ROUTES: tuple[Route, ...] = (
    NODE
    + PLANS
    + LINES
    + TALK
    + RECORD
    + PERMISSIONS
    + MEDIA
    + EVENTS
    + OBSERVATIONS
    + VISITS
    + DESKS
)
