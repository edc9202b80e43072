"""Refusals of requests: commands, options, prompts, files, jobs."""

from collections.abc import Sequence

from bot import errors
from bot.messages.refusals.base import quote, refusal
from bot.messages.words import a, duration, either, size, together
from bot.text import Code, Text, join, shorten


@refusal.register
def _(e: errors.UnknownCommand) -> Text:
    if e.similar and all(name.startswith(e.name + " ") for name in e.similar):
        begun: Text = (Code("/" + e.name), " is only the beginning. Go on with ")
        return (*begun, *_or(e.similar), ". ", Code("/help"), " lists all.")
    similar = [name for name in e.similar if name != "help"]  # which is named anyhow
    meant: Text = (" Did you mean ", *_or(similar), "?") if similar else ()
    return (
        "There is no command ",
        quote(("/" if e.slash else "") + e.name),
        ".",
        *meant,
        " ",
        Code("/help"),
        " lists all.",
    )


def _or(commands: Sequence[str]) -> Text:
    every: list[Text] = [(Code("/" + name),) for name in commands]
    first = join(every[:-1], ", ")
    return (*first, " or ", *every[-1]) if first else every[-1]


@refusal.register
def _(e: errors.UnknownOption) -> Text:
    known = either([f"--{name}" for name in e.known])
    takes = f" takes {known}." if known else " takes no options."
    return ("There is no option ", quote("--" + e.name), ". ", Code("/" + e.command), takes)


@refusal.register
def _(e: errors.RepeatedOption) -> Text:
    return (Code("--" + e.name), " is there twice. Keep one of them.")


@refusal.register
def _(e: errors.MissingValue) -> Text:
    choices = f": {either(e.choices)}" if e.choices else ""
    return (Code("--" + e.option), f" needs a value{choices}.")


@refusal.register
def _(e: errors.MissingArgument) -> Text:
    return ("Something is missing: ", Code(e.name), ". It goes like this: ", Code(e.usage))


@refusal.register
def _(e: errors.UnexpectedText) -> Text:
    return (
        Code("/" + e.command),
        " does not take ",
        quote(e.text),
        ". It goes like this: ",
        Code(e.usage),
    )


@refusal.register
def _(e: errors.BadChoice) -> Text:
    whose = f" for {e.model}" if e.model else ""
    return (quote(e.value), f" is not {a(e.option)}{whose}. Choose {either(e.choices, 12)}.")


@refusal.register
def _(e: errors.OptionNotTaken) -> Text:
    return (f"{e.model} has no ", Code("--" + e.option), ". Leave it out, or choose another model.")


@refusal.register
def _(e: errors.MissingPrompt) -> Text:
    example = f"/{e.command} a lighthouse at dusk"
    return (f"{e.model} needs a prompt: say what you want to see, as in ", Code(example))


@refusal.register
def _(e: errors.PromptNotTaken) -> Text:
    return (f"{e.model} works from the files alone. Send it again without text.",)


@refusal.register
def _(e: errors.PromptTooLong) -> Text:
    return (
        f"That prompt is {e.units} characters long; {e.model} takes {e.limit}. Shorten it by {e.units - e.limit}.",
    )


@refusal.register
def _(e: errors.MissingInput) -> Text:
    kinds = either([a(kind) for kind in e.kinds])
    role = f" for the {e.role}" if e.role not in e.kinds else ""
    needed, ref = f"{e.model} needs {kinds}{role}. Attach it", Code("--ref last")
    text: Text = (f"{needed}, or name a result (", ref, "), and send the command again.")
    if e.without:
        text += (" To start from words alone, add ", Code(f"--model {e.without}"), ".")
    return text


@refusal.register
def _(e: errors.TooManyInputs) -> Text:
    return (
        f"{e.model} takes {e.taken}; you attached {together([shorten(n, 40) for n in e.extra])}. Leave out what it does not need.",
    )


@refusal.register
def _(e: errors.UnfitInput) -> Text:
    if e.quantity == "length":
        is_, bounds = duration(e.value), f"{e.low:g} to {e.high:g} seconds"
    elif e.quantity == "enlarged size":
        is_, bounds = f"{e.value / 1e6:.1f} megapixels", f"up to {e.high / 1e6:g} megapixels"
    elif e.quantity == "shape":
        is_, bounds = f"{e.value:.2f}", f"{e.low:g} to {e.high:g} (width over height)"
    else:
        is_, bounds = f"{e.value:g} pixels", f"{e.low:g} to {e.high:g} pixels"
    return (
        quote(e.filename),
        f" does not fit {e.model}: its {e.quantity} is {is_}, it takes {bounds}.",
    )


