"""What a person asked for, as plain frozen values: parsed, normalised and priced."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import TypeAdapter


class Operation(StrEnum):
    """What Runway is asked to do; also the last part of the address it is asked at."""

    TEXT_TO_IMAGE = "text_to_image"
    IMAGE_TO_VIDEO = "image_to_video"
    TEXT_TO_VIDEO = "text_to_video"
    VIDEO_TO_VIDEO = "video_to_video"
    CHARACTER_PERFORMANCE = "character_performance"
    VIDEO_UPSCALE = "video_upscale"
    IMAGE_UPSCALE = "image_upscale"

    @property
    def makes(self) -> "Kind":
        images = {Operation.TEXT_TO_IMAGE, Operation.IMAGE_UPSCALE}
        return Kind.IMAGE if self in images else Kind.VIDEO


class Kind(StrEnum):
    IMAGE = "image"
    VIDEO = "video"


# The most bytes of a file that anybody may send. More than that of a video Runway takes in no upload.
MOST_FILE_BYTES: Mapping[Kind, int] = {Kind.IMAGE: 50_000_000, Kind.VIDEO: 200_000_000}

# What the files that we open are called, where nothing but their name is known yet.
ENDINGS: Mapping[Kind, tuple[str, ...]] = {
    Kind.IMAGE: (
        "jpg", "jpeg", "jpe", "jfif", "png", "apng", "webp", "gif", "bmp", "dib", "tif", "tiff",
        "heic", "heif", "hif", "avif", "avifs",
    ),
    Kind.VIDEO: (
        "mp4", "m4v", "3gp", "3g2", "3gpp", "mov", "qt", "webm", "mkv", "ogv", "avi",
    ),
}  # fmt: skip

# What a link is known by instead of an archive key: the address itself.
LINK = "https://"


@dataclass(frozen=True)
class Original:
    """A file as its owner sent it, before it was made acceptable; `rate` in pictures a second."""

    content_type: str
    size: int
    sha256: str
    width: int | None = None
    height: int | None = None
    duration: float | None = None
    animated: bool = False
    codec: str | None = None
    hdr: bool = False
    rate: float | None = None


@dataclass(frozen=True)
class Fit:
    """How a file must change before a model takes it.

    The longest side (pixels), the length, the pictures a second, the shape.
    """

    side: int | None = None
    seconds: float | None = None
    rate: int | None = None
    pad: str | None = None
    crop: str | None = None

    @property
    def shape(self) -> str | None:
        return self.pad or self.crop


@dataclass(frozen=True)
class Media:
    """A file in our archive that has been looked into; sizes in bytes and pixels, times in seconds.

    A link that a person gave is one too: its key is its address, and nothing is known of it but
    what its name tells. `was` is the file before it was changed.
    """

    key: str
    kind: Kind
    content_type: str
    size: int
    sha256: str
    name: str
    width: int | None = None
    height: int | None = None
    duration: float | None = None
    frames: int | None = None
    codec: str | None = None
    pixel_format: str | None = None
    animated: bool = False
    hdr: bool = False
    was: Original | None = None
    fit: Fit | None = None

    @property
    def rate(self) -> float | None:
        """The pictures a second of a video; None where they are not known."""
        return self.frames / self.duration if self.frames and self.duration else None

    @property
    def is_link(self) -> bool:
        return self.key.startswith(LINK)


@dataclass(frozen=True)
class Input:
    """A file in the role that the model gives it; `tag` is how a prompt calls it (`@tag`)."""

    role: str
    media: Media
    tag: str | None = None


Setting = bool | int | str


@dataclass(frozen=True)
class GenerationRequest:
    """One valid request; `price` is the most it may cost, in credits."""

    operation: Operation
    model: str
    prompt: str
    price: int
    inputs: tuple[Input, ...] = ()
    ratio: str | None = None
    duration: int | None = None
    seed: int | None = None
    settings: Mapping[str, Setting] = field(default_factory=dict)

    def to_json(self) -> str:
        return _ADAPTER.dump_json(self, exclude_none=True).decode()

    @staticmethod
    def from_json(text: str) -> "GenerationRequest":
        return _ADAPTER.validate_json(text)


_ADAPTER = TypeAdapter(GenerationRequest)
