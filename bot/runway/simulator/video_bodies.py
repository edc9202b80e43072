"""The bodies of the create requests that start from a video, and of the upscales."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from bot.runway.simulator import fields as f
from bot.runway.simulator.bodies import Body, Formatted, MaybePrompted, Prompted, Seeded

LARGEST_INTEGER = 9007199254740991


class EditWindow(f.Part):
    start_seconds: Annotated[f.Whole, Field(alias="start_seconds", ge=0, le=LARGEST_INTEGER)]
    end_seconds: Annotated[f.Whole, Field(alias="end_seconds", gt=0, le=LARGEST_INTEGER)]


class Keyframe(f.Part):
    uri: f.ImageUri
    range: EditWindow | None = None


class KeyframeAtSecond(Keyframe):
    seconds: Annotated[float, Field(ge=0, le=30)]


class KeyframeAtShare(Keyframe):
    at: Annotated[float, Field(ge=0, le=1)]


def _timed_by(value: object) -> str:
    return "(seconds)" if isinstance(value, Mapping) and "seconds" in value else "(at)"


AnyKeyframe = Annotated[
    Annotated[KeyframeAtSecond, Tag("(seconds)")] | Annotated[KeyframeAtShare, Tag("(at)")],
    Discriminator(_timed_by),
]


class Aleph2(MaybePrompted, Seeded, Formatted):
    model: Literal["aleph2"]
    video_uri: f.VideoUri
    keyframes: Annotated[list[AnyKeyframe], Field(min_length=1, max_length=5)] | None = None
    ratio: str | None = None
    target_aspect_ratio: f.TargetAspect | None = None

    @model_validator(mode="after")
    def _ranges_for_all_or_none(self) -> "Aleph2":
        if len({each.range is None for each in self.keyframes or []}) > 1:
            raise PydanticCustomError("custom", "Either all keyframes set a range or none may")
        return self

    def inputs(self) -> list[f.Input]:
        keyframes = [
            f.Input(("keyframes", n, "uri"), "image", each.uri, "keyframe")
            for n, each in enumerate(self.keyframes or [])
        ]
        return [f.Input(("videoUri",), "video", self.video_uri, "video"), *keyframes]


class StyleReference(f.Part):
    type: Literal["image"]
    uri: f.ImageUri


class Gen4Aleph(Prompted, Seeded):
    model: Literal["gen4_aleph"]
    video_uri: f.VideoUri
    ratio: f.AlephRatio
    references: Annotated[list[StyleReference], Field(max_length=1)] | None = None

    def inputs(self) -> list[f.Input]:
        references = [
            f.Input(("references", n, "uri"), "image", each.uri, "reference")
            for n, each in enumerate(self.references or [])
        ]
        return [f.Input(("videoUri",), "video", self.video_uri, "video"), *references]


class CharacterImage(f.Part):
    type: Literal["image"]
    uri: f.ImageUri


class CharacterVideo(f.Part):
    type: Literal["video"]
    uri: f.VideoUri


def _type_of(value: object) -> str:
    return "(video)" if isinstance(value, Mapping) and value.get("type") == "video" else "(image)"


Character = Annotated[
    Annotated[CharacterImage, Tag("(image)")] | Annotated[CharacterVideo, Tag("(video)")],
    Discriminator(_type_of),
]


class ActTwo(Seeded):
    model: Literal["act_two"]
    character: Character
    reference: CharacterVideo
    body_control: bool | None = None
    expression_intensity: Annotated[f.Whole, Field(ge=1, le=5)] = 3
    ratio: f.ClipRatio = "1280:720"

    def inputs(self) -> list[f.Input]:
        character, performance = self.character, self.reference
        return [
            f.Input(("character", "uri"), character.type, character.uri, "character"),
            f.Input(("reference", "uri"), "video", performance.uri, "performance"),
        ]


class MagnificVideo(Body):
    model: Literal["magnific_video_upscaler_creative"]
    video_uri: f.VideoUri
    resolution: Literal["720p", "1k", "2k", "4k"] = "2k"
    creativity: f.Percent | None = None
    sharpen: f.Percent | None = None
    smart_grain: f.Percent | None = None
    flavor: Literal["vivid", "natural"] | None = None
    fps_boost: bool = False

    def inputs(self) -> list[f.Input]:
        return [f.Input(("videoUri",), "video", self.video_uri, "video")]


class UpscaleV1(Body):
    model: Literal["upscale_v1"]
    video_uri: f.VideoUri

    def inputs(self) -> list[f.Input]:
        return [f.Input(("videoUri",), "video", self.video_uri, "video")]


class MagnificImage(Body):
    model: Literal["magnific_precision_upscaler_v2"]
    image_uri: f.ImageUri
    scale_factor: Annotated[Literal[2, 4, 8, 16], BeforeValidator(f.whole)] = 2
    sharpen: f.Percent | None = None
    smart_grain: f.Percent | None = None
    ultra_detail: f.Percent | None = None
    flavor: Literal["sublime", "photo", "photo_denoiser"] | None = None

    def inputs(self) -> list[f.Input]:
        return [f.Input(("imageUri",), "image", self.image_uri, "image")]
