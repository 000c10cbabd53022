"""What a witness cosigns, and what it refuses, whatever is asked of it in whatever order."""

import base64
import hashlib
import shutil
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detente.errors import (
    InputError,
    LimitError,
    NotFoundError,
    RecordError,
    SignatureError,
    StateError,
)
from detente.record import SigningKey
from detente.record.checkpoint import (
    cosigned_message,
    lines_by,
    read_checkpoint,
    verify_cosignature,
)
from detente.record.note import COSIGNATURE, ML_DSA_44, key_id
from detente.record.tree import EMPTY_ROOT
from detente.record.witness import Submission, encode_submission
from detente.witness import served, store
from detente.witness.cosigner import InconsistentError, StaleError
from detente.witness.settings import as_in_terms, create, load_settings
from detente.witness.store import FILE, REFUSED_MAX, WitnessStore

Kept = Any
Log = Any
NAME = "witness.example/w1"
NOW_S = 1_795_334_400


def test_the_answer_is_two_signature_lines_over_what_the_specification_says(
    kept: Kept, log: Log
) -> None:
    answer = kept.cosigner.add_checkpoint(log.submission(0, 3))
    lines = answer.split("\n")
    assert len(lines) == 3
    assert lines[2] == ""
    blobs = [base64.b64decode(line.removeprefix(f"— {NAME} ")) for line in lines[:2]]
    # By hand, from tlog-cosignature: key id, timestamp, signature of the head and the note's text.
    assert [blob[4:12] for blob in blobs] == [NOW_S.to_bytes(8, "big")] * 2
    assert blobs[0][:4] == key_id(NAME, COSIGNATURE, kept.public.raw)
    assert blobs[1][:4] == key_id(NAME, ML_DSA_44, kept.public.ml_dsa.raw)
    text = log.note(3).split("\n\n")[0] + "\n"
    kept.public.verify(blobs[0][12:], f"cosignature/v1\ntime {NOW_S}\n{text}".encode())
    head = b"subtree/v1\n\0" + bytes([len(NAME)]) + NAME.encode() + NOW_S.to_bytes(8, "big")
    log_name = bytes([len(log.origin)]) + log.origin.encode()
    root = read_checkpoint(log.note(3)).root
    numbers = (0).to_bytes(8, "big") + (3).to_bytes(8, "big")
    kept.public.ml_dsa.verify(blobs[1][12:], head + log_name + numbers + root)
    assert cosigned_message(text, NOW_S).startswith(b"cosignature/v1\n")


def test_a_log_goes_on(kept: Kept, log: Log) -> None:
    for old, size in ((0, 3), (3, 4), (4, 4), (4, 8)):
        answer = kept.cosigner.add_checkpoint(log.submission(old, size))
        text = lines_by(answer.removesuffix("\n"), NAME, kept.public)
        assert verify_cosignature(text, log.note(size), NAME, kept.public) == NOW_S


def test_an_empty_log_is_cosigned_too(kept: Kept, log: Log) -> None:
    assert read_checkpoint(log.note(0)).root == EMPTY_ROOT
    kept.cosigner.add_checkpoint(log.submission(0, 0))
    kept.cosigner.add_checkpoint(log.submission(0, 2))


@pytest.mark.parametrize("old", [0, 2, 4])
def test_another_size_than_the_last_is_told_the_last(kept: Kept, log: Log, old: int) -> None:
    kept.cosigner.add_checkpoint(log.submission(0, 3))
    with pytest.raises(StaleError) as told:
        kept.cosigner.add_checkpoint(log.submission(old, 5))
    assert told.value.size == 3


def test_a_fork_is_refused_and_kept(kept: Kept, log: Log, fork: Log) -> None:
    kept.cosigner.add_checkpoint(log.submission(0, 5))
    before = kept.cosigner.checkpoint(_hash(log))
    for old, size in ((5, 5), (5, 6)):
        proof = fork.proof(old, size)
        with pytest.raises(InconsistentError):
            kept.cosigner.add_checkpoint(encode_submission(Submission(old, proof, fork.note(size))))
    with pytest.raises(StaleError):
        kept.cosigner.add_checkpoint(fork.submission(0, 5))
    assert kept.cosigner.checkpoint(_hash(log)) == before
    refused = kept.refused()
    assert {read_checkpoint(one.note).size for one in refused} == {5, 6}
    assert all(one.held == before for one in refused)


