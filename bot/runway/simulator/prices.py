"""What a create costs, in credits. Sources: Runway's price page and changelog of 2026."""

from collections.abc import Sequence
from decimal import ROUND_CEILING, Decimal
from functools import singledispatch

from bot.runway.simulator import bodies as b
from bot.runway.simulator import video_bodies as v
from bot.runway.simulator.assets import Asset

_VEO_PER_SECOND = {"veo3.1": (20, 40), "veo3.1_fast": (10, 15)}
_MAGNIFIC_PER_FRAME = {"720p": "0.7", "1k": "0.7", "2k": "0.9", "4k": "1.2"}
_OTHER_FORMAT_PER_SECOND = 5
_ALEPH_SECONDS = 5


def price_of(body: b.Body, assets: Sequence[Asset]) -> int:
    """The credits that this create takes, rounded up to whole ones."""
    return _price(body, {asset.role: asset for asset in assets})


def _rounded_up(rate: Decimal | int, amount: float) -> int:
    # Hundredths first: a container says 5.000001 s where five seconds are meant.
    exact = rate * round(Decimal(amount), 2)
    return int(exact.to_integral_value(rounding=ROUND_CEILING))


def _surcharge(body: b.Formatted) -> int:
    return 0 if body.output_format in (None, "mp4") else _OTHER_FORMAT_PER_SECOND


@singledispatch
def _price(body: b.Body, assets: dict[str, Asset]) -> int:
    raise NotImplementedError(type(body).__name__)


@_price.register
def _gen4_image(body: b.Gen4Image, assets: dict[str, Asset]) -> int:
    return 5 if min(map(int, body.ratio.split(":"))) <= 720 else 8


@_price.register
def _gen4_image_turbo(body: b.Gen4ImageTurbo, assets: dict[str, Asset]) -> int:
    return 2


@_price.register
def _gemini(body: b.GeminiFlash, assets: dict[str, Asset]) -> int:
    return 5


@_price.register(b.Gen4Turbo)
@_price.register(b.Gen3aTurbo)
def _gen4_turbo(body: b.Gen4Turbo | b.Gen3aTurbo, assets: dict[str, Asset]) -> int:
    return 5 * body.duration


@_price.register(b.Gen45)
@_price.register(b.Gen45Text)
def _gen45(body: b.Gen45 | b.Gen45Text, assets: dict[str, Asset]) -> int:
    return (12 + _surcharge(body)) * body.duration


@_price.register(b.Veo)
@_price.register(b.VeoText)
def _veo(body: b.Veo | b.VeoText, assets: dict[str, Asset]) -> int:
    return _VEO_PER_SECOND[body.model][body.audio] * body.duration


@_price.register
def _aleph2(body: v.Aleph2, assets: dict[str, Asset]) -> int:
    seconds = assets["video"].seconds
    return max(56, _rounded_up(28, seconds)) + _rounded_up(_surcharge(body), seconds)


@_price.register
def _gen4_aleph(body: v.Gen4Aleph, assets: dict[str, Asset]) -> int:
    return 15 * _ALEPH_SECONDS


@_price.register
def _act_two(body: v.ActTwo, assets: dict[str, Asset]) -> int:
    return _rounded_up(5, assets["performance"].seconds)


@_price.register
def _magnific_video(body: v.MagnificVideo, assets: dict[str, Asset]) -> int:
    frames = assets["video"].frames * (2 if body.fps_boost else 1)
    return _rounded_up(Decimal(_MAGNIFIC_PER_FRAME[body.resolution]), frames)


@_price.register
def _upscale_v1(body: v.UpscaleV1, assets: dict[str, Asset]) -> int:
    return _rounded_up(2, assets["video"].seconds)


@_price.register
def _magnific_image(body: v.MagnificImage, assets: dict[str, Asset]) -> int:
    side = max(assets["image"].width, assets["image"].height)
    return 150 if side * body.scale_factor > 4096 else 25
