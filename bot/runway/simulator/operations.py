"""Which models each create address takes, and the body that each of them wants."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.runway.simulator import bodies as b
from bot.runway.simulator import video_bodies as v
from bot.runway.simulator.refusals import Issue, checked, invalid

RETIRED = frozenset({"gen3a_turbo", "gen4_aleph", "upscale_v1"})

BODIES: Mapping[str, Mapping[str, type[b.Body]]] = {
    "text_to_image": {
        "gen4_image": b.Gen4Image,
        "gen4_image_turbo": b.Gen4ImageTurbo,
        "gemini_2.5_flash": b.GeminiFlash,
    },
    "image_to_video": {
        "gen4_turbo": b.Gen4Turbo,
        "gen4.5": b.Gen45,
        "veo3.1": b.Veo,
        "veo3.1_fast": b.Veo,
        "gen3a_turbo": b.Gen3aTurbo,
    },
    "text_to_video": {"gen4.5": b.Gen45Text, "veo3.1": b.VeoText, "veo3.1_fast": b.VeoText},
    "video_to_video": {"aleph2": v.Aleph2, "gen4_aleph": v.Gen4Aleph},
    "character_performance": {"act_two": v.ActTwo},
    "video_upscale": {
        "magnific_video_upscaler_creative": v.MagnificVideo,
        "upscale_v1": v.UpscaleV1,
    },
    "image_upscale": {"magnific_precision_upscaler_v2": v.MagnificImage},
}
STILLS = (b.Gen4Image, b.Gen4ImageTurbo, b.GeminiFlash, v.MagnificImage)
MODELS = frozenset(model for models in BODIES.values() for model in models)


@dataclass(frozen=True)
class Offer:
    """The models that the organisation may use; it can change while the simulator runs."""

    models: frozenset[str]

    @classmethod
    def of(cls, offer: frozenset[str], withhold: frozenset[str]) -> "Offer":
        """Today's models, plus retired ones to `offer`, less those to `withhold`."""
        return cls((MODELS - RETIRED | (offer & MODELS)) - withhold)


def parse_body(operation: str, document: object) -> b.Body:
    """The body of a create, or the 400 that says what is wrong with it."""
    if not isinstance(document, dict):
        raise invalid(Issue("invalid_type", (), "Invalid input: expected object"))
    models = BODIES[operation]
    model = document.get("model")
    if not isinstance(model, str) or model not in models:
        expected = " | ".join(f"'{name}'" for name in models if name not in RETIRED)
        message = f"Invalid discriminator value. Expected {expected}"
        raise invalid(Issue("invalid_union_discriminator", ("model",), message))
    return checked(models[model], document)
