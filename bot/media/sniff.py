"""What a file is, told from its first bytes and never from its name or a header."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

Kind = Literal["image", "video", "other"]

HEAD_BYTES = 512
"""How much of a file's beginning `sniff` wants; less is fine for a short file."""


@dataclass(frozen=True, slots=True)
class FileType:
    """A recognised type. Types of one family may carry each other's extensions."""

    name: str
    kind: Kind
    content_type: str
    extensions: tuple[str, ...]
    family: str


def _type(name: str, kind: Kind, content_type: str, *extensions: str, family: str = "") -> FileType:
    return FileType(name, kind, content_type, extensions or (name,), family or name)


JPEG = _type("jpeg", "image", "image/jpeg", "jpg", "jpeg", "jpe", "jfif")
PNG = _type("png", "image", "image/png", "png", "apng")
WEBP = _type("webp", "image", "image/webp")
GIF = _type("gif", "image", "image/gif")
BMP = _type("bmp", "image", "image/bmp", "bmp", "dib")
TIFF = _type("tiff", "image", "image/tiff", "tif", "tiff")
HEIC = _type("heic", "image", "image/heic", "heic", "heif", "hif")
AVIF = _type("avif", "image", "image/avif", "avif", "avifs")
MP4 = _type("mp4", "video", "video/mp4", "mp4", "m4v", "3gp", "3g2", "3gpp", family="bmff")
MOV = _type("mov", "video", "video/quicktime", "mov", "qt", family="bmff")
WEBM = _type("webm", "video", "video/webm", family="ebml")
MKV = _type("mkv", "video", "video/x-matroska", "mkv", family="ebml")
OGV = _type("ogv", "video", "video/ogg", "ogv", family="ogg")
AVI = _type("avi", "video", "video/x-msvideo")
OGG = _type("ogg", "other", "audio/ogg", "ogg", "oga", "opus", family="ogg")
M4A = _type("m4a", "other", "audio/mp4", "m4a", "m4b")
WAV = _type("wav", "other", "audio/wav")
MP3 = _type("mp3", "other", "audio/mpeg")
FLAC = _type("flac", "other", "audio/flac")
PDF = _type("pdf", "other", "application/pdf")
ZIP = _type("zip", "other", "application/zip", "zip", "docx", "xlsx", "pptx", "jar", "apk", "odt")
SVG = _type("svg", "other", "image/svg+xml")
HTML = _type("html", "other", "text/html", "html", "htm")
TEXT = _type("text", "other", "text/plain", "txt", "md", "csv", "json", "log", "m3u8", "m3u", "xml")
# fmt: off
ALL = (
    JPEG, PNG, WEBP, GIF, BMP, TIFF, HEIC, AVIF, MP4, MOV, WEBM, MKV, OGV, AVI,
    OGG, M4A, WAV, MP3, FLAC, PDF, ZIP, SVG, HTML, TEXT,
)
# fmt: on

_SIGNATURES = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"II*\x00", TIFF),
    (b"MM\x00*", TIFF),
    (b"II+\x00", TIFF),
    (b"MM\x00+", TIFF),
    (b"%PDF-", PDF),
    (b"PK\x03\x04", ZIP),
    (b"PK\x05\x06", ZIP),
    (b"ID3", MP3),
    (b"fLaC", FLAC),
)
# A PDF may begin anywhere in its first KiB; a ZIP is found by its last record and its comment.
_PDF_SIGNATURE, LOOK_BYTES = b"%PDF-", 1024
_SCRIPTS = (b"<script", b"<!doctype html", b"<html", b"<?php")
_ZIP_END, _ZIP_END_BYTES = b"PK\x05\x06", 22
TAIL_BYTES = _ZIP_END_BYTES + 65_535
_RIFF = {b"WEBP": WEBP, b"WAVE": WAV, b"AVI ": AVI}
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIC_BRANDS = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
)
_AUDIO_BRANDS = frozenset({b"M4A ", b"M4B ", b"M4P "})
_OLD_QUICKTIME_BOXES = frozenset({b"moov", b"mdat", b"wide", b"pnot"})  # files from before `ftyp`
_BMP_HEADERS = frozenset({12, 16, 40, 52, 56, 64, 108, 124})