def test_evidence_is_bounded(kept: Kept, log: Log) -> None:
    kept.cosigner.add_checkpoint(log.submission(0, 2))
    for n in range(REFUSED_MAX + 3):
        log.leaves[0] = b"fork %d" % n
        with pytest.raises(InconsistentError):
            kept.cosigner.add_checkpoint(log.submission(2, 2))
    assert len(kept.refused()) == REFUSED_MAX


def test_what_is_merely_out_of_date_is_no_evidence(kept: Kept, log: Log) -> None:
    kept.cosigner.add_checkpoint(log.submission(0, 5))
    with pytest.raises(StaleError):
        kept.cosigner.add_checkpoint(log.submission(0, 3))
    assert kept.refused() == []


def test_who_is_not_served_leaves_nothing(kept: Kept, make_log: Callable[..., Log]) -> None:
    stranger = make_log()
    with pytest.raises(NotFoundError):
        kept.cosigner.add_checkpoint(stranger.submission(0, 1))
    with pytest.raises(NotFoundError):
        kept.cosigner.checkpoint(_hash(stranger))
    kept.allow(stranger)
    with pytest.raises(NotFoundError):
        kept.cosigner.checkpoint(_hash(stranger))


def test_another_key_is_refused_before_anything_else(
    kept: Kept, log: Log, make_log: Callable[..., Log]
) -> None:
    kept.cosigner.add_checkpoint(log.submission(0, 3))
    thief = make_log(key=SigningKey.generate())
    for old in (0, 3):
        with pytest.raises(SignatureError):
            kept.cosigner.add_checkpoint(thief.submission(old, 5))
    assert kept.refused() == []


def test_a_key_is_changed_by_the_operator(
    kept: Kept, log: Log, make_log: Callable[..., Log]
) -> None:
    kept.cosigner.add_checkpoint(log.submission(0, 3))
    new = make_log(key=SigningKey.generate(log.key.ml_dsa))
    with pytest.raises(SignatureError):
        kept.cosigner.add_checkpoint(new.submission(3, 5))
    kept.allow(new)
    kept.cosigner.add_checkpoint(new.submission(3, 5))
    beside = WitnessStore(kept.directory / FILE)
    assert served.forbid(beside, log.verifier_keys()[0])
    assert not served.forbid(beside, log.verifier_keys()[0])
    beside.close()
    with pytest.raises(SignatureError):
        kept.cosigner.add_checkpoint(log.submission(5, 6))
    kept.cosigner.add_checkpoint(new.submission(5, 6))


def test_what_was_cosigned_stays_known_without_a_key(kept: Kept, log: Log, fork: Log) -> None:
    kept.cosigner.add_checkpoint(log.submission(0, 5))
    beside = WitnessStore(kept.directory / FILE)
    for key in log.verifier_keys():
        served.forbid(beside, key)
    with pytest.raises(NotFoundError):
        kept.cosigner.add_checkpoint(log.submission(5, 6))
    beside.close()
    kept.allow(log)
    with pytest.raises(StaleError):
        kept.cosigner.add_checkpoint(fork.submission(0, 5))


@pytest.mark.parametrize(
    "body",
    [b"", b"old 0\n", b"\xff", b"old 0\n\nx", b"old 0\n\no\n1\nAAAA\n\n\xe2\x80\x94 a b\n"],
)
def test_what_is_malformed_is_refused(kept: Kept, body: bytes) -> None:
    with pytest.raises((RecordError, LimitError)):
        kept.cosigner.add_checkpoint(body)


def test_an_old_size_above_the_checkpoint_is_malformed(kept: Kept, log: Log) -> None:
    body = encode_submission(Submission(3, (), log.note(2)))
    with pytest.raises(RecordError, match="larger than the checkpoint") as told:
        kept.cosigner.add_checkpoint(body)
    assert not isinstance(told.value, InconsistentError)


@pytest.mark.parametrize("old", [0, 2])
def test_a_proof_too_many_is_inconsistent(kept: Kept, log: Log, old: int) -> None:
    if old:
        kept.cosigner.add_checkpoint(log.submission(0, old))
    body = encode_submission(Submission(old, (bytes(32),), log.note(2)))
    with pytest.raises(InconsistentError):
        kept.cosigner.add_checkpoint(body)


