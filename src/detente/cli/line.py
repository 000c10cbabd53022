"""`detente line …` and `detente lines`: founding, reading, joining and carrying lines.

Joining is deliberate. One operator founds a line: a document that holds every party's card and the
terms. Every operator reads it (`line show`), compares the other parties' fingerprints over another
channel, and joins with those fingerprints typed in.
"""

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from detente.cli.carry import export, import_
from detente.cli.consent import TokenFile, Yes, agree, token_of
from detente.cli.files import read_file, write_file
from detente.cli.options import Directory, Format
from detente.cli.signing import sign_terms
from detente.errors import InputError

if TYPE_CHECKING:
    from detente.line import Founding

CARD_BYTES_MAX = 32 * 1024
FOUNDING_BYTES_MAX = 1024 * 1024
TERMS_BYTES_MAX = 64 * 1024

app = typer.Typer(help="Found, read, join and carry lines.", rich_markup_mode=None)
app.command()(export)
app.command("import")(import_)
app.command("sign-terms")(sign_terms)

Document = Annotated[Path, typer.Argument(metavar="FILE", help="A line's founding document.")]


@app.command()
def terms(
    watching: Annotated[
        bool,
        typer.Option("--watching", help="With the standard part about permissions and visits."),
    ] = False,
) -> None:
    """Print the shipped terms as TOML, to be edited and given to `line found` or `sign-terms`."""
    from datetime import UTC, datetime

    from detente.cli.terms import template

    sys.stdout.write(template(datetime.now(UTC), watching=watching))


@app.command()
def found(
    directory: Directory,
    name: Annotated[str, typer.Option(help="The line's name.")],
    card: Annotated[
        list[Path], typer.Option("--with", metavar="CARD", help="Another party's card.")
    ],
    terms: Annotated[Path, typer.Option(metavar="FILE", help="The terms: .toml or .json.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where the document goes.")],
) -> None:
    """Write a line's founding document. It joins nothing: every party joins for itself."""
    from detente.cli.ask import ask, ask_json
    from detente.cli.terms import read_terms
    from detente.record import open_card

    cards = [read_file(path, CARD_BYTES_MAX).strip() for path in card]
    members = {open_card(data).card.party for data in cards}
    members.add(ask_json(directory, "GET", "/node")["party"])
    wire = read_terms(terms, read_file(terms, TERMS_BYTES_MAX), members)
    body = {"name": name, "terms": wire, "cards": [_text(data, "card") for data in cards]}
    write_file(out, ask(directory, "POST", "/lines/found", body))
    print(f"Founded {name} in {out}. Give this file to every party; each joins with `line join`.")


@app.command()
def show(file: Document) -> None:
    """Print a founding document's terms, and the fingerprints to compare before joining."""
    from detente.line import open_founding

    founding = open_founding(read_file(file, FOUNDING_BYTES_MAX))
    print(f"line      {founding.name}")
    print(f"id        {founding.id}")
    for label, value in _terms_rows(founding):
        print(f"{label:<9} {value}")
    print("\nCompare each fingerprint with its party over another channel before you join:")
    for party, card in founding.cards.items():
        print(f"  {party:<12} {card.fingerprint}  {card.card.name}, {card.card.endpoint}")


@app.command()
def join(
    directory: Directory,
    file: Document,
    confirm: Annotated[
        list[str],
        typer.Option(metavar="PARTY=FINGERPRINT", help="As that party read it out to you."),
    ],
    newcomer: Annotated[
        bool, typer.Option("--newcomer", help="We are not in it; its parties take us in.")
    ] = False,
) -> None:
    """Join a line with the fingerprints that the other parties confirmed."""
    from detente.cli.ask import ask_json

    body = {
        "founding": _text(read_file(file, FOUNDING_BYTES_MAX), str(file)),
        "confirm": dict(map(_confirmed, confirm)),
        "newcomer": newcomer,
    }
    line = ask_json(directory, "POST", "/lines/join", body)
    waiting = [member["party"] for member in line["members"] if not member["joined"]]
    print(f"Joined {line['name']} ({line['id'][:12]}…) as {line['own']}.")
    if newcomer:
        print("Its parties answer us once every one of them has signed `line admit` for us.")
    elif waiting:
        print(f"It is in force when these have joined too: {', '.join(waiting)}")


