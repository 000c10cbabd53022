"""KMZ: which document is read, and archives that are not what they say."""

import io
import struct
import zipfile
import zlib

import pytest

from detente.errors import LimitError
from detente.formats import Reading, kmz, read_bytes

DOCUMENT = (
    b"<kml><Placemark><name>A</name><TimeSpan><begin>2021-08-09T04:00:00Z</begin></TimeSpan>"
    b'<ExtendedData><Data name="radius_m"><value>5</value></Data></ExtendedData>'
    b"<Point><coordinates>1,2</coordinates></Point></Placemark></kml>"
)


def archive(**members: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in members.items():
            out.writestr(name.replace("_", "."), content)
    return packed.getvalue()


def read(data: bytes) -> Reading:
    return read_bytes("us.kmz", data)


def why(data: bytes) -> str:
    reading = read(data)
    assert reading.activities == []
    (error,) = reading.bad
    assert str(error).startswith("us.kmz: ")
    assert error.remedy
    return error.message


def test_the_main_document_is_read_and_others_are_unknown() -> None:
    reading = read(archive(a_kml=b"<html/>", doc_kml=DOCUMENT, b_png=b"\x89PNG", c_kml=b""))
    assert [activity.id for activity in reading.activities] == ["A"]
    assert [(item.party, item.id) for item in reading.unknown] == [("us", "a.kml"), ("us", "c.kml")]


def test_the_only_document_may_have_any_name_and_be_stored() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as out:
        out.writestr("Plan/EXERCISE.KML", DOCUMENT)
    assert [activity.id for activity in read(packed.getvalue()).activities] == ["A"]


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "is empty"),
        (DOCUMENT, "is not a whole ZIP archive"),
        (archive(doc_kml=DOCUMENT)[:-30], "is not a whole ZIP archive"),
        (archive(doc_kml=DOCUMENT)[40:], "is not a whole ZIP archive"),
        (archive(), "has no KML document in it"),
        (archive(doc_kmz=archive(doc_kml=DOCUMENT)), "has no KML document in it"),
        (archive(a_kml=DOCUMENT, b_kml=DOCUMENT), "has several KML documents in it"),
    ],
)
def test_a_bad_archive_is_one_bad_item(data: bytes, what: str) -> None:
    assert what in why(data)


def patched(data: bytes, local: tuple[int, str, int], central: tuple[int, str, int]) -> bytes:
    """The archive with one number in each of its two headers changed."""
    changed = bytearray(data)
    for signature, (at, form, value) in ((b"PK\x03\x04", local), (b"PK\x01\x02", central)):
        struct.pack_into(form, changed, data.index(signature) + at, value)
    return bytes(changed)


def test_what_lies_about_its_content_is_refused() -> None:
    good = archive(doc_kml=DOCUMENT)
    assert "whole" in why(patched(good, (14, "<I", 1), (16, "<I", 1)))  # checksum
    assert "whole" in why(patched(good, (22, "<I", 10), (24, "<I", 10)))  # size too small
    assert "encrypted" in why(patched(good, (6, "<H", 1), (8, "<H", 1)))
    assert "unusual way" in why(patched(good, (8, "<H", 14), (10, "<H", 14)))  # LZMA
    assert "whole" in why(patched(good, (8, "<H", 0), (10, "<H", 0)))  # said to be stored


def test_a_member_that_claims_too_much_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    claims = patched(archive(doc_kml=DOCUMENT), (22, "<I", 2**32 - 2), (24, "<I", 2**32 - 2))
    monkeypatch.setattr(zlib, "decompressobj", None)
    reading = read(claims)
    (error,) = reading.bad
    assert isinstance(error, LimitError)
    assert "more than 64 MiB unpacked" in error.message


def test_unpacking_stops_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kmz, "MAX_XML_BYTES", 100)
    assert "unpacked" in why(archive(doc_kml=DOCUMENT))
    # One that claims less than it has gives what it claims, of which the checksum is another.
    assert "whole" in why(patched(archive(doc_kml=DOCUMENT), (22, "<I", 99), (24, "<I", 99)))


def test_an_archive_of_many_files_is_refused_before_they_are_listed() -> None:
    members = {f"f{number}_png": b"" for number in range(1001)}
    assert "more than 1,000 files" in why(archive(doc_kml=DOCUMENT, **members))
