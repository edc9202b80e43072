"""A file is what its first bytes say."""

import io

import pytest
from PIL import Image

from bot.media.sniff import HEAD_BYTES, PNG, matches_name, sniff


def _saved(form: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (16, 16), "teal").save(file, form)
    return file.getvalue()[:HEAD_BYTES]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_images_that_pillow_writes_are_recognised(form: str) -> None:
    found = sniff(_saved(form))
    assert found is not None
    assert (found.name, found.kind) == (form.lower(), "image")


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "heic"),
        (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic", "heic"),
        (b"\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1avifmiaf", "avif"),
        (b"\x00\x00\x00\x14ftypisom\x00\x00\x02\x00isom", "mp4"),
        (b"\x00\x00\x00\x14ftyp3gp5\x00\x00\x02\x003gp5", "mp4"),
        (b"\x00\x00\x00\x14ftypM4V \x00\x00\x02\x00M4V ", "mp4"),
        (b"\x00\x00\x00\x14ftypM4A \x00\x00\x02\x00M4A ", "m4a"),
        (b"\x00\x00\x00\x14ftypqt  \x00\x00\x02\x00qt  ", "mov"),
        (b"\x00\x00\x10\x00moov\x00\x00\x00\x6cmvhd", "mov"),
        (b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\x82\x84webmB\x87", "webm"),
        (b"\x1aE\xdf\xa3\xa3B\x86\x81\x01B\xf7\x81\x01B\x82\x88matroskaB", "mkv"),
        (b"OggS\x00\x02" + bytes(20) + b"\x01\x2a\x80theora\x03", "ogv"),
        (b"OggS\x00\x02" + bytes(20) + b"\x01\x1eOpusHead", "ogg"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "wav"),
        (b"RIFF\x24\x00\x00\x00AVI LIST", "avi"),
        (b"%PDF-1.7\n%\xe2\xe3", "pdf"),
        (b"PK\x03\x04\x14\x00", "zip"),
        (b"\xff\xfb\x90\x64\x00\x00", "mp3"),
        (b"\n <!DOCTYPE html><html>", "html"),
        (b'<?xml version="1.0"?>\n<svg xmlns="x">', "svg"),
        (b"#EXTM3U\nhttp://127.0.0.1/x.ts\n", "text"),
        ("Größe".encode()[:-5], "text"),
        (b"\xff\xfeh\x00i\x00", "text"),
    ],
)
def test_heads_of_every_other_type_are_recognised(head: bytes, name: str) -> None:
    found = sniff(head)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    "head",
    [b"", b"\x00", b"\x00\x01\x02\x03", b"BMX is a bicycle\x01", b"\xde\xad\xbe\xef" * 16],
)
def test_what_is_nothing_known_stays_unknown(head: bytes) -> None:
    assert sniff(head) is None


@pytest.mark.parametrize(
    ("form", "name", "fits"),
    [
        ("JPEG", "holiday.JPG", True),
        ("JPEG", "holiday.jfif", True),
        ("JPEG", "holiday.png", False),
        ("PNG", "holiday", True),
        ("PNG", ".png", True),
        ("PNG", "holiday.backup", True),
        ("PNG", "holiday.mp4", False),
        ("PNG", "holiday.mp4.png", True),
        ("PNG", "holiday.txt", False),
    ],
)
def test_only_an_extension_of_another_type_contradicts(form: str, name: str, fits: bool) -> None:
    found = sniff(_saved(form))
    assert found is not None
    assert matches_name(found, name) is fits


@pytest.mark.parametrize(
    ("head", "name", "fits"),
    [
        (b"\x00\x00\x00\x14ftypqt  \x00\x00\x02\x00qt  ", "clip.mp4", True),
        (b"\x00\x00\x00\x14ftypisom\x00\x00\x02\x00isom", "clip.MOV", True),
        (b"\x00\x00\x00\x14ftypisom\x00\x00\x02\x00isom", "clip.3gp", True),
        (b"\x00\x00\x00\x14ftypisom\x00\x00\x02\x00isom", "clip.webm", False),
        (b"\x1aE\xdf\xa3\xa3B\x82\x88matroska", "clip.webm", True),
    ],
)
def test_containers_of_one_family_carry_each_others_names(
    head: bytes, name: str, fits: bool
) -> None:
    found = sniff(head)
    assert found is not None
    assert matches_name(found, name) is fits


def test_a_short_file_is_recognised_from_what_there_is() -> None:
    assert sniff(_saved("PNG")[:8]) is PNG
