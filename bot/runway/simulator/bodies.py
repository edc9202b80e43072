"""The bodies of Runway's create requests, one class per operation and model.

Source: Runway's OpenAPI description of August 2026; the retired models (gen3a_turbo, gen4_aleph,
upscale_v1) as in its SDK 3.12. Unknown fields are refused for every model, which is stricter than
the real API: it says so for the newer models only.
"""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from bot.runway.simulator import fields as f


def _is_list(value: object) -> str:
    # Union members are named in brackets so that an issue's path can leave them out.
    return "(list)" if isinstance(value, list) else "(uri)"


class Moderation(f.Part):
    """How strict Runway is about recognisable public figures."""

    public_figure_threshold: Literal["auto", "low"] | None = None


class Body(f.Part):
    """What every create request has: a model, maybe a prompt, maybe files."""

    model: str

    @property
    def prompt(self) -> str:
        """The text that describes the output; empty where the model takes none."""
        return ""

    def inputs(self) -> list[f.Input]:
        """The files that the request names."""
        return []


class Prompted(Body):
    prompt_text: f.Prompt

    @property
    def prompt(self) -> str:
        return self.prompt_text


class MaybePrompted(Body):
    prompt_text: f.Prompt | None = None

    @property
    def prompt(self) -> str:
        return self.prompt_text or ""


class Seeded(Body):
    seed: f.Seed | None = None
    content_moderation: Moderation | None = None


class Formatted(Body):
    output_format: f.OutputFormat | None = None
    prores_profile: f.ProresProfile | None = None

    @model_validator(mode="after")
    def _profile_needs_prores(self) -> "Formatted":
        if self.prores_profile and self.output_format != "prores":
            raise PydanticCustomError("custom", "proresProfile needs outputFormat `prores`")
        return self


class Reference(f.Part):
    uri: f.ImageUri
    tag: f.Tag | None = None


def _references(references: list[Reference] | None) -> list[f.Input]:
    return [
        f.Input(("referenceImages", n, "uri"), "image", each.uri, "reference", each.tag or "")
        for n, each in enumerate(references or [])
    ]


class Gen4Image(Prompted, Seeded):
    model: Literal["gen4_image"]
    ratio: f.GenImageRatio
    reference_images: Annotated[list[Reference], Field(max_length=3)] | None = None

    def inputs(self) -> list[f.Input]:
        return _references(self.reference_images)


class Gen4ImageTurbo(Prompted, Seeded):
    model: Literal["gen4_image_turbo"]
    ratio: f.GenImageRatio
    reference_images: Annotated[list[Reference], Field(min_length=1, max_length=3)]

    def inputs(self) -> list[f.Input]:
        return _references(self.reference_images)


class GeminiFlash(Body):
    model: Literal["gemini_2.5_flash"]
    prompt_text: f.LongPrompt
    ratio: f.GeminiImageRatio
    reference_images: Annotated[list[Reference], Field(max_length=3)] | None = None

    @property
    def prompt(self) -> str:
        return self.prompt_text

    def inputs(self) -> list[f.Input]:
        return _references(self.reference_images)


class FirstFrame(f.Part):
    uri: f.ImageUri
    position: Literal["first"]


class Frame(f.Part):
    uri: f.ImageUri
    position: Literal["first", "last"]


def _frames(image: str | Sequence[FirstFrame | Frame]) -> list[f.Input]:
    if isinstance(image, str):
        return [f.Input(("promptImage",), "image", image, "first")]
    return [
        f.Input(("promptImage", n, "uri"), "image", each.uri, each.position)
        for n, each in enumerate(image)
    ]


_Uri = Annotated[f.ImageUri, Tag("(uri)")]
OneFrame = Annotated[
    _Uri | Annotated[list[FirstFrame], Field(min_length=1, max_length=1), Tag("(list)")],
    Discriminator(_is_list),
]
TwoFrames = Annotated[
    _Uri | Annotated[list[Frame], Field(min_length=1, max_length=2), Tag("(list)")],
    Discriminator(_is_list),
]


class Gen4Turbo(MaybePrompted, Seeded):
    model: Literal["gen4_turbo"]
    prompt_image: OneFrame
    ratio: f.ClipRatio
    duration: Annotated[f.Whole, Field(ge=2, le=10)] = 10

    def inputs(self) -> list[f.Input]:
        return _frames(self.prompt_image)


class Gen45(Prompted, Seeded, Formatted):
    model: Literal["gen4.5"]
    prompt_image: OneFrame
    ratio: f.ClipRatio
    duration: Annotated[f.Whole, Field(ge=2, le=10)]

    def inputs(self) -> list[f.Input]:
        return _frames(self.prompt_image)


class Gen45Text(Prompted, Seeded, Formatted):
    model: Literal["gen4.5"]
    ratio: Literal["1280:720", "720:1280"]
    duration: Annotated[f.Whole, Field(ge=2, le=10)]


class Voiced(Body):
    ratio: f.VeoRatio
    audio: bool = True
    negative_prompt: f.Prompt | None = None
    duration: Annotated[Literal[4, 6, 8], BeforeValidator(f.whole)] = 8


class Veo(MaybePrompted, Voiced):
    model: Literal["veo3.1", "veo3.1_fast"]
    prompt_image: TwoFrames

    @model_validator(mode="after")
    def _first_comes_first(self) -> "Veo":
        positions = sorted(each.role for each in self.inputs())
        if positions not in (["first"], ["first", "last"]):
            raise PydanticCustomError("custom", "promptImage needs one `first`, at most one `last`")
        return self

    def inputs(self) -> list[f.Input]:
        return _frames(self.prompt_image)


class VeoText(Prompted, Voiced):
    model: Literal["veo3.1", "veo3.1_fast"]


class Gen3aTurbo(MaybePrompted, Seeded):
    model: Literal["gen3a_turbo"]
    prompt_image: TwoFrames
    ratio: Literal["1280:768", "768:1280"]
    duration: Annotated[Literal[5, 10], BeforeValidator(f.whole)] = 10

    def inputs(self) -> list[f.Input]:
        return _frames(self.prompt_image)
