"""The field types that Runway's request bodies are made of, as strict as the API reads them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from bot.runway.simulator.links import is_loopback

LONGEST_DATA_URI = 5 * 1024 * 1024
SHORTEST_URI = 13

Kind = Literal["image", "video"]


@dataclass(frozen=True)
class Input:
    """One file that a request names: where in the body, of which kind, and what it is for."""

    path: tuple[str | int, ...]
    kind: Kind
    uri: str
    role: str
    tag: str = ""


class Part(BaseModel):
    """An object of a request body: exact types, camelCase names, nothing unknown."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=to_camel)


def utf16_length(text: str) -> int:
    """The length of a text as Runway counts it: in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _text_of(longest: int) -> Callable[[str], str]:
    def check(text: str) -> str:
        if not text:
            raise PydanticCustomError("too_small", "Too small: expected a non-empty string")
        if utf16_length(text) > longest:
            reason = "Too big: expected string to have <={longest} characters"
            raise PydanticCustomError("too_big", reason, {"longest": longest})
        return text

    return check


def whole(value: object) -> object:
    """JSON knows one kind of number, so 5.0 is the integer 5."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _uri_of(kind: Kind) -> Callable[[str], str]:
    limits = {"https://": 2048, "runway://": 5000, f"data:{kind}/": LONGEST_DATA_URI}

    def check(uri: str) -> str:
        if is_loopback(uri):
            return uri
        longest = next((n for prefix, n in limits.items() if uri.startswith(prefix)), None)
        if longest is None:
            reason = "Invalid URI: expected https://, runway:// or data:{kind}/"
            raise PydanticCustomError("invalid_format", reason, {"kind": kind})
        if len(uri) < SHORTEST_URI:
            raise PydanticCustomError("too_small", "Too small: expected >=13 characters")
        if len(uri) > longest:
            reason = "Too big: expected string to have <={longest} characters"
            raise PydanticCustomError("too_big", reason, {"longest": longest})
        return uri

    return check


Prompt = Annotated[str, AfterValidator(_text_of(1000))]
LongPrompt = Annotated[str, AfterValidator(_text_of(5500))]
ImageUri = Annotated[str, AfterValidator(_uri_of("image"))]
VideoUri = Annotated[str, AfterValidator(_uri_of("video"))]
Whole = Annotated[int, BeforeValidator(whole)]
Seed = Annotated[Whole, Field(ge=0, le=4294967295)]
Percent = Annotated[Whole, Field(ge=0, le=100)]
Tag = Annotated[str, Field(min_length=3, max_length=16, pattern=r"^[a-z][a-z0-9_]+$")]

GenImageRatio = Literal[
    "1024:1024", "1080:1080", "1168:880", "1360:768", "1440:1080", "1080:1440", "1808:768",
    "1920:1080", "1080:1920", "2112:912", "1280:720", "720:1280", "720:720", "960:720",
    "720:960", "1680:720",
]  # fmt: skip  # a table reads better than sixteen lines
GeminiImageRatio = Literal[
    "1344:768", "768:1344", "1024:1024", "1184:864", "864:1184", "1536:672", "832:1248",
    "1248:832", "896:1152", "1152:896",
]  # fmt: skip  # as above
ClipRatio = Literal["1280:720", "720:1280", "1104:832", "832:1104", "960:960", "1584:672"]
VeoRatio = Literal["1280:720", "720:1280", "1080:1920", "1920:1080"]
AlephRatio = Literal[
    "1280:720", "720:1280", "1104:832", "960:960", "832:1104", "1584:672", "848:480", "640:480",
]  # fmt: skip  # as above
TargetAspect = Literal["16:9", "4:3", "3:2", "1:1", "2:3", "3:4", "9:16", "21:9"]
OutputFormat = Literal["mp4", "prores", "png_sequence"]
ProresProfile = Literal["422", "4444", "422 Proxy", "422 LT", "422 HQ", "4444 XQ"]
