"""Every refusal says what is wrong and what would work, in words for people."""

import re
from datetime import UTC, datetime

import pytest

from bot import errors
from bot.jobs import Cause, State
from bot.media.errors import Reason
from bot.messages.refusals import refusal
from bot.requests import Kind

RESETS = datetime(2026, 12, 1, tzinfo=UTC)
MODEL = "Gen-4 Turbo"


def away_before() -> errors.StorageUnavailable:
    """A database that is away before anything was written."""
    error = errors.StorageUnavailable("connection refused")
    error.begun = False
    return error


SAMPLES: list[tuple[errors.Refused, list[str]]] = [
    (errors.UnknownCommand("imagin", ["imagine"]), ["/imagin", "/imagine", "/help"]),
    (errors.UnknownCommand("quota", ["quota show", "quota set"]), ["/quota show or /quota set"]),
    (errors.UnknownCommand("quota", ["quota a", "quota b", "quota c"]),
     ["/quota is only the beginning", "/quota a, /quota b or /quota c"]),
    (errors.UnknownCommand("hello", [], slash=False), ["There is no command hello."]),
    (errors.UnknownCommand("hello", ["help"]), ["There is no command /hello. /help lists all."]),
    (errors.UnknownCommand("xyzzy", []), ["/xyzzy", "/help"]),
    (errors.UnknownCommand("", []), ["/help"]),
    (errors.UnknownOption("imagine", "colour", ["model", "ratio"]), ["--colour", "--model or --ratio"]),
    (errors.UnknownOption("credits", "x", []), ["takes no options"]),
    (errors.UnknownAction("dance"), ["nothing like that"]),
    (errors.RepeatedOption("ratio"), ["--ratio", "twice"]),
    (errors.MissingValue("ratio", ["16:9", "1:1"]), ["--ratio", "16:9 or 1:1"]),
    (errors.MissingValue("seed", []), ["--seed needs a value."]),
    (errors.MissingArgument("who", "/quota set <who>"), ["who", "/quota set <who>"]),
    (errors.UnexpectedText("credits", "now", "/credits"), ["/credits", "now"]),
    (errors.BadChoice("ratio", "5:4", ["16:9", "1:1"], MODEL), ["5:4", "ratio", MODEL, "16:9 or 1:1"]),
    (errors.BadChoice("period", "year", ["day", "week", "month"]), ["year", "day, week or month"]),
    (errors.BadChoice("expression", "9", ["1", "2"], "Act-Two"), ["9 is not an expression for Act-Two"]),
    (errors.OptionNotTaken("seed", MODEL), [MODEL, "--seed"]),
    (errors.MissingPrompt("imagine", MODEL), [MODEL, "/imagine a lighthouse"]),
    (errors.PromptNotTaken(MODEL), [MODEL, "without text"]),
    (errors.PromptTooLong(1234, 1000, MODEL), ["1234", "1000", "234", MODEL]),
    (errors.MissingInput("image", [Kind.IMAGE], MODEL), [MODEL, "an image"]),
    (errors.MissingInput("image", [Kind.IMAGE], MODEL, "gen4.5"), ["--model gen4.5"]),
    (
        errors.MissingInput("character", [Kind.IMAGE, Kind.VIDEO], "Act-Two"),
        ["an image or a video", "character"],
    ),
    (errors.TooManyInputs(MODEL, "one image", ["a.png", "b.png"]), ["one image", "a.png and b.png"]),
    (errors.UnfitInput("a.mp4", "length", 61.5, 2, 30, "Aleph 2"), ["a.mp4", "1 min 2 s", "2 to 30 seconds"]),
    (errors.UnfitInput("a.png", "shape", 2.5, 0.5, 2.0, "Gen-4.5"), ["2.50", "0.5 to 2"]),
    (errors.UnfitInput("a.png", "short side", 200, 300, 8000, "M"), ["200 pixels", "300 to 8000"]),
    (errors.UnfitInput("a.png", "long side", 9000, 0, 4095, "M"), ["9000 pixels", "4095"]),
    (errors.UnfitInput("a.png", "enlarged size", 36e6, 0, 25.3e6, "M"), ["36.0 megapixels", "25.3"]),
    (errors.UnusableFile("a.png", "name_mismatch", found="gif"), ["a.png", "gif"]),
    (errors.NothingOffered("animate", "Gen-3 Alpha Turbo"), ["Gen-3 Alpha Turbo", "another model"]),
    (errors.NothingOffered("perform"), ["/perform"]),
    (errors.NotEnoughCredits(25, 12, RESETS), ["25", "12", "you have", "01 December 2026"]),
    (errors.NotEnoughCredits(25, 12, RESETS, team=True), ["the team's budget has", "12"]),
    (errors.NotEnoughCredits(25, 12, RESETS, channel=True), ["this channel's cap has", "12"]),
    (errors.NotEnoughCredits(25, 12, None), ["25", "12"]),
    (errors.Blocked("member:ada"), ["blocked your credits"]),
    (errors.Blocked("role:design"), ["your role's credits"]),
    (errors.Blocked("default"), ["the credits of every member"]),
    (errors.TooManyQuestions(3), ["3 questions of yours", "once one is decided"]),
    (errors.NothingGranted("ben"), ["no granted credits"]),
    (errors.TooMuchToRevoke(50, 20), ["Only 20", "50 cannot"]),
    (errors.UnknownChannel("#nope"), ["#nope", "invite me"]),
    (errors.TooLongReason(200), ["at most 200 characters"]),
    (errors.NotWorthRetrying("imagine"), ["refuse it again", "/imagine"]),
    (errors.Paused(RESETS), ["paused until 01 December 2026"]),
    (errors.TooFast(3.2), ["4 seconds", "nothing was charged"]),
    (errors.TooFast(0.1), ["a second"]),
    (errors.Stopping(), ["restarted", "Try again in a minute"]),
    (errors.StorageUnavailable("cut"), ["may or may not have been done", "/history", "/quota show"]),
    (away_before(), ["nothing was started", "try again"]),
    (errors.BadLink("example.com/a.png", "https"), ["example.com/a.png", "https"]),
    (errors.NeedsFile("a.mp4", MODEL), ["a.mp4", MODEL]),
    (errors.NoLastResult(), ["Attach a file"]),
    (errors.FileGone("fox.png"), ["fox.png", "not kept any more", "Attach it"]),
    (errors.WordNotAllowed("gore"), ["gore", "not allowed"]),
    (errors.NotAMember("editors"), ["editors", "one member"]),
    (errors.NotBlockable("workspace"), ["workspace", "Only a member, a role or default"]),
    (errors.NoRule("ada"), ["ada", "no rule"]),
    (errors.UnknownZone("Mars/Base"), ["Mars/Base", "Europe/Berlin"]),
    (errors.BadDays("eventually"), ["eventually", "1 to 3650"]),
    (errors.DraftOver("approved"), ["was approved already"]),
    (errors.DraftOver("expired"), ["has run out"]),
    (errors.OwnerStopped("ben"), ["@ben is blocked", "/quota show", "approve it again"]),
    (errors.OwnerStopped("ben", RESETS), ["@ben is paused until 01 December 2026", "/quota pardon"]),
    (errors.AdminsNotReached(), ["nobody has been asked", "/quota settings alerts"]),
    (errors.TooManyJobs(3), ["3 jobs", "/cancel"]),
    (errors.TooManyJobs(1), ["one job", "/cancel"]),
    (errors.AdminsOnly("manage quotas"), ["admins", "manage quotas"]),
    (errors.NoSuchJob("4f7x"), ["4f7x", "/history"]),
    (errors.NoSuchJob(""), ["no job"]),
    (errors.NotYours("4f7x"), ["4f7x", "owner"]),
    (errors.AlreadyOver("4f7x", State.DELIVERED), ["4f7x", "delivered"]),
    (errors.NoResult("4f7x", Cause.UPSCALE), ["4f7x", "upscale"]),
    (errors.ActionNotOffered(Cause.ANIMATE, MODEL), [MODEL, "animate"]),
    (errors.BadAmount("lots", also="unlimited"), ["lots", "or unlimited"]),
    (errors.ZeroAmount(), ["/quota block"]),
    (errors.UnknownMember("zed"), ["zed", "a member, a role, default or workspace"]),
]  # fmt: skip
# What would tell that a value was printed as Python sees it.
PYTHON = re.compile(r"None|True|False|<[a-z_.]+ object|<\w+\.\w+: |\b\w+\(|\[['\"]|\{['\"]|Kind\.")


