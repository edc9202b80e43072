"""How a file must change before a model takes it, and what it will be then; pure."""

from dataclasses import replace
from fractions import Fraction

from bot.catalog import InputRule, ModelSpec
from bot.commands.specification import CROPPED_ROLES
from bot.requests import Fit, Kind, Media, Operation

# The largest outputs are half as wide: more pixels only travel longer.
MOST_USEFUL_SIDE = 4096
# A difference in shape that nobody sees.
SAME_SHAPE = 0.02
# Phones' 30 pictures a second are 29.9 to 30.1.
SAME_RATE = 1.01


def plan_fit(
    spec: ModelSpec, rule: InputRule, media: Media, ratio: str | None, how: str | None
) -> Fit:
    """What must be done to a file in a role; `how` is what to do with another shape."""
    if media.kind is Kind.VIDEO:
        seconds = rule.seconds[1] if rule.seconds else None
        return Fit(side=rule.max_side, seconds=seconds, rate=rule.max_rate)
    side = None if spec.operation is Operation.IMAGE_UPSCALE else MOST_USEFUL_SIDE
    if ratio is None or rule.role not in CROPPED_ROLES:
        return Fit(side=side)
    if how == "pad" and _differs(media, ratio):
        return Fit(side=side, pad=ratio)
    # Runway crops by itself, but not what is too far from any of its shapes.
    return Fit(side=side, crop=_nearest(rule, ratio) if _outside(rule, media) else None)


def changes(media: Media, fit: Fit) -> bool:
    """Whether a file of our own would become another one."""
    longest = max(media.width or 0, media.height or 0)
    return (
        fit.shape is not None
        or (fit.side is not None and longest > fit.side)
        or (fit.seconds is not None and (media.duration or 0) > fit.seconds)
        or is_too_quick(media, fit)
    )


def is_too_quick(media: Media, fit: Fit) -> bool:
    """Whether a video has more pictures a second than are taken."""
    return fit.rate is not None and (media.rate or 0) > fit.rate * SAME_RATE


def expected(media: Media, fit: Fit) -> Media:
    """The file as it will be, as far as prices and limits ask; a link stays what it is."""
    if media.is_link or not media.width or not media.height:
        return media
    width, height = scaled(media.width, media.height, fit.side)
    if fit.shape:
        width, height = shaped(width, height, fit.shape, crop=fit.crop is not None)
    seconds, frames = media.duration, media.frames
    if seconds and fit.seconds is not None and seconds > fit.seconds:
        frames = None if frames is None else round(frames * fit.seconds / seconds)
        seconds = fit.seconds
    if seconds and fit.rate is not None and is_too_quick(media, fit):
        frames = round(seconds * fit.rate)
    return replace(media, width=width, height=height, duration=seconds, frames=frames)


def scaled(width: int, height: int, side: int | None) -> tuple[int, int]:
    """The size with no side longer than `side`."""
    longest = max(width, height)
    if side is None or longest <= side:
        return width, height
    return max(1, round(width * side / longest)), max(1, round(height * side / longest))


def shaped(width: int, height: int, ratio: str, *, crop: bool) -> tuple[int, int]:
    """The size after a crop (or a padding) to a ratio."""
    across, down = (int(side) for side in ratio.split(":"))
    wider = width * down > height * across
    if crop == wider:
        return max(1, round(height * across / down)), height
    return width, max(1, round(width * down / across))


def _differs(media: Media, ratio: str) -> bool:
    if not media.width or not media.height:
        return False
    across, down = (int(side) for side in ratio.split(":"))
    return abs(media.width * down / (media.height * across) - 1) > SAME_SHAPE


def _nearest(rule: InputRule, ratio: str) -> str:
    """The shape nearest to a ratio that a file may have; some results are wider than that."""
    if rule.aspect is None:
        return ratio
    across, down = (int(side) for side in ratio.split(":"))
    low, high = rule.aspect
    shape = min(max(across / down, low), high)
    if shape == across / down:
        return ratio
    limit = Fraction(shape).limit_denominator(1000)
    return f"{limit.numerator}:{limit.denominator}"


def _outside(rule: InputRule, media: Media) -> bool:
    if rule.aspect is None or not media.width or not media.height:
        return False
    low, high = rule.aspect
    return not low <= media.width / media.height <= high
