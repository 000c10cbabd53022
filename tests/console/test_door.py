"""Who gets in, and whose forms count."""

import base64
import re
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

LINE = "/console/lines/northern-watch"


def test_without_a_session_nothing_of_the_line_is_shown(stranger: Any, pair: Any) -> None:
    pair.release()
    paths = ("", "/panels/messages", "/desk/plan", "/map.json", "/preview.json", "/events")
    for path in ("/console/", *(LINE + path for path in paths)):
        answer = stranger.get(path)
        assert answer.status_code == 401, path
        assert "log-in link" in answer.text
        assert "orbit" not in answer.text
        assert "northern-watch" not in answer.text


def test_a_log_in_link_opens_once(stranger: Any, pair: Any) -> None:
    code = pair.us.node.login_link("watch-1")
    first = stranger.get(f"/login?t={code}")
    assert first.status_code == 200
    stranger.cookies.clear()
    assert stranger.get(f"/login?t={code}").status_code == 401
    assert stranger.get(LINE).status_code == 401


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(stranger: Any, pair: Any) -> None:
    answer = stranger.get(f"/login?t={pair.us.node.login_link('watch-1')}")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("detente_us=")
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    # Cookies know no ports: the other party's console on this host must not take it away.
    other = pair.ru.browser.get(f"/login?t={pair.ru.node.login_link('watch-1')}")
    assert other.headers["set-cookie"].startswith("detente_ru=")


def test_behind_a_proxy_with_tls_the_cookie_is_secure_and_forms_work(
    stranger: Any, pair: Any
) -> None:
    node, own = pair.us.node, pair.us.address.replace("http://", "https://")
    through = {"X-Forwarded-Proto": "https"}
    first = stranger.get(f"/login?t={node.login_link('watch-1')}", headers=through)
    assert "Secure" in first.headers["set-cookie"]
    session = {"Cookie": first.headers["set-cookie"].partition(";")[0]}
    page = stranger.get(LINE, headers=through | session).text
    token = re.search(r'name="form_token" value="([0-9a-f]{64})"', page)
    assert token is not None
    form = {"form_token": token[1], "text": "hello", "precedence": "routine"}
    for origin, status in ((pair.us.address, 403), ("https://evil.example", 403), (own, 200)):
        headers = through | session | {"Origin": origin, "HX-Request": "true"}
        assert stranger.post(f"{LINE}/send", data=form, headers=headers).status_code == status


def test_a_log_in_gives_a_new_session_and_never_takes_one(stranger: Any, pair: Any) -> None:
    """A session that somebody planted in the browser beforehand is nobody's and stays so."""
    planted = "planted-by-somebody-else"
    stranger.cookies.set("detente_us", planted)
    answer = stranger.get(f"/login?t={pair.us.node.login_link('watch-1')}")
    assert planted not in answer.headers["set-cookie"]
    stranger.cookies.clear()
    stranger.cookies.set("detente_us", planted)
    assert stranger.get(LINE).status_code == 401


def test_logging_out_ends_the_session(pair: Any) -> None:
    token = pair.us.form_token()
    session = dict(pair.us.browser.cookies)
    answer = pair.us.browser.post(
        "/console/leave", data={"form_token": token}, headers={"Origin": pair.us.address}
    )
    assert answer.status_code == 303
    pair.us.browser.cookies.update(session)  # a thief's copy
    assert pair.us.browser.get(LINE).status_code == 401


def test_a_session_ends_with_the_watch(pair: Any) -> None:
    pair.us.page()
    pair.us.clock.ahead_s = 13 * 3600.0
    assert pair.us.browser.get(LINE).status_code == 401


def test_an_officer_whose_access_has_ended_is_out_at_once(pair: Any) -> None:
    pair.us.page()
    pair.us.node.end_officer("watch-1")
    assert pair.us.browser.get(LINE).status_code == 401


def test_a_form_that_is_not_our_own_does_nothing(pair: Any) -> None:
    own, other, here = pair.us.form_token(), pair.ru.form_token(), pair.us.address
    forms = [
        (None, here),
        ("0" * 64, here),
        (other, here),
        (own, "http://evil.example"),
        (own, "http://127.0.0.1:1"),
        (own, "null"),
        (own, None),
    ]
    for token, origin in forms:
        fields = {"text": "hello", "precedence": "routine"}
        answer = pair.us.browser.post(
            f"{LINE}/send",
            data=fields | ({"form_token": token} if token else {}),
            headers={"HX-Request": "true"} | ({"Origin": origin} if origin else {}),
        )
        assert answer.status_code == 403, (token, origin)
    assert pair.us.node.messages("northern-watch") == []


def test_every_action_wants_the_form_token(pair: Any) -> None:
    actions = [
        "acknowledge", "send", "propose", "answer", "check", "lapse", "suspend", "resume",
        "release", "withdraw", "file", "upload", "language",
    ]  # fmt: skip
    for action in actions:
        answer = pair.us.browser.post(
            f"{LINE}/{action}", data={}, headers={"Origin": pair.us.address}
        )
        assert answer.status_code == 403, action


def test_pages_forbid_what_is_not_their_own(pair: Any) -> None:
    for path in ("/login", LINE, "/console/static/built/map-worker.js", f"{LINE}/nothing/here"):
        policy = pair.us.browser.get(path).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy


PASSWORD = "herons over a frozen lake"


def test_password_and_code_open_the_console(stranger: Any, pair: Any) -> None:
    address, token = pair.us.address, pair.us.form_token()
    form = {"form_token": token, "password": PASSWORD, "again": PASSWORD}
    own = {"Origin": address}
    made = pair.us.browser.post("/console/account", data=form, headers=own)
    assert made.status_code == 200
    found = re.search(r'<pre class="wire">([A-Z2-7]+)</pre>', made.text)
    assert found is not None
    # The session that set it has ended with all others.
    assert pair.us.browser.get(LINE).status_code == 401

    code = TOTP(base64.b32decode(found[1]), 6, SHA1(), 30)
    given = {"officer": "watch-1", "password": PASSWORD}
    for wrong in ({"password": "another one entirely"}, {"code": "000000"}, {"officer": "x"}):
        right = given | {"code": code.generate(int(pair.us.clock.now_s())).decode()}
        answer = stranger.post("/login", data=right | wrong, headers=own)
        assert answer.status_code == 401
        assert "do not belong together" in answer.text
    right = given | {"code": code.generate(int(pair.us.clock.now_s())).decode()}
    foreign = stranger.post("/login", data=right, headers={"Origin": "http://evil.example"})
    assert foreign.status_code == 403
    assert stranger.post("/login", data=right, headers=own).status_code == 200
    assert stranger.get(LINE).status_code == 200


def test_only_auditors_and_administrators_read_the_audit_log(stranger: Any, pair: Any) -> None:
    assert pair.us.browser.get("/console/audit").status_code == 403
    pair.us.node.add_officer("inspector", "auditor")
    stranger.get(f"/login?t={pair.us.node.login_link('inspector')}")
    shown = stranger.get("/console/audit")
    assert shown.status_code == 200
    assert "officer.log-in" in shown.text
    assert stranger.get(LINE).status_code == 200
    assert stranger.get("/console/audit?start=x").status_code == 200
