"""What may be done with a result: retry it, upscale it, animate it, let it go on."""

from collections.abc import Callable

from bot.catalog import Catalog, ModelSpec
from bot.commands.specification import command_of, setting_text
from bot.commands.validation import check_known, check_prompt, complete
from bot.errors import ActionNotOffered, NoResult, NothingOffered, NotWorthRetrying, Refused
from bot.jobs import Cause, Job, State
from bot.messages.cards import FollowUp
from bot.requests import GenerationRequest, Input, Kind, Media, Operation
from bot.text import utf16_units

PickSeed = Callable[[], int]
ACTIONS = (Cause.RETRY, Cause.UPSCALE, Cause.ANIMATE, Cause.EXTEND)


def follow_up(catalog: Catalog, job: Job, action: Cause, pick_seed: PickSeed) -> GenerationRequest:
    """The request that an action on a job's result stands for; raises a Refused."""
    spec = _spec(catalog, job.request)
    if action is Cause.RETRY:
        if not _worth_retrying(job):
            raise NotWorthRetrying(command_of(job.request.operation).name)
        return _again(catalog, job, spec, job.request.prompt, pick_seed)
    # A click may come while the message is there already and its row is still being written.
    if not job.outputs or job.state not in (State.DELIVERING, State.DELIVERED):
        raise NoResult(job.id, action)
    if action not in spec.next:
        raise ActionNotOffered(action, spec.label)
    if action is Cause.UPSCALE:
        return _upscaled(catalog, job.outputs[0], pick_seed)
    if action is Cause.EXTEND:
        return _extended(catalog, job, pick_seed)
    return _animated(catalog, job, pick_seed)


def remixed(catalog: Catalog, job: Job, prompt: str, pick_seed: PickSeed) -> GenerationRequest:
    """A job's request with another prompt; raises a Refused."""
    return _again(catalog, job, _spec(catalog, job.request), prompt, pick_seed)


def options_of(request: GenerationRequest) -> dict[str, str]:
    """What was chosen for a request, as it would be typed; a seed is picked anew."""
    options = {name: setting_text(value) for name, value in request.settings.items()}
    if request.ratio is not None:
        options["ratio"] = request.ratio
    if request.duration is not None:
        options["duration"] = str(request.duration)
    return options


def offered_follow_ups(catalog: Catalog, job: Job) -> list[FollowUp]:
    """The actions that would work on a job as it stands, with their prices."""
    offered = []
    for action in ACTIONS:
        try:
            request = follow_up(catalog, job, action, lambda: 0)
        except Refused:
            continue
        offered.append(FollowUp(action, request.price))
    return offered


def _worth_retrying(job: Job) -> bool:
    # Runway's reference: a refused prompt is refused again, and paid for again.
    return "SAFETY" not in (job.failure or "")


def _spec(catalog: Catalog, request: GenerationRequest) -> ModelSpec:
    try:
        return catalog.spec(request.model, request.operation)
    except KeyError:  # config took the model out since
        command = command_of(request.operation).name
        raise NothingOffered(command, catalog.label(request.model)) from None


def _again(
    catalog: Catalog, job: Job, spec: ModelSpec, prompt: str, pick_seed: PickSeed
) -> GenerationRequest:
    """The same once more, as the catalog is today: it may have changed since."""
    request, options = job.request, options_of(job.request)
    _check_offered(catalog, spec)
    check_known(spec, options)
    check_prompt(spec, command_of(request.operation).name, prompt)
    return complete(spec, prompt, request.inputs, options, pick_seed)


def _check_offered(catalog: Catalog, spec: ModelSpec) -> None:
    if spec not in catalog.offered(spec.operation):
        raise NothingOffered(command_of(spec.operation).name, spec.label)


def _upscaled(catalog: Catalog, media: Media, pick_seed: PickSeed) -> GenerationRequest:
    image = media.kind is Kind.IMAGE
    operation = Operation.IMAGE_UPSCALE if image else Operation.VIDEO_UPSCALE
    return _first_that_fits(catalog, operation, media, "", pick_seed)


def _animated(catalog: Catalog, job: Job, pick_seed: PickSeed) -> GenerationRequest:
    operation = Operation.IMAGE_TO_VIDEO
    return _first_that_fits(catalog, operation, job.outputs[0], job.request.prompt, pick_seed)


def _extended(catalog: Catalog, job: Job, pick_seed: PickSeed) -> GenerationRequest:
    """A video that begins where this one ends; its last picture is taken out once it is wanted."""
    video = job.outputs[0]
    frame = Media(video.key, Kind.IMAGE, "image/png", 0, "", video.name, video.width, video.height)
    return _first_that_fits(catalog, Operation.IMAGE_TO_VIDEO, frame, job.request.prompt, pick_seed)


def _first_that_fits(
    catalog: Catalog, operation: Operation, media: Media, prompt: str, pick_seed: PickSeed
) -> GenerationRequest:
    refused: Refused = NothingOffered(command_of(operation).name)
    for spec in catalog.offered(operation):
        fitting = prompt if utf16_units(prompt) <= spec.prompt.max else ""
        inputs = (Input(spec.inputs[0].role, media),)
        try:
            check_prompt(spec, command_of(operation).name, fitting)
            return complete(spec, fitting, inputs, {}, pick_seed)
        except Refused as error:
            refused = error
    raise refused
