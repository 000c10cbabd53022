"""Witnesses in the terms of a line: third organisations that cosign checkpoints (protocol 5).

A witness is told by its key name and its keys, in the form in which tools for signed notes are told
a key (C2SP signed-note, "verifier keys"): Ed25519 for cosignatures, type 0x04, and, where it has
one, ML-DSA-44, type 0x06. Where it stands in the terms with a URL, every member submits its own
checkpoints there; without one, whoever likes brings its cosignatures.
"""

import re
from collections.abc import Iterable
from typing import Annotated

import msgspec
from msgspec import Meta

from detente.errors import InputError, RecordError
from detente.record.checkpoint import is_witness
from detente.record.keys import PublicKey
from detente.record.mldsa import MlDsaPublicKey
from detente.record.note import COSIGNATURE, ML_DSA_44, parse_verifier_key

WITNESSES_MAX = 4
_URL = re.compile(
    r"https://(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:]{2,45}\])(?::[0-9]{1,5})?(?:/[!$-;=@-Z_a-z~]*)?"
)
_CERTIFICATE = re.compile(
    r"-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]{1,16000}\n-----END CERTIFICATE-----\n?"
)


class Witness(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A witness. ``ca`` is the one certificate (PEM) to trust for ``url``, instead of those that
    the operating system trusts."""

    name: Annotated[str, Meta(min_length=3, max_length=128)]
    keys: Annotated[tuple[Annotated[str, Meta(max_length=4096)], ...], Meta(max_length=2)]
    url: Annotated[str, Meta(max_length=300)] | None = None
    ca: Annotated[str, Meta(max_length=16 * 1024)] | None = None

    @property
    def public(self) -> PublicKey:
        """What its cosignatures are verified with. Raises RecordError for keys that are none."""
        found = [parse_verifier_key(text) for text in self.keys]
        if [key.type for key in found] not in ([COSIGNATURE], [COSIGNATURE, ML_DSA_44]):
            raise RecordError(
                "its keys are not one for Ed25519 cosignatures (0x04), and then at most one for "
                "ML-DSA-44 (0x06)",
                remedy="write them in this order, as the witness's operator shows them",
            )
        if {key.name for key in found} != {self.name}:
            raise RecordError("its keys are under another name", remedy="copy name and keys again")
        second = MlDsaPublicKey(found[1].raw) if len(found) == 2 else None
        return PublicKey(found[0].raw, second)


def check_witnesses(witnesses: Iterable[Witness]) -> None:
    """Raise InputError for a witness that could not be used, or two that are one."""
    names: set[str] = set()
    raws: set[bytes] = set()
    listed = list(witnesses)
    if len(listed) > WITNESSES_MAX:
        raise _wrong("", f"{len(listed)} witnesses", f"name at most {WITNESSES_MAX}")
    for one in listed:
        if not is_witness(one.name):
            raise _wrong(
                one.name,
                "its name is not one like witness.example/w1",
                "give a key name of 3 to 128 ASCII characters with a dot or a slash in it, without "
                "blanks and plus signs, and not below detente.invalid/",
            )
        try:
            key = one.public
        except RecordError as error:
            raise _wrong(one.name, error.message, error.remedy) from error
        if one.url is not None and not _URL.fullmatch(one.url):
            raise _wrong(one.name, "its url is not one", "write it as in https://w.example:7450")
        if one.ca is not None and (one.url is None or not _CERTIFICATE.fullmatch(one.ca)):
            raise _wrong(one.name, "its ca is not one certificate in PEM for its url", "copy it")
        halves = {key.raw, *([] if key.ml_dsa is None else [key.ml_dsa.raw])}
        if one.name in names or halves & raws:
            raise _wrong(one.name, "two witnesses have one name or one key", "name each once")
        names.add(one.name)
        raws |= halves


def _wrong(name: str, message: str, remedy: str) -> InputError:
    where = f"terms: witnesses: {name}" if name else "terms: witnesses"
    return InputError(message, remedy=remedy, where=where)
