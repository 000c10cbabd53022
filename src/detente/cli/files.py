"""Reading and writing the files that commands are given, with errors that name them."""

from pathlib import Path

from detente.errors import InputError, LimitError, StoreError


def read_file(path: Path, limit_bytes: int) -> bytes:
    """A file's bytes. Raises ``InputError``, or ``LimitError`` when there are more."""
    try:
        with path.open("rb") as file:
            data = file.read(limit_bytes + 1)
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror}", where=str(path), remedy="check the name"
        ) from None
    if len(data) > limit_bytes:
        raise LimitError(
            f"is larger than {limit_bytes} bytes",
            where=str(path),
            remedy="this is not a file of this kind; check the name",
        )
    return data


def make_folder(path: Path) -> None:
    """Make a folder and those it lies in, or find that it is there. Raises ``StoreError``."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"cannot be made: {error.strerror}", where=str(path), remedy="choose another folder"
        ) from None


def write_file(path: Path, data: bytes) -> None:
    """Write a new file. Raises ``StoreError``; an old file of this name stays as it is."""
    try:
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError:
        raise StoreError(
            "is there already", where=str(path), remedy="name a new file, or remove that one"
        ) from None
    except OSError as error:
        raise StoreError(
            f"cannot be written: {error.strerror}", where=str(path), remedy="check the folder"
        ) from None
