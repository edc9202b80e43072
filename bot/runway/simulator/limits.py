"""What Runway asks of the files themselves; a file outside of it is a 400 at create."""

from collections.abc import Sequence
from functools import singledispatch

from bot.runway.simulator import bodies as b
from bot.runway.simulator import video_bodies as v
from bot.runway.simulator.assets import Asset
from bot.runway.simulator.refusals import Issue, invalid

MAGNIFIC_SIDES = range(300, 8001)
MAGNIFIC_PIXELS = 25_300_000


def check_limits(body: b.Body, assets: Sequence[Asset]) -> None:
    """Raise the 400 for the first readable input that the model does not take."""
    if not any(asset.broken for asset in assets):
        _check(body, {asset.role: asset for asset in assets})


def _refuse(path: str, message: str) -> None:
    raise invalid(Issue("custom", (path,), message))


def _check_seconds(path: str, asset: Asset, shortest: float, longest: float) -> None:
    # Containers round to their time base: a hundredth over is not a longer video.
    if not shortest - 0.01 <= asset.seconds <= longest + 0.01:
        limits = f"between {shortest:g} and {longest:g} seconds"
        _refuse(path, f"Invalid asset duration. Must be {limits}, got {asset.seconds:.1f}")


def _check_rate(path: str, asset: Asset, most: int) -> None:
    rate = asset.frames / asset.seconds
    if rate > most * 1.01:
        _refuse(path, f"Invalid asset frame rate. Must be at most {most}, got {rate:.1f}")


@singledispatch
def _check(body: b.Body, assets: dict[str, Asset]) -> None:
    """Most models crop and scale what they get."""


@_check.register
def _gen45(body: b.Gen45, assets: dict[str, Asset]) -> None:
    if not 0.5 <= assets["first"].aspect <= 2:
        got = f"{assets['first'].aspect:.2f}"
        message = f"Invalid asset aspect ratio. Must be between 0.5 and 2, got {got}"
        _refuse("promptImage", message)


@_check.register
def _act_two(body: v.ActTwo, assets: dict[str, Asset]) -> None:
    _check_seconds("reference", assets["performance"], 3, 30)


@_check.register
def _aleph2(body: v.Aleph2, assets: dict[str, Asset]) -> None:
    _check_seconds("videoUri", assets["video"], 2, 30)
    _check_rate("videoUri", assets["video"], 30)


@_check.register
def _magnific_video(body: v.MagnificVideo, assets: dict[str, Asset]) -> None:
    _check_seconds("videoUri", assets["video"], 0, 30)


@_check.register
def _upscale_v1(body: v.UpscaleV1, assets: dict[str, Asset]) -> None:
    _check_seconds("videoUri", assets["video"], 0, 40)
    if max(assets["video"].width, assets["video"].height) >= 4096:
        _refuse("videoUri", "Invalid asset dimensions. Each side must be less than 4096 px")


@_check.register
def _magnific_image(body: v.MagnificImage, assets: dict[str, Asset]) -> None:
    image = assets["image"]
    if image.width not in MAGNIFIC_SIDES or image.height not in MAGNIFIC_SIDES:
        _refuse("imageUri", "Invalid asset dimensions. Each side must be 300 to 8000 px")
    if image.width * image.height * body.scale_factor**2 > MAGNIFIC_PIXELS:
        _refuse("scaleFactor", "Output would be larger than 25.3 megapixels")
