"""Talk on a line: messages, acknowledgements, proposals, line checks, suspension, lapses."""

from detente.api import rows
from detente.api.calls import bodies
from detente.api.route import Call
from detente.node import Node, roles
from detente.node.views import EntryView, MessageView, ObligationView, PhraseView, ProposalView


def list_phrases(node: Node, call: Call) -> list[PhraseView]:
    """The phrasebook."""
    return node.phrases()


def list_messages(node: Node, call: Call) -> list[MessageView]:
    """All messages on a line."""
    return node.messages(call.path["line"])


def send_message(node: Node, call: Call) -> EntryView:
    """Say something on a line."""
    return node.send(**bodies.said(call))


def acknowledge_entry(node: Node, call: Call) -> EntryView:
    """Acknowledge an entry of another party."""
    return node.acknowledge(**bodies.said(call))


def list_proposals(node: Node, call: Call) -> list[ProposalView]:
    """All proposals on a line, and what became of each."""
    return node.proposals(call.path["line"])


def propose_change(node: Node, call: Call) -> EntryView:
    """Propose the change of one side that would end a conflict."""
    return node.propose(**bodies.said(call))


def assent_to_proposal(node: Node, call: Call) -> EntryView:
    """Assent to the other side's proposal."""
    return node.assent(**bodies.said(call))


def decline_proposal(node: Node, call: Call) -> EntryView:
    """Decline the other side's proposal."""
    return node.decline(**bodies.said(call))


def carry_out_proposal(node: Node, call: Call) -> EntryView:
    """Release our activity's next version as the proposal says."""
    return node.carry_out(**bodies.said(call))


def list_obligations(node: Node, call: Call) -> list[ObligationView]:
    """Who owes what by when."""
    return node.obligations(call.path["line"])


def state_lapse(node: Node, call: Call) -> EntryView:
    """State on the record that what was owed did not come."""
    return node.state_lapse(**bodies.said(call))


def check_line(node: Node, call: Call) -> EntryView:
    """Make a line check."""
    return node.check_line(**bodies.said(call))


def suspend_line(node: Node, call: Call) -> EntryView:
    """Declare the line suspended."""
    return node.suspend(**bodies.said(call))


def leave_line(node: Node, call: Call) -> EntryView:
    """Leave the line for good."""
    return node.leave(**bodies.said(call))


def resume_line(node: Node, call: Call) -> EntryView:
    """Take the suspension back."""
    return node.resume(**bodies.said(call))


ROUTES = (
    rows.entry(
        "lines", "/lines/{line}/line-checks", check_line, "Make a line check",
        bodies.LineCheckBody, act=roles.TALK,
    ),
    rows.entry(
        "lines", "/lines/{line}/suspend", suspend_line,
        "Declare the line suspended; safety traffic still passes", bodies.NoteBody,
        act=roles.COMMAND,
    ),
    rows.entry(
        "lines", "/lines/{line}/leave", leave_line,
        "Leave the line for good; nothing more is sent or taken", bodies.NoteBody,
        act=roles.MEMBERSHIP,
    ),
    rows.entry(
        "lines", "/lines/{line}/resume", resume_line, "Take our suspension back",
        bodies.NoteBody, act=roles.COMMAND,
    ),
    rows.get("talk", "/phrases", list_phrases, "The phrasebook", list[PhraseView]),
    rows.get(
        "talk", "/lines/{line}/messages", list_messages, "All messages", list[MessageView],
    ),
    rows.entry(
        "talk", "/lines/{line}/messages", send_message,
        "Send a message, free or from the phrasebook", bodies.MessageBody, act=roles.TALK,
    ),
    rows.entry(
        "talk", "/lines/{line}/acknowledgements", acknowledge_entry,
        "Say that an entry has been understood, or disseminated", bodies.AcknowledgeBody,
        act=roles.TALK,
    ),
    rows.get(
        "talk", "/lines/{line}/proposals", list_proposals,
        "All proposals, and what became of each", list[ProposalView],
    ),
    rows.entry(
        "talk", "/lines/{line}/proposals", propose_change,
        "Propose a change that would end a conflict", bodies.ProposeBody, act=roles.TALK,
    ),
    rows.entry(
        "talk", "/lines/{line}/proposals/{proposal}/assent", assent_to_proposal,
        "Assent to a proposal", bodies.NoteBody, act=roles.TALK,
    ),
    rows.entry(
        "talk", "/lines/{line}/proposals/{proposal}/decline", decline_proposal,
        "Decline a proposal", bodies.NoteBody, act=roles.TALK,
    ),
    rows.entry(
        "talk", "/lines/{line}/proposals/{proposal}/carry-out", carry_out_proposal,
        "Release our activity's next version as the proposal says", None, act=roles.RELEASE,
    ),
    rows.get(
        "talk", "/lines/{line}/obligations", list_obligations, "Who owes what by when",
        list[ObligationView],
    ),
    rows.entry(
        "talk", "/lines/{line}/lapses", state_lapse,
        "State on the record that what was owed did not come", bodies.LapseBody, act=roles.TALK,
    ),
)  # fmt: skip