@app.command()
def admit(
    directory: Directory,
    line: Annotated[str, typer.Option(help="The line's name or id.")],
    card: Annotated[Path, typer.Option(metavar="FILE", help="The newcomer's card.")],
    confirm: Annotated[
        str, typer.Option(metavar="FINGERPRINT", help="As the newcomer's operator read it out.")
    ],
    yes: Yes = False,
    token_file: TokenFile = None,
) -> None:
    """Sign for taking a party in, which then sees everything ever said on the line."""
    from urllib.parse import quote

    from detente.cli.ask import ask_json
    from detente.record import open_card

    data = read_file(card, CARD_BYTES_MAX)
    newcomer = open_card(data.strip()).card
    _, digits = _confirmed(f"{newcomer.party}={confirm}")
    token = token_of(token_file)
    path = f"/lines/{quote(line, safe='')}/admissions"
    told = ask_json(directory, "GET", path)
    print(
        f"Once every party has signed, {newcomer.party} ({newcomer.name}) is sent everything that "
        f"was ever said on this line: {told['entries']:,} entries by now, {told['bodies']:,} with "
        "their content. It cannot be sent less, and nobody can be put out again."
    )
    agree("Do you agree to that for your party?", yes=yes)
    body = {"card": _text(data.strip(), str(card)), "fingerprint": digits, "sees_everything": True}
    ask_json(directory, "POST", path, body, token=token)
    for one in ask_json(directory, "GET", path)["parties"]:
        if one["party"] == newcomer.party:
            _print_admission(one)


@app.command()
def admissions(
    directory: Directory,
    line: Annotated[str, typer.Option(help="The line's name or id.")],
) -> None:
    """Show who is being taken into a line or was, and who has to sign for it still."""
    from urllib.parse import quote

    from detente.cli.ask import ask_json

    told = ask_json(directory, "GET", f"/lines/{quote(line, safe='')}/admissions")
    for one in told["parties"]:
        _print_admission(one)
    if not told["parties"]:
        print("Nobody has been taken in, or is to be.")


def _print_admission(one: dict[str, Any]) -> None:
    waits = f"waits for {', '.join(one['waits_for'])}"
    print(f"{one['party']:<12} {'TAKEN IN' if one['admitted'] else waits}")
    print(f"  {one['fingerprint']}  {one['name']}, signed by {', '.join(one['signed_by'])}")


@app.command()
def leave(
    directory: Directory,
    line: Annotated[str, typer.Option(help="The line's name or id.")],
    note: Annotated[str, typer.Option(help="Why; it goes onto the line.")] = "",
    yes: Yes = False,
    token_file: TokenFile = None,
) -> None:
    """Leave a line for good. What is held of it stays; nothing more is sent or taken."""
    from urllib.parse import quote

    from detente.cli.ask import ask_json

    token = token_of(token_file)
    found = ask_json(directory, "GET", f"/lines/{quote(line, safe='')}")
    print(
        f"{found['own']} leaves {found['name']} for good: it is sent nothing more, says nothing "
        "more, and cannot come back under this party id."
    )
    agree("Do you agree to that for your party?", yes=yes)
    path = f"/lines/{quote(line, safe='')}/leave"
    ask_json(directory, "POST", path, {"note": note}, token=token)
    print("We have left. Let the node run until it has told every other party.")


def lines(
    directory: Directory,
    format: Annotated[Format, typer.Option(help="How the result is written.")] = Format.TABLE,
) -> None:
    """List the lines this node has joined."""
    from detente.cli.ask import ask_json

    found = ask_json(directory, "GET", "/lines")
    if format is Format.JSON:
        print(json.dumps(found))
        return
    if not found:
        print("This node has joined no line yet.")
    for line in found:
        _print_line(line)


def _print_line(line: dict[str, Any]) -> None:
    exercise = f"  EXERCISE {line['exercise']}" if line["exercise"] else ""
    print(f"{line['name']}  {line['state']}{exercise}\n  {line['id']}")
    for member in line["members"]:
        joined = "joined" if member["joined"] else "not yet joined"
        joined = "LEFT" if member["left"] else joined
        print(f"  {member['party']:<12} {joined:<15} {member['fingerprint']}  {member['name']}")