@refusal.register
def _(e: errors.UnusableFile) -> Text:
    found = f" (it holds {e.found})" if e.found else ""
    limit = e.limit or 0
    ends: dict[str, str] = {
        "empty": " is empty. Send it again; the upload may have broken off.",
        "too_large": f" is too large: {size(limit)} is the most.",
        "name_mismatch": f" is not what its name says{found}. Send the original file, with its own name.",
        "unknown_type": f" is not an image or a video that can be used{found}. {_ACCEPTED}",
        "unsupported_type": f" cannot be used{found}. {_ACCEPTED}",
        "too_many_pixels": f" has too many pixels: {limit / 1e6:g} megapixels is the most.",
        "too_long": f" is too long: {duration(limit)} is the most.",
        "too_long_side": f" is too long on one side: {limit} pixels is the most.",
        "zero_duration": " is a video with nothing in it. Export it again.",
        "no_video": " is sound without a picture. Send a video.",
        "two_in_one": f" is two files in one{found}. Send the picture or video alone: open it, and save it again.",
        "encrypted": " is protected against copying. Send a copy without protection.",
    }  # fmt: skip
    fallback = " cannot be opened; it may be damaged. Open it on your device and save it again."
    return (quote(e.filename), ends.get(e.reason, fallback))


_ACCEPTED = "Send a photo or picture (JPEG, PNG, WebP, HEIC, AVIF, GIF, TIFF), or an MP4, MOV or WebM video."


@refusal.register
def _(e: errors.BadLink) -> Text:
    ends = {
        "https": " does not begin with https://.",
        "domain": " does not lead to a public website by its name.",
        "length": " is too long: 2048 characters is the most.",
        "type": " is of a type that Runway does not read at a link.",
    }
    end = ends.get(e.why, " is not a plain web address.")
    return (quote(e.link), f"{end} Attach the file itself instead.")


@refusal.register
def _(e: errors.NeedsFile) -> Text:
    return (
        f"What {e.model} costs depends on the file, and nobody can see into ",
        quote(e.name),
        " from here. Attach the file itself instead of a link.",
    )


@refusal.register
def _(e: errors.NoLastResult) -> Text:
    return ("You have no result here yet that could be used. Attach a file instead.",)


@refusal.register
def _(e: errors.FileGone) -> Text:
    return (
        "Old files go after a while: ",
        quote(e.name),
        " is not kept any more. Attach it instead.",
    )


@refusal.register
def _(e: errors.NothingOffered) -> Text:
    if e.model:
        return (
            f"{e.model} is not offered by your Runway organisation at the moment. Choose another model.",
        )
    return (
        "Your Runway organisation offers no model for ",
        Code("/" + e.command),
        " at the moment.",
    )


@refusal.register
def _(e: errors.NoSuchJob) -> Text:
    if not e.job_id:
        return ("You have no job that could be cancelled.",)
    return ("There is no job ", quote(e.job_id), " here. ", Code("/history"), " lists yours.")


@refusal.register
def _(e: errors.NotYours) -> Text:
    return ("Only its owner or an admin may cancel job ", Code(e.job_id), ".")


@refusal.register
def _(e: errors.AlreadyOver) -> Text:
    return ("Job ", Code(e.job_id), f" is {e.state} already; there is nothing left to cancel.")


@refusal.register
def _(e: errors.NoResult) -> Text:
    return ("Job ", Code(e.job_id), f" has no result to {e.action}.")


@refusal.register
def _(e: errors.ActionNotOffered) -> Text:
    return (f"A result of {e.model} cannot be used for {e.action}.",)


@refusal.register
def _(_e: errors.UnknownAction) -> Text:
    return ("There is nothing like that to do with this message.",)


@refusal.register
def _(e: errors.NotWorthRetrying) -> Text:
    return (
        "Runway's moderation refused this one. It would refuse it again, and charge for it again. "
        "Change the prompt or the file, and send it anew with ",
        Code(f"/{e.command}"),
        ".",
    )
