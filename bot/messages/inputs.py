"""What a card says about the files that went in: what was changed, and what will be cut off."""

from bot.commands.fitting import SAME_RATE, SAME_SHAPE, shaped
from bot.commands.specification import CROPPED_ROLES
from bot.messages.words import duration
from bot.requests import GenerationRequest, Input, Kind, Media, Original
from bot.text import on_one_line, shorten
from bot.views import Line

MOST_NAME = 40


def input_lines(request: GenerationRequest) -> list[Line]:
    """One line for each input about which there is something to say."""
    told = [(given.media, input_note(request, given)) for given in request.inputs]
    return [Line("Input", (f"{_name(media)}: {note}",)) for media, note in told if note]


def _name(media: Media) -> str:
    return shorten(on_one_line(media.name), MOST_NAME)


def input_note(request: GenerationRequest, given: Input) -> str:
    """What happened to a file, or will; empty when nothing is worth telling."""
    media = given.media
    if media.is_link:
        return "fetched by Runway from the link"
    said = _changes(media, media.was) if media.was else []
    if not (media.fit and media.fit.shape):
        said += _crop(request, given)
    return ", ".join(said)


def _changes(media: Media, was: Original) -> list[str]:
    said = []
    if was.animated:
        said.append("its first picture")
    if was.duration and media.duration and was.duration - media.duration > 0.5:
        said.append(f"its first {duration(media.duration)} of {duration(was.duration)}")
    elif media.kind is Kind.VIDEO and (was.content_type, was.codec) != (
        media.content_type,
        media.codec,
    ):
        said.append("converted to MP4")
    if media.fit and media.fit.rate and was.rate and was.rate > media.fit.rate * SAME_RATE:
        said.append(f"{media.fit.rate} of its {was.rate:.0f} pictures a second")
    if was.hdr and not media.hdr:
        said.append("HDR made into standard colours")
    if media.fit and media.fit.pad:
        said.append(f"padded to {media.width}×{media.height}")
    elif media.fit and media.fit.crop:
        said.append(f"cut to {media.width}×{media.height}")
    elif max(was.width or 0, was.height or 0) > max(media.width or 0, media.height or 0):
        said.append(f"scaled down from {was.width}×{was.height}")
    return said


def _crop(request: GenerationRequest, given: Input) -> list[str]:
    """What Runway's centre crop will keep of an image, when it does not keep nearly all of it."""
    media = given.media
    croppable = given.role in CROPPED_ROLES and media.kind is Kind.IMAGE
    if not (croppable and request.ratio and media.width and media.height):
        return []
    width, height = shaped(media.width, media.height, request.ratio, crop=True)
    if width * height >= media.width * media.height * (1 - SAME_SHAPE):
        return []
    kept = f"{width}×{height} of {media.width}×{media.height}"
    return [f"the centre is kept, {kept} (--fit pad keeps all)"]
