"""From what was typed to a valid request: models, prompts, ratios, durations, seeds, settings."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot import errors
from bot.commands.specification import command
from bot.commands.validation import complete, plan_request
from bot.requests import Operation
from bot.text import utf16_units

TODAY = {"gen4_image", "gemini_2.5_flash", "gen4_turbo", "gen4.5", "veo3.1_fast", "aleph2"}


@pytest.fixture(scope="session")
def build(shipped):
    """The request that a command asks for; 7 is the seed that is picked."""

    def run(name: str, prompt: str = "", files=(), catalog=None, **options: str):
        return plan_request(
            catalog or shipped, command(name), prompt, options, list(files), lambda: 7
        ).request

    return run


def test_a_plain_prompt_becomes_a_whole_request(build):
    request = build("imagine", "a fox in the snow")
    assert (request.operation, request.model) == (Operation.TEXT_TO_IMAGE, "gen4_image")
    assert (request.prompt, request.ratio, request.seed) == ("a fox in the snow", "1920:1080", 7)
    assert (request.inputs, request.duration, request.settings) == ((), None, {})
    assert request.price == 8


@pytest.mark.parametrize("limit_of", [("gen4_image", 1000), ("gemini_2.5_flash", 5500)])
def test_a_prompt_is_counted_in_utf16_units(build, limit_of):
    model, limit = limit_of
    at_limit = "🦊" * (limit // 2)
    assert build("imagine", at_limit, model=model).prompt == at_limit
    with pytest.raises(errors.PromptTooLong) as refused:
        build("imagine", at_limit + "x", model=model)
    assert (refused.value.units, refused.value.limit) == (limit + 1, limit)
    with pytest.raises(errors.PromptTooLong):
        build("imagine", at_limit[:-1] + "x🦊", model=model)


def test_a_missing_prompt_is_refused_where_the_model_needs_one(build, image):
    with pytest.raises(errors.MissingPrompt) as refused:
        build("imagine")
    assert (refused.value.command, refused.value.model) == ("imagine", "Gen-4 Image")
    assert build("animate", files=[image()]).prompt == ""


@pytest.mark.parametrize("prompt", ["\u200b", "\u2800 \u3164", "\u202e\u2066", "\ufe0f\u200d\x00"])
def test_a_prompt_of_which_nothing_can_be_seen_is_none(build, prompt):
    with pytest.raises(errors.MissingPrompt):
        build("imagine", prompt)


@pytest.mark.parametrize("prompt", ["🦊", "👩\u200d🚀", "…", "\u202eשועל", "e\u0301", "\U0001fae8"])
def test_a_prompt_of_one_sign_is_one(build, prompt):
    assert build("imagine", prompt).prompt == prompt


@pytest.mark.parametrize("model", ["act_two", "magnific_precision_upscaler_v2"])
def test_a_prompt_that_is_not_taken_is_refused(build, image, video, model):
    name, files = {
        "act_two": ("perform", [image(), video()]),
        "magnific_precision_upscaler_v2": ("upscale", [image()]),
    }[model]
    with pytest.raises(errors.PromptNotTaken):
        build(name, "smile", files=files, model=model)


def test_an_unknown_model_names_those_that_there_are(build, catalog):
    catalog.set_offered(TODAY)
    with pytest.raises(errors.BadChoice) as refused:
        build("imagine", "a fox", catalog=catalog, model="gen9")
    assert (refused.value.option, refused.value.value) == ("model", "gen9")
    assert refused.value.choices == ["gen4_image", "gemini_2.5_flash"]


def test_a_model_of_another_command_is_unknown_here(build):
    with pytest.raises(errors.BadChoice):
        build("imagine", "a fox", model="gen4_turbo")


def test_a_model_that_is_not_offered_now_says_so(build, catalog, image):
    catalog.set_offered(TODAY)
    with pytest.raises(errors.NothingOffered) as refused:
        build("animate", "go", [image()], catalog, model="gen3a_turbo")
    assert refused.value.model == "Gen-3 Alpha Turbo"


@pytest.mark.parametrize("options", [{}, {"model": "gen9"}, {"model": "act_two"}], ids=str)
def test_a_command_for_which_nothing_is_offered_says_so(build, catalog, image, video, options):
    catalog.set_offered(TODAY)
    with pytest.raises(errors.NothingOffered) as refused:
        build("perform", "", [image(), video()], catalog, **options)
    assert refused.value.command == "perform"


@pytest.mark.parametrize("written", ["GEN4_IMAGE", "Gen4_Image"])
def test_a_models_name_may_be_in_upper_case(build, written):
    assert build("imagine", "a fox", model=written).model == "gen4_image"


@pytest.mark.parametrize(
    ("asked", "ratio"),
    [
        ("16:9", "1280:720"), ("9:16", "720:1280"), ("square", "960:960"), ("Square", "960:960"),
        ("wide", "1280:720"), ("portrait", "720:1280"), ("1:1", "960:960"), ("4:3", "1104:832"),
        ("1104:832", "1104:832"), ("1104x832", "1104:832"), ("1104×832", "1104:832"),
        ("cinema", "1584:672"),
    ],
)  # fmt: skip
def test_a_ratio_by_its_name_or_size(build, image, asked, ratio):
    assert build("animate", files=[image()], ratio=asked).ratio == ratio


@pytest.mark.parametrize(
    "asked", ["5:4", "1920:1080", "0:0", "16/9", "big", "16:9:4", "²:1", "3:2"]
)
def test_a_ratio_that_the_model_does_not_have_is_refused(build, image, asked):
    with pytest.raises(errors.BadChoice) as refused:
        build("animate", files=[image()], ratio=asked)
    assert (refused.value.option, refused.value.model) == ("ratio", "Gen-4 Turbo")
    assert {"16:9", "1280:720"} <= set(refused.value.choices)


@pytest.mark.parametrize(
    ("width", "height", "ratio"),
    [
        (1920, 1080, "1280:720"), (4032, 3024, "1104:832"), (3024, 4032, "832:1104"),
        (1080, 1920, "720:1280"), (500, 500, "960:960"), (3000, 1000, "1584:672"),
        (10, 8000, "720:1280"), (8000, 10, "1584:672"),
    ],
)  # fmt: skip
def test_the_default_ratio_follows_the_inputs_shape(build, image, width, height, ratio):
    assert build("animate", files=[image(width, height)]).ratio == ratio


def test_the_default_ratio_follows_a_character_but_not_a_reference(build, image, video):
    tall = image(720, 1280)
    assert build("perform", files=[tall, video()]).ratio == "720:1280"
    assert build("imagine", "a fox", [tall]).ratio == "1920:1080"
    assert build("imagine", "a fox", [tall], ratio="square").ratio == "1080:1080"


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [("2", 2), ("10", 10), ("5s", 5), ("5 seconds", 5), ("5sec", 5), ("5 SECS", 5), ("05", 5)],
)
def test_a_duration_with_or_without_its_unit(build, image, asked, seconds):
    assert build("animate", files=[image()], duration=asked).duration == seconds


BAD_DURATIONS = ["0", "1", "11", "5.5", "-5", "five", "", "s", "²", "٥", "99999999", "10000000000"]
# Its first four signs alone are a good one.
BAD_DURATIONS += ["00051", "0005 5", "0005" + "0" * 5000]


@pytest.mark.parametrize("asked", BAD_DURATIONS)
def test_a_duration_that_the_model_does_not_have_is_refused(build, image, asked):
    with pytest.raises(errors.BadChoice) as refused:
        build("animate", files=[image()], duration=asked)
    assert refused.value.choices == [str(n) for n in range(2, 11)]


@pytest.mark.parametrize(("model", "asked"), [("veo3.1", "5"), ("gen3a_turbo", "7")])
def test_durations_are_the_models_own(build, image, model, asked):
    with pytest.raises(errors.BadChoice):
        build("animate", files=[image()], model=model, duration=asked)


@pytest.mark.parametrize("asked", ["0", "7", "4294967295"])
def test_a_seed_within_its_bounds(build, asked):
    assert build("imagine", "a fox", seed=asked).seed == int(asked)


@pytest.mark.parametrize("asked", ["4294967296", "-1", "1.5", "x", "", "²", "1" * 5000, "1_0"])
def test_a_seed_outside_its_bounds_is_refused(build, asked):
    with pytest.raises(errors.BadChoice) as refused:
        build("imagine", "a fox", seed=asked)
    assert refused.value.option == "seed"


@pytest.mark.parametrize(
    ("model", "option"),
    [
        ("veo3.1_fast", {"seed": "7"}),
        ("gen4_turbo", {"resolution": "2k"}),
        ("gen4_turbo", {"expression": "3"}),
    ],
)
def test_an_option_that_the_model_does_not_have_is_refused(build, image, model, option):
    with pytest.raises(errors.OptionNotTaken) as refused:
        build("animate", files=[image()], model=model, **option)
    assert refused.value.option == next(iter(option))


def test_a_model_without_ratios_or_durations_takes_none(build, video):
    for option in ({"ratio": "16:9"}, {"duration": "5"}):
        with pytest.raises(errors.OptionNotTaken):
            build("edit", "at night", [video()], model="aleph2", **option)
    request = build("edit", "at night", [video()])
    assert (request.ratio, request.duration) == (None, None)


def test_settings_are_taken_as_people_type_them(build, image, video):
    files = [image(), video()]
    request = build("perform", files=files, expression="4", gestures="Yes")
    assert request.settings == {"expression": 4, "gestures": True}
    assert build("perform", files=files, gestures="no").settings == {"gestures": False}
    assert build("perform", files=files).settings == {}
    assert build("upscale", files=[image()]).settings == {"scale": 2}
    assert build("upscale", files=[image(400, 400)], scale="8").settings == {"scale": 8}


@pytest.mark.parametrize("setting", [{"expression": "6"}, {"gestures": "maybe"}], ids=str)
def test_a_setting_that_is_no_choice_is_refused(build, image, video, setting):
    with pytest.raises(errors.BadChoice) as refused:
        build("perform", files=[image(), video()], **setting)
    assert refused.value.option == next(iter(setting))


_ANY = st.text(st.characters(exclude_categories=()))


@given(_ANY, st.dictionaries(st.sampled_from(["model", "ratio", "duration", "seed", "x"]), _ANY))
def test_whatever_is_asked_for_is_a_priced_request_or_refused(build, image, prompt, options):
    try:
        request = build("animate", prompt, [image()], **options)
    except errors.Refused:
        return
    assert request.price > 0
    assert utf16_units(request.prompt) <= 1000


@given(_ANY)
@example("half a pair \ud83e, a whole one \ud83e\udd8a, and nothing \x00")
def test_every_request_survives_its_way_through_a_row(build, prompt):
    try:
        request = build("imagine", prompt)
    except errors.Refused:
        return
    assert type(request).from_json(request.to_json()) == request


def test_a_request_with_everything_survives_its_way_through_a_row(spec, image, video):
    entry = spec("act_two", "character_performance")
    build = complete(entry, "", (), {"expression": "1", "gestures": "no"}, lambda: 0)
    read = type(build).from_json(build.to_json())
    assert read == build
    assert [type(value) for value in read.settings.values()] == [int, bool]