def test_it_goes_on_after_a_restart(kept: Kept, log: Log, fork: Log) -> None:
    kept.cosigner.add_checkpoint(log.submission(0, 5))
    before = kept.cosigner.checkpoint(_hash(log))
    kept.cosigner.close()
    kept.open()
    assert kept.cosigner.checkpoint(_hash(log)) == before
    with pytest.raises(StaleError):
        kept.cosigner.add_checkpoint(fork.submission(3, 6))
    kept.cosigner.add_checkpoint(log.submission(5, 8))


def test_a_restored_database_forgets_nothing_that_was_cosigned(
    kept: Kept, log: Log, fork: Log
) -> None:
    """Between the backup at size 3 and now, sizes 4 and 5 went out. The fork begins after 3."""
    kept.cosigner.add_checkpoint(log.submission(0, 3))
    kept.cosigner.close()
    backup = kept.directory / "backup"
    shutil.copy(kept.directory / FILE, backup)
    kept.open().add_checkpoint(log.submission(3, 5))
    kept.cosigner.close()
    for file in kept.directory.glob(f"{FILE}*"):
        file.unlink()
    shutil.copy(backup, kept.directory / FILE)
    kept.open()
    with pytest.raises(StaleError) as told:
        kept.cosigner.add_checkpoint(fork.submission(3, 4))
    assert told.value.size == 5
    with pytest.raises(InconsistentError):
        kept.cosigner.add_checkpoint(fork.submission(5, 6))
    kept.cosigner.add_checkpoint(log.submission(5, 6))
    assert read_checkpoint(kept.cosigner.checkpoint(_hash(log))).size == 6


def test_signatures_by_keys_it_was_not_told_of_are_kept_and_never_taken_away(
    kept: Kept, log: Log
) -> None:
    first, second = log.verifier_keys()
    beside = WitnessStore(kept.directory / FILE)
    served.forbid(beside, second)
    kept.cosigner.add_checkpoint(log.submission(0, 3))
    whole = kept.cosigner.checkpoint(_hash(log))
    assert whole.startswith(log.note(3).split("\n\n")[0])
    assert whole.count(f"\n— {log.origin} ") == 2
    text, lines = log.note(3).split("\n\n")
    bare = f"{text}\n\n{lines.splitlines()[0]}\n"
    kept.cosigner.add_checkpoint(encode_submission(Submission(3, (), bare)))
    assert kept.cosigner.checkpoint(_hash(log)).count(f"\n— {log.origin} ") == 2
    served.forbid(beside, first)
    served.allow(beside, second)
    beside.close()
    with pytest.raises(SignatureError):
        kept.cosigner.add_checkpoint(encode_submission(Submission(3, (), bare)))


def test_a_half_allowed_log_heals_without_growing(kept: Kept, log: Log) -> None:
    """An id of the log's second key before noise: unverified it counts for nothing later."""
    second = log.verifier_keys()[1]
    beside = WitnessStore(kept.directory / FILE)
    served.forbid(beside, second)
    text, lines = log.note(3).split("\n\n")
    noise = base64.b64encode(bytes.fromhex(second.split("+")[1]) + bytes(2428)).decode()
    false = f"{text}\n\n{lines.splitlines()[0]}\n— {log.origin} {noise}\n"
    kept.cosigner.add_checkpoint(encode_submission(Submission(0, (), false)))
    assert noise in kept.cosigner.checkpoint(_hash(log))
    served.allow(beside, second)
    beside.close()
    kept.cosigner.add_checkpoint(encode_submission(Submission(3, (), f"{text}\n\n{lines}")))
    healed = kept.cosigner.checkpoint(_hash(log))
    assert noise not in healed
    assert all(line in healed for line in lines.splitlines())


def test_who_is_turned_away_is_shown_to_the_operator_until_it_is_allowed(
    kept: Kept, log: Log, make_log: Callable[..., Log]
) -> None:
    changed = make_log(key=SigningKey.generate(log.key.ml_dsa))
    with pytest.raises(SignatureError):
        kept.cosigner.add_checkpoint(changed.submission(0, 3))
    beside = WitnessStore(kept.directory / FILE)
    with beside.read() as tx:
        (one,) = store.all_turned_away(tx)
    assert (one.origin, one.time_s) == (log.origin, NOW_S)
    assert one.key_ids == (changed.verifier_keys()[0].split("+")[1],)
    kept.allow(changed)
    kept.cosigner.add_checkpoint(changed.submission(0, 3))
    with beside.read() as tx:
        assert store.all_turned_away(tx) == []
    for n in range(store.TURNED_AWAY_MAX + 5):
        away = store.TurnedAway(f"stranger.example/{n}", NOW_S + n, "not served", ())
        beside.write(lambda tx, away=away: store.turn_away(tx, away))  # type: ignore[misc]
    served_one = store.TurnedAway(log.origin, NOW_S - 9, "keys", ("00000000",))
    assert beside.write(lambda tx: store.turn_away(tx, served_one))
    assert not beside.write(lambda tx: store.turn_away(tx, served_one))
    with beside.read() as tx:
        found = store.all_turned_away(tx)
    beside.close()
    assert len(found) == store.TURNED_AWAY_MAX
    assert found[0].origin == f"stranger.example/{store.TURNED_AWAY_MAX + 4}"
    assert found[-1] == served_one


