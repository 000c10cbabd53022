"""The exception tree. Every error says what is wrong, where, and what its reader should do next.

::

    DetenteError
    ├── InputError            something read from outside cannot be used
    │   └── LimitError        … because it is larger than we accept
    ├── RecordError           an entry, checkpoint or cosignature does not verify
    │   ├── SignatureError    … because its signature is not by the key it should be by
    │   ├── GapError          … because entries before it are missing here
    │   └── ForkError         … because it contradicts what the same party signed before
    ├── AccessError           the caller may not do this
    │   └── CredentialError   … because the caller has not shown who it is
    ├── QuotaError            a member has used up what a node keeps of its log
    ├── NotFoundError         what was named does not exist here
    ├── StateError            it exists, but not in a state that allows this
    │   └── SecondOfficerError  … until a second officer confirms it
    └── StoreError            the store could not read or keep something

One type crosses each boundary: readers of files and bodies raise only ``InputError``, the
record raises only ``RecordError``; a bare ``ValueError`` caused by bad input is a defect.
"""


class DetenteError(Exception):
    """Base of all errors raised on purpose.

    ``code`` is a stable word for machines; ``message`` says what is wrong in one sentence;
    ``remedy`` says what to do next; ``where`` names the file, item or entry.
    """

    code = "error"

    def __init__(self, message: str, *, remedy: str = "", where: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.where = where

    def __str__(self) -> str:
        """One line: ``where: message; remedy``."""
        line = f"{self.where}: {self.message}" if self.where else self.message
        return f"{line}; {self.remedy}" if self.remedy else line

    def at(self, where: str) -> "DetenteError":
        """The same error, with an outer place put before its own (a file before its item)."""
        self.where = f"{where}: {self.where}" if self.where else where
        return self


class InputError(DetenteError):
    """Something read from outside (a file, a body, an option) cannot be used."""

    code = "bad-input"


class LimitError(InputError):
    """Something read from outside is larger than we accept."""

    code = "over-limit"


class RecordError(DetenteError):
    """An entry, checkpoint or cosignature does not verify."""

    code = "bad-record"


class SignatureError(RecordError):
    """A signature is missing or is not by the key it should be by."""

    code = "bad-signature"


class UnvouchedError(SignatureError):
    """A change of keys hangs on what others have not said yet, or what is not held of it."""

    def __init__(self, message: str, *, index: int, where: str = "", remedy: str = "") -> None:
        super().__init__(message, where=where, remedy=remedy)
        self.index = index


class GapError(RecordError):
    """Entries are missing before the first one offered. ``size`` says how many are held."""

    code = "gap"

    def __init__(self, message: str, *, size: int, remedy: str = "", where: str = "") -> None:
        super().__init__(message, remedy=remedy, where=where)
        self.size = size


class EarlyError(RecordError):
    """An entry hangs on entries of other logs that are not held yet; those before it do not."""

    def __init__(self, message: str, *, index: int, where: str = "", remedy: str = "") -> None:
        super().__init__(message, where=where, remedy=remedy)
        self.index = index


class ForkError(RecordError):
    """A party has signed two histories that cannot both be true."""

    code = "fork"


class AccessError(DetenteError):
    """The caller is known but may not do this."""

    code = "not-allowed"


class CredentialError(AccessError):
    """The caller has not shown who it is."""

    code = "not-authenticated"


class QuotaError(DetenteError):
    """A member has used up what a node keeps of its log. In ``retry_s`` its next day begins."""

    code = "over-quota"

    def __init__(self, message: str, *, retry_s: int, remedy: str = "", where: str = "") -> None:
        super().__init__(message, remedy=remedy, where=where)
        self.retry_s = retry_s


class NotFoundError(DetenteError):
    """What was named does not exist here."""

    code = "not-found"


class StateError(DetenteError):
    """What was named exists, but is not in a state that allows this."""

    code = "wrong-state"


class SecondOfficerError(StateError):
    """Nothing was written: another officer has to confirm it first."""

    code = "second-officer"


class StoreError(DetenteError):
    """The store could not read or keep something."""

    code = "store"
