"""Refusals around credits and rights."""

from math import ceil

from bot import errors
from bot.credits import MOST_CREDITS
from bot.messages.refusals.base import quote, refusal
from bot.text import Bold, Code, Text, When, Who


@refusal.register
def _(e: errors.NotEnoughCredits) -> Text:
    whose = "you have"
    if e.team or e.channel:
        whose = "the team's budget has" if e.team else "this channel's cap has"
    resets: Text = (" They reset ", When(e.resets_at), ".") if e.resets_at else ()
    price, left = Bold(str(e.price)), Bold(str(e.left))
    return ("Not enough credits: this costs ", price, f" and {whose} ", left, " left.", *resets)


@refusal.register
def _(e: errors.Blocked) -> Text:
    whose = {"member": "your credits", "role": "your role's credits"}.get(e.scope.partition(":")[0])
    return (
        f"An admin has blocked {whose or 'the credits of every member'}. Ask one if that is wrong.",
    )


@refusal.register
def _(e: errors.Paused) -> Text:
    text = "Runway's moderation refused several of your requests, so you are paused until "
    return (text, When(e.until), ". Ask an admin if that is wrong.")


@refusal.register
def _(e: errors.TooFast) -> Text:
    seconds = max(1, ceil(e.wait))
    wait = "a second" if seconds == 1 else f"{seconds} seconds"
    return (
        f"That was a lot at once. Take a breath, and try again in {wait}; nothing was charged.",
    )


@refusal.register
def _(_e: errors.Stopping) -> Text:
    return (
        "I am being restarted and take nothing new for a moment. Try again in a minute; what is "
        "already at work goes on.",
    )


@refusal.register
def _(e: errors.WordNotAllowed) -> Text:
    return ("The word ", quote(e.word), " is not allowed here. Say it in another way.")


@refusal.register
def _(e: errors.TooManyQuestions) -> Text:
    return (
        f"The admins have {e.limit} questions of yours before them, which is the most at once. Ask "
        "again once one is decided.",
    )


@refusal.register
def _(e: errors.TooManyJobs) -> Text:
    jobs = "one job" if e.limit == 1 else f"{e.limit} jobs"
    return (
        f"You have {jobs} at work, which is the most at once. Wait for one, or cancel one with ",
        Code("/cancel"),
        ".",
    )


@refusal.register
def _(e: errors.AdminsOnly) -> Text:
    return (f"Only admins may {e.what}.",)


@refusal.register
def _(e: errors.BadAmount) -> Text:
    also: Text = (", or ", Code(e.also)) if e.also else ()
    numbers = f"a whole number from {e.least} to {MOST_CREDITS}"
    return (quote(e.value), f" is not a number of credits. Give {numbers}", *also, ".")


@refusal.register
def _(e: errors.ZeroAmount) -> Text:
    return (
        "0 would be a block that nobody is told of. To block someone, use ",
        Code("/quota block"),
        "; else give a number from 1.",
    )


@refusal.register
def _(e: errors.UnknownMember) -> Text:
    return (
        "There is no member or role ",
        quote(e.value),
        " here. Give a member, a role, ",
        Code("default"),
        " or ",
        Code("workspace"),
        ".",
    )


@refusal.register
def _(e: errors.NotAMember) -> Text:
    return (quote(e.value), " is not the name of one member here. Mention the one you mean with @.")


@refusal.register
def _(e: errors.NotBlockable) -> Text:
    return (
        "Only a member, a role or ",
        Code("default"),
        " can be blocked, not ",
        quote(e.value),
        ".",
    )


@refusal.register
def _(e: errors.NoRule) -> Text:
    return (
        "There is no rule for ",
        quote(e.value),
        ". ",
        Code("/quota show workspace"),
        " lists all.",
    )


@refusal.register
def _(e: errors.UnknownZone) -> Text:
    return (
        "There is no time zone ",
        quote(e.value),
        ". Write it as in ",
        Code("Europe/Berlin"),
        ".",
    )


@refusal.register
def _(e: errors.BadDays) -> Text:
    return (quote(e.value), " is not a number of days. Give a whole number from 1 to 3650.")


@refusal.register
def _(e: errors.NothingGranted) -> Text:
    return (Who(e.value), " has no granted credits that could be taken back.")


@refusal.register
def _(e: errors.TooMuchToRevoke) -> Text:
    return (f"Only {e.left} granted credits are left, so {e.amount} cannot be taken back.",)


@refusal.register
def _(e: errors.UnknownChannel) -> Text:
    return (
        "I cannot see a channel ",
        quote(e.value),
        " here. Name it as in ",
        Code("#ops"),
        ", and invite me if it is private.",
    )


@refusal.register
def _(e: errors.TooLongReason) -> Text:
    return (f"That reason is too long. Say why in at most {e.limit} characters.",)


@refusal.register
def _(e: errors.DraftOver) -> Text:
    states = {
        "run": "was run already", "approved": "was approved already", "denied": "was denied already",
        "asked": "is before the admins already", "forgotten": "was let go",
    }  # fmt: skip
    return (f"This request {states.get(e.state, 'has run out')}; there is nothing left to decide.",)


@refusal.register
def _(e: errors.OwnerStopped) -> Text:
    if e.until is not None:
        why: Text = (" is paused until ", When(e.until), ". ", Code("/quota pardon"), " ends that")
    else:
        why = (" is blocked. ", Code("/quota show"), " says by which rule; lift it")
    return ("It cannot run: ", Who(e.owner), *why, ", then approve it again.")


@refusal.register
def _(_: errors.AdminsNotReached) -> Text:
    return (
        "The admins could not be reached, so nobody has been asked. Try again in a minute. If that does "
        "not help, tell one yourself: ",
        Code("/quota settings alerts"),
        " sets the channel where they are asked.",
    )