def classes(root: type) -> set[type]:
    return {root} | {each for child in root.__subclasses__() for each in classes(child)}


def test_every_refusal_that_there_is_has_a_text():
    sampled = {type(error) for error, _ in SAMPLES}
    ours = {each for each in classes(errors.Refused) if each.__module__.startswith("bot.")}
    assert ours - {errors.Refused} == sampled


@pytest.mark.parametrize(("error", "parts"), SAMPLES, ids=lambda value: repr(value)[:60])
def test_a_refusal_says_what_is_wrong_and_what_would_work(plain, error, parts):
    text = plain(refusal(error))
    for part in parts:
        assert part in text
    assert not PYTHON.search(text)
    assert "  " not in text
    assert text[0].isupper() or text[0] in "/-aexylz45" or not text[0].isalpha()


def test_a_refusal_without_a_text_is_a_mistake_that_tests_notice():
    class Unheard(errors.Refused):
        pass

    with pytest.raises(NotImplementedError, match="Unheard"):
        refusal(Unheard())
    del Unheard


@pytest.mark.parametrize("reason", [r for r in Reason if r not in ("no_video", "encrypted")])
def test_every_reason_that_a_file_is_refused_for_has_its_own_words(plain, reason):
    text = plain(refusal(errors.UnusableFile("a.png", reason, limit=10_000_000)))
    assert "a.png" in text
    assert ("may be damaged" in text) == (reason is Reason.UNDECODABLE)
    assert not PYTHON.search(text)


@pytest.mark.parametrize(
    ("reason", "limit", "part"),
    [
        ("too_large", 200_000_000, "200 MB"),
        ("too_many_pixels", 40_000_000, "40 megapixels"),
        ("too_long_side", 16_384, "16384 pixels"),
        ("too_long", 300, "5 min"),
    ],
)
def test_a_limit_on_files_is_named(plain, reason, limit, part):
    assert part in plain(refusal(errors.UnusableFile("a.png", reason, limit=limit)))


@pytest.mark.parametrize(
    "error",
    [
        errors.UnknownCommand("x" * 5000, []),
        errors.UnknownOption("imagine", "x" * 5000, ["model"]),
        errors.UnexpectedText("credits", "x" * 5000, "/credits"),
        errors.BadChoice("ratio", "x" * 5000, ["16:9"], MODEL),
        errors.TooManyInputs(MODEL, "one image", ["x" * 5000] * 20),
        errors.UnusableFile("x" * 5000, "empty"),
        errors.NoSuchJob("x" * 5000),
        errors.BadAmount("x" * 5000),
        errors.UnknownMember("x" * 5000),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_was_typed_is_quoted_but_never_at_length(plain, error):
    assert len(plain(refusal(error))) < 600
