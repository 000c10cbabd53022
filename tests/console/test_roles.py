"""What each role sees and may do in the console, as declared here and nowhere else."""

import re
from typing import Any

import pytest

from detente.console import actions
from detente.errors import SecondOfficerError
from detente.node import roles

LINE = "/console/lines/northern-watch"
NAME = "northern-watch"

LETTERS = {"W": "watch", "R": "releaser", "S": "senior", "A": "auditor", "M": "admin"}
ACTIONS = {
    "acknowledge": "WRS",
    "send": "WRS",
    "propose": "WRS",
    "answer": "WRS",
    "check": "WRS",
    "lapse": "WRS",
    "suspend": "S",
    "resume": "S",
    "leave": "M",
    "release": "RS",
    "withdraw": "RS",
    "recall": "RS",
    "file": "WRS",
    "change": "WRS",
    "drop": "WRS",
    "confirm": "RSM",
    "observe": "WRS",
    "report": "RS",
    "retract": "RS",
}
"""W watch, R releaser, S senior, A auditor, M administrator."""
FORMS = {
    "message": "WRS",
    "propose": "WRS",
    "answer": "WRS",
    "lapse": "WRS",
    "suspend": "S",
    "resume": "S",
    "leave": "M",
    "release": "RS",
    "withdraw": "RS",
    "recall": "RS",
    "plan": "WRS",
    "drop": "WRS",
    "second": "RSM",
    "slots": "WRS",
}


def may(role: str, who: str) -> bool:
    return role in {LETTERS[letter] for letter in who}


def something_to_do(pair: Any) -> None:
    """Messages, conflicts, a proposal to carry out: whatever has buttons."""
    pair.release()
    us, ru = pair.us.node, pair.ru.node
    ru.send(NAME, text="a message", language="en", precedence="urgent-safety", officer="watch-1")
    us.send(NAME, text="our own", language="en", officer="watch-1")
    conflict = next(c for c in ru.conflicts(NAME) if c.state == "open" and c.basis == "joint")
    shift = next(s.shift for s in ru.conflict(NAME, conflict.id).suggestions if s.moves == "us")
    proposal = ru.propose(NAME, conflict.id, "us", shift, officer="watch-1")
    pair.level()
    us.assent(NAME, proposal.id, officer="watch-1")


def log_in_as(pair: Any, browser: Any, role: str) -> None:
    pair.us.node.add_officer(f"one {role}", role)
    browser.get(f"/login?t={pair.us.node.login_link(f'one {role}')}")


def pages(pair: Any, browser: Any) -> str:
    """The watch page with a conflict, with a plan of ours and with an activity of theirs."""
    conflict = next(c for c in pair.us.node.conflicts(NAME) if c.basis == "joint")
    plan, theirs = pair.us.node.plans()[0], pair.ru.node.plans()[0]
    chosen = (f"conflict:{conflict.id}", f"activity:us/{plan.id}", f"activity:ru/{theirs.id}")
    details = [browser.get(f"{LINE}/panels/detail", params={"selected": one}) for one in chosen]
    return "".join(answer.text for answer in (browser.get(LINE), *details))


def test_the_tables_are_whole() -> None:
    assert ACTIONS.keys() == actions.ACTIONS.keys() == actions.NEEDS.keys()


def test_what_the_console_shows_and_does_for_every_role(stranger: Any, pair: Any) -> None:
    something_to_do(pair)
    for role in roles.ROLES:
        log_in_as(pair, stranger, role)
        check_buttons(role, stranger, pair)
        check_forms_and_actions(role, stranger, pair)


def check_buttons(role: str, browser: Any, pair: Any) -> None:
    """No button leads to what the role forbids."""
    shown = pages(pair, browser)
    posts = set(re.findall(rf'hx-post="{LINE}/([a-z-]+)"', shown))
    forms = set(re.findall(rf'href="{LINE}/desk/([a-z-]+)', shown))
    assert {name for name in posts if not may(role, ACTIONS[name])} == set()
    assert {name for name in forms if not may(role, FORMS[name])} == set()
    disabled = re.findall(r'<button type="button" id="([^"]+)" disabled title="([^"]+)"', shown)
    assert all("needs the role" in why for _, why in disabled)
    # Nothing vanishes: what a role may not do is there, and says why.
    everywhere = {"write", "new-plan", "release-exact", "carry-", "activity-understood", "urgent-"}
    ids = set(re.findall(r'id="([^"]+)"', shown))
    assert {one for one in everywhere if not any(found.startswith(one) for found in ids)} == set()
    carry = [one for one, _ in disabled if one.startswith("carry-")]
    assert bool(carry) == (role not in ("releaser", "senior"))
    assert ('id="suspension" aria-disabled="true"' in shown) == (role != "senior")
    assert ("leave-line" in shown) == (role == "admin")
    if role == "senior":
        assert disabled == []


def check_forms_and_actions(role: str, browser: Any, pair: Any) -> None:
    """They are refused whatever the page shows."""
    for form, who in FORMS.items():
        answer = browser.get(f"{LINE}/desk/{form}")
        assert (answer.status_code == 403) == (not may(role, who)), (form, answer.status_code)
    carry = browser.get(f"{LINE}/desk/answer?proposal=x&answer=carry-out")
    assert (carry.status_code == 403) == (role not in ("releaser", "senior"))
    token = re.search(r'name="form_token" value="([0-9a-f]{64})"', browser.get(LINE).text)
    assert token is not None
    for action, who in ACTIONS.items():
        if action == "leave" and may(role, who):
            continue
        answer = browser.post(
            f"{LINE}/{action}",
            data={"form_token": token[1]},
            headers={"Origin": pair.us.address, "HX-Request": "true"},
        )
        assert (answer.status_code == 403) == (not may(role, who)), (action, answer.text)
    audit = browser.get("/console/audit")
    assert (audit.status_code == 403) == (role not in ("auditor", "admin"))


def test_two_administrators_leave_a_line_from_their_pages(stranger: Any, pair: Any) -> None:
    us, ru = pair.us.node, pair.ru.node
    terms = us.line(NAME).terms | {"version": 2, "two_person": {"leaving": True}}
    for node in (us, ru):
        node.sign_terms(NAME, terms, officer="watch-1")
    pair.level()
    for name in ("boss", "boss-2"):
        us.add_officer(name, "admin")
    with pytest.raises(SecondOfficerError):
        us.leave(NAME, "over", officer="boss")
    [waits] = us.pending(NAME)
    path = f"{LINE}/desk/second?request={waits.id}"
    assert "boss asks for line.leave" in pair.us.page()
    # Who may not confirm it is told so before pressing anything.
    senior = pair.us.page(path)
    assert "needs the role admin" in senior
    assert 'value="confirm"' not in senior
    for name, sees in (("boss", "Take it back"), ("boss-2", "Confirm it")):
        stranger.get(f"/login?t={us.login_link(name)}")
        assert sees in stranger.get(path).text
    token = re.search(r'name="form_token" value="([0-9a-f]{64})"', stranger.get(path).text)
    assert token is not None
    form = {"form_token": token[1], "answer": "confirm"}
    answer = stranger.post(
        f"{LINE}/confirm",
        data=form | {"request": waits.id, "sha256": waits.sha256},
        headers={"Origin": pair.us.address, "HX-Request": "true"},
    )
    assert answer.status_code == 200, answer.text
    assert us.line(NAME).state == "left"
