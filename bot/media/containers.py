"""The types that we open, each with the only format that its decoder may try."""

from bot.media import sniff
from bot.media.sniff import FileType

CONTAINERS = {
    sniff.JPEG: "JPEG",
    sniff.PNG: "PNG",
    sniff.WEBP: "WEBP",
    sniff.GIF: "GIF",
    sniff.BMP: "BMP",
    sniff.TIFF: "TIFF",
    sniff.AVIF: "AVIF",
    sniff.HEIC: "HEIF",
    sniff.MP4: "mp4",
    sniff.MOV: "mp4",
    sniff.WEBM: "matroska",
    sniff.MKV: "matroska",
    sniff.AVI: "avi",
    sniff.OGV: "ogg",
}
# What writes a file of the same type as was read.
MUXERS = {sniff.MP4: "mp4", sniff.MOV: "mov", sniff.WEBM: "webm", sniff.MKV: "matroska"}
# What Runway reads (its guide to inputs); all else is converted before it is sent.
RUNWAY_TYPES = frozenset(
    each.content_type
    for each in (sniff.JPEG, sniff.PNG, sniff.WEBP, sniff.MP4, sniff.MOV, sniff.WEBM, sniff.MKV)
)
RUNWAY_CODECS = frozenset({"h264", "hevc", "av1", "vp8", "vp9", "prores"})
_BY_CONTENT_TYPE = {each.content_type: each for each in CONTAINERS}


def type_of(content_type: str) -> FileType:
    """The type that a file of ours has; KeyError for one that we do not keep."""
    return _BY_CONTENT_TYPE[content_type]