def test_a_policy_allows_every_key_of_its_log(kept: Kept, make_log: Callable[..., Log]) -> None:
    one = make_log()
    keys = one.verifier_keys()
    policy = "".join(f"log {key}\n" for key in keys) + "quorum none\n"
    beside = WitnessStore(kept.directory / FILE)
    assert served.allow_policy(beside, policy.encode()) == keys
    for wrong in (b"", b"quorum none\n", b"log nonsense\n", b"\xff"):
        with pytest.raises((InputError, RecordError)):
            served.allow_policy(beside, wrong)
    beside.close()
    kept.cosigner.add_checkpoint(one.submission(0, 3))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(asked=st.lists(st.tuples(st.booleans(), st.integers(0, 8), st.integers(0, 8)), max_size=12))
def test_two_histories_of_one_log_are_never_cosigned(
    kept: Kept, make_log: Callable[..., Log], asked: list[tuple[bool, int, int]]
) -> None:
    """The oracle knows leaves and no trees: one signed log is the beginning of the next one."""
    true = make_log(hybrid=False)
    true.origin = f"log.example/{true.key.public.keyid[:16]}"
    false = type(true)(true.key, [*true.leaves[:3], *(b"x %d" % n for n in range(5))], true.origin)
    kept.allow(true)
    signed: list[bytes] = []
    for forked, old, size in asked:
        source = false if forked else true
        if old > size:
            continue
        try:
            kept.cosigner.add_checkpoint(source.submission(old, size))
        except (StaleError, InconsistentError):
            may = old == len(signed) and source.leaves[:old] == signed
            assert not may, (old, size)
            continue
        assert old == len(signed)
        assert source.leaves[:old] == signed
        signed = source.leaves[:size]


def test_a_line_is_served_by_its_founding_document(kept: Kept) -> None:
    with pytest.raises(InputError):
        served.allow_line(WitnessStore(kept.directory / FILE), b"{}")


def test_a_folder_is_made_once_and_read_as_it_was_made(kept: Kept) -> None:
    assert load_settings(kept.directory).name == NAME
    witness = as_in_terms(kept.directory)
    assert (witness.name, witness.url) == (NAME, "https://127.0.0.1:7450")
    assert witness.ca is not None
    with pytest.raises(StateError):
        create(kept.directory, NAME, "https://127.0.0.1:7450", "127.0.0.1:7450", None)


@pytest.mark.parametrize(
    ("name", "url", "listen"),
    [
        ("w1", "https://w.example", "127.0.0.1:1"),
        (NAME, "http://w.example", "127.0.0.1:1"),
        (NAME, "https://w.example", "nowhere"),
        (NAME, "https://w example", "127.0.0.1:1"),
    ],
)
def test_what_nobody_could_use_is_not_made(tmp_path: Any, name: str, url: str, listen: str) -> None:
    with pytest.raises(InputError):
        create(tmp_path / "w", name, url, listen, None)
    assert not (tmp_path / "w").exists()


@pytest.mark.parametrize("text", ["", "name = 1", "x = [", 'name = "a.b"'])
def test_damaged_settings_are_named(kept: Kept, text: str) -> None:
    (kept.directory / "witness.toml").write_text(text)
    with pytest.raises(InputError, match=r"witness\.toml"):
        load_settings(kept.directory)


def test_tables_of_another_version_are_not_touched(kept: Kept) -> None:
    beside = WitnessStore(kept.directory / FILE)
    beside.write(lambda tx: tx.connection.execute(store.schema.update().values(version=99)))
    beside.close()
    with pytest.raises(Exception, match="version 99"):
        WitnessStore(kept.directory / FILE)


def _hash(log: Log) -> str:
    return hashlib.sha256(log.origin.encode()).hexdigest()