def _confirmed(text: str) -> tuple[str, str]:
    """``us=0a1b 2c3d …`` as party and fingerprint; groups may be run together or spaced."""
    party, _, fingerprint = text.partition("=")
    digits = re.sub(r"[\s:-]", "", fingerprint).lower()
    if not party or not re.fullmatch(r"[0-9a-f]{32}", digits):
        raise InputError(
            f"{text[:80]!r} is not a party and its fingerprint",
            where="--confirm",
            remedy="write it as --confirm 'PARTY=0123 4567 89ab cdef 0123 4567 89ab cdef', with "
            "the party's id and the fingerprint that its operator read out",
        )
    return party, " ".join(digits[i : i + 4] for i in range(0, 32, 4))


def _text(data: bytes, where: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(
            "is not text", where=where, remedy="check that this is the right file"
        ) from None


def _terms_rows(founding: "Founding") -> list[tuple[str, str]]:
    """What the terms say, in words, for the person who will sign them."""
    from detente.volumes.times import format_time
    from detente.volumes.units import FT_M, NM_M

    terms = founding.terms
    area, apart = terms.area, terms.separation
    rows = [
        ("members", ", ".join(terms.members)),
        ("area", f"{area.south}° to {area.north}° N, {area.west}° to {area.east}° E"),
        (
            "conflict",
            f"closer than {apart.lateral_m / NM_M:g} NM ({apart.lateral_m:g} m), "
            f"{apart.vertical_m / FT_M:g} ft ({apart.vertical_m:g} m) "
            f"and {_duration(apart.time_s)} at once",
        ),
        (
            "notice",
            f"{_duration(terms.notice.normal_s)} ahead, "
            f"emergency {_duration(terms.notice.emergency_s)}",
        ),
        (
            "answers",
            f"understood in {_duration(terms.acknowledge.understood_s)} (urgent "
            f"{_duration(terms.acknowledge.urgent_understood_s)}), disseminated in "
            f"{_duration(terms.acknowledge.disseminated_s)}",
        ),
        (
            "checks",
            f"at {', '.join(f'{hour:02d}' for hour in terms.line_checks.hours_utc) or 'no hour'} Z,"
            f" within {_duration(terms.line_checks.grace_s)}, "
            f"from {format_time(terms.effective_from_s)}",
        ),
        ("languages", ", ".join(terms.languages)),
        ("review", f"on {terms.review_on}"),
    ]
    if terms.two_person is not None:
        kinds = ", ".join(terms.two_person.exact_releases) or "none"
        new, leaving = terms.two_person.terms, terms.two_person.leaving
        told = f"exact releases of: {kinds}; new terms: {'yes' if new else 'no'}; "
        told += f"leaving: {'yes' if leaving else 'no'}"
        rows.append(("two officers", told))
    if terms.watching is not None:
        visit = terms.watching.visit
        told = f"answers in {_duration(terms.watching.answer_s)}; visits: "
        told += f"notice {_duration(visit.notice_s)}, noted in {_duration(visit.acknowledge_s)}, "
        told += f"plan {_duration(visit.plan_s)} ahead, review in {_duration(visit.review_s)}, "
        told += f"agreed in {_duration(visit.agree_s)}, flown in {_duration(visit.fly_s)}"
        rows.append(("watching", told))
        for quota in terms.watching.quotas:
            told = f"{quota.units} × {quota.name} of {quota.guest} with {quota.host}"
            rows.append(("quota", f"{told}, {quota.start} to {quota.end}"))
    for witness in terms.witnesses:
        rows.append(("witness", f"{witness.name} at {witness.url or 'no address: not called'}"))
        rows += [("", key if len(key) < 100 else f"{key[:60]}…") for key in witness.keys]
    if terms.exercise is not None:
        rows.append(("EXERCISE", f"{terms.exercise.name}: everything on this line is invented"))
    return rows


def _duration(seconds: float) -> str:
    for unit_s, unit in ((3600, "h"), (60, "min")):
        if seconds and seconds % unit_s == 0:
            return f"{seconds / unit_s:g} {unit}"
    return f"{seconds:g} s"