def sniff(head: bytes) -> FileType | None:
    """The type of a file that begins with `head` (`HEAD_BYTES` suffice), None if unknown."""
    for signature, file_type in _SIGNATURES:
        if head.startswith(signature):
            return file_type
    for look in _LOOKS:
        if found := look(head):
            return found
    return None


def matches_name(file_type: FileType, filename: str) -> bool:
    """Whether the extension fits the type; an unknown or missing extension fits every type."""
    family = _FAMILIES.get(PurePath(filename).suffix.lower().lstrip("."))
    return family is None or family == file_type.family


def second_type(head: bytes, tail: bytes) -> FileType | None:
    """What an image or a video is as well, for programs that look further in or from the end."""
    if _PDF_SIGNATURE in head:
        return PDF
    if any(sign in head.lower() for sign in _SCRIPTS):
        return HTML
    end = tail.rfind(_ZIP_END)
    if end >= 0 and len(tail) - end >= _ZIP_END_BYTES:
        comment = int.from_bytes(tail[end + 20 : end + 22], "little")
        return ZIP if len(tail) - end == _ZIP_END_BYTES + comment else None
    return None


def _riff(head: bytes) -> FileType | None:
    return _RIFF.get(head[8:12]) if head.startswith(b"RIFF") else None


def _bmp(head: bytes) -> FileType | None:
    header_size = int.from_bytes(head[14:18], "little")
    return BMP if head.startswith(b"BM") and header_size in _BMP_HEADERS else None


def _bmff(head: bytes) -> FileType | None:
    if head[4:8] in _OLD_QUICKTIME_BOXES:
        return MOV
    if head[4:8] != b"ftyp":
        return None
    major, brands = head[8:12], _brands(head)
    if brands & _AVIF_BRANDS:
        return AVIF
    if brands & _HEIC_BRANDS:
        return HEIC
    if major in _AUDIO_BRANDS:
        return M4A
    return MOV if major == b"qt  " else MP4


def _brands(head: bytes) -> set[bytes]:
    """The major and the compatible brands; between them stand four bytes of version."""
    end = min(int.from_bytes(head[:4], "big"), len(head))
    return {head[8:12], *(head[at : at + 4] for at in range(16, end - 3, 4))}


def _ebml(head: bytes) -> FileType | None:
    if not head.startswith(b"\x1a\x45\xdf\xa3"):
        return None
    if b"\x42\x82\x84webm" in head:
        return WEBM
    return MKV if b"\x42\x82\x88matroska" in head else None


def _ogg(head: bytes) -> FileType | None:
    if not head.startswith(b"OggS"):
        return None
    return OGV if b"\x80theora" in head else OGG


def _mp3(head: bytes) -> FileType | None:
    """An MPEG audio frame without a tag: eleven set bits, then layer 3."""
    bare = len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2
    return MP3 if bare else None


def _text(head: bytes) -> FileType | None:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return TEXT
    text = head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="ignore")
    lost = len(head) - len(text.encode())
    if not text or lost > 3 or any(c < " " and c not in "\t\n\r\f\x1b" for c in text):
        return None
    return _markup(text.lstrip().lower())


def _markup(text: str) -> FileType:
    if "<svg" in text:
        return SVG
    html = ("<!doctype html", "<html", "<head", "<body", "<script", "<!--", "<title")
    return HTML if text.startswith(html) else TEXT


_LOOKS: tuple[Callable[[bytes], FileType | None], ...] = (
    _riff,
    _bmp,
    _bmff,
    _ebml,
    _ogg,
    _text,
    _mp3,
)
_FAMILIES = {extension: each.family for each in ALL for extension in each.extensions}
