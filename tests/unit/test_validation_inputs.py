"""Attachments: which role each gets, how many are taken, and what is too much for a model."""

import pytest

from bot import errors
from bot.commands.fitting import changes
from bot.commands.specification import command
from bot.commands.validation import plan_request
from bot.requests import Fit, Kind


@pytest.fixture
def build(catalog):
    catalog.set_offered({spec.id for spec in catalog.all_specs()} - {"upscale_v1", "gen4_aleph"})

    def run(name: str, files, prompt: str = "", **options: str):
        return plan_request(catalog, command(name), prompt, options, list(files), lambda: 7).request

    return run


def roles(request) -> list[tuple[str, str]]:
    return [(given.role, given.media.name) for given in request.inputs]


def test_animating_without_an_image_is_refused_and_points_to_words_alone(build):
    with pytest.raises(errors.MissingInput) as refused:
        build("animate", [], "waves")
    assert (refused.value.role, refused.value.kinds) == ("image", [Kind.IMAGE])
    assert refused.value.without == "gen4.5"


def test_a_video_from_words_alone_is_made_only_when_its_model_is_named(build):
    assert build("animate", [], "waves", model="gen4.5").operation == "text_to_video"
    with pytest.raises(errors.MissingInput):
        build("animate", [], "waves", model="gen4_turbo")


def test_a_model_with_and_without_an_image_takes_what_is_attached(build, image):
    request = build("animate", [image()], "waves", model="veo3.1")
    assert (request.operation, roles(request)) == ("image_to_video", [("image", "fox.png")])


@pytest.mark.parametrize("name", ["edit", "perform", "upscale"])
def test_a_command_that_works_on_files_needs_one(build, name):
    with pytest.raises(errors.MissingInput):
        build(name, [])


def test_a_file_of_the_wrong_kind_is_refused(build, image, video):
    for name, media in (("animate", video()), ("edit", image()), ("imagine", video())):
        with pytest.raises(errors.Refused) as refused:
            build(name, [media], "a prompt")
        assert isinstance(refused.value, errors.MissingInput | errors.TooManyInputs)


def test_what_is_too_long_and_too_quick_for_a_model_is_cut_and_slowed_down(build, video):
    [given] = build("edit", [video(duration=40.0, frames=2400)], "at night").inputs
    assert (given.media.duration, given.media.frames) == (30, 900)


@pytest.mark.parametrize(("frames", "slower"), [(300, False), (302, False), (305, True)])
def test_a_rate_that_a_camera_calls_30_is_left_alone(video, frames, slower):
    assert changes(video(duration=10.0, frames=frames), Fit(rate=30)) is slower


def test_a_superfluous_attachment_is_refused_by_name(build, image):
    files = [image(name="one.png"), image(name="two.png")]
    with pytest.raises(errors.TooManyInputs) as refused:
        build("animate", files)
    assert refused.value.taken == "one image"
    assert refused.value.extra == ["one.png", "two.png"]


def test_references_are_taken_up_to_three_and_tagged_in_order(build, image):
    three = [image(name=f"{n}.png") for n in "abc"]
    request = build("imagine", three, "@image1 and @image3")
    assert roles(request) == [("reference", f"{n}.png") for n in "abc"]
    assert [given.tag for given in request.inputs] == ["image1", "image2", "image3"]
    with pytest.raises(errors.TooManyInputs) as refused:
        build("imagine", [*three, image(name="d.png")], "a fox")
    assert refused.value.taken == "up to 3 images"


def test_a_file_that_is_named_like_a_place_is_called_by_its_own_place(build, image):
    files = [image(name="image2.png"), image(name="photo.png")]
    request = build("imagine", files, "@image1 wears the hat of @image2")
    assert [given.tag for given in request.inputs] == ["image1", "image2"]


def test_a_model_that_needs_a_reference_says_so(build):
    with pytest.raises(errors.MissingInput) as refused:
        build("imagine", [], "a fox", model="gen4_image_turbo")
    assert refused.value.role == "reference"


def test_only_what_has_a_tag_on_the_wire_is_tagged(build, image, video):
    assert build("animate", [image()]).inputs[0].tag is None
    assert [i.tag for i in build("perform", [image(), video()]).inputs] == [None, None]


def test_act_two_takes_image_and_video_in_either_order(build, image, video):
    expected = [("character", "fox.png"), ("performance", "waves.mp4")]
    assert roles(build("perform", [image(), video()])) == expected
    assert roles(build("perform", [video(), image()])) == expected


def test_act_two_takes_two_videos_in_the_order_of_attachment(build, video):
    files = [video(name="hero.mp4"), video(name="acting.mp4")]
    assert roles(build("perform", files)) == [
        ("character", "hero.mp4"), ("performance", "acting.mp4"),
    ]  # fmt: skip


@pytest.mark.parametrize("kinds", ["image", "video", "image image"])
def test_act_two_needs_a_performance(build, image, video, kinds):
    files = [{"image": image, "video": video}[kind]() for kind in kinds.split()]
    with pytest.raises(errors.MissingInput) as refused:
        build("perform", files)
    assert refused.value.role == "performance"


def test_upscale_takes_the_model_that_fits_the_file(build, image, video):
    assert build("upscale", [image()]).model == "magnific_precision_upscaler_v2"
    assert build("upscale", [video()]).model == "magnific_video_upscaler_creative"


@pytest.mark.parametrize(
    ("name", "size", "options", "quantity"),
    [
        ("upscale", (299, 1000), {}, "short side"),
        ("upscale", (8001, 1000), {}, "long side"),
        ("upscale", (3000, 3000), {}, "enlarged size"),
        ("upscale", (1280, 720), {"scale": "8"}, "enlarged size"),
    ],
)
def test_an_image_outside_of_the_models_limits_is_refused(build, image, name, size, options, quantity):  # fmt: skip
    prompt = "waves" if name == "animate" else ""
    with pytest.raises(errors.UnfitInput) as refused:
        build(name, [image(*size)], prompt, **options)
    assert refused.value.quantity == quantity
    assert not refused.value.low <= refused.value.value <= refused.value.high


@pytest.mark.parametrize(
    "size", [(2001, 1000), (1000, 2001), (3000, 1000), (2560, 1080), (2561, 1081), (401, 2000)]
)
def test_an_image_of_a_shape_that_the_model_does_not_take_is_cropped_to_its_ratio(
    build, image, size
):
    request = build("animate", [image(*size)], "waves", model="gen4.5")
    (given,) = request.inputs
    assert 0.5 <= given.media.width / given.media.height <= 2.0


@pytest.mark.parametrize(
    ("name", "size", "options"),
    [
        ("animate", (2000, 1000), {"model": "gen4.5"}),
        ("animate", (1000, 2000), {"model": "gen4.5"}),
        ("animate", (5000, 100), {}),
        ("upscale", (300, 8000), {}),
        ("upscale", (1280, 720), {"scale": "4"}),
    ],
)
def test_an_image_just_inside_of_the_models_limits_is_taken(build, image, name, size, options):
    prompt = "waves" if name == "animate" else ""
    assert build(name, [image(*size)], prompt, **options).price > 0


@pytest.mark.parametrize(
    ("name", "seconds", "good"),
    [
        ("edit", 1.99, False), ("edit", 2.0, True), ("edit", 30.0, True),
        ("upscale", 30.0, True),
        ("perform", 2.9, False), ("perform", 3.0, True), ("perform", 30.0, True),
    ],
)  # fmt: skip
def test_the_length_of_a_video_is_checked(build, image, video, name, seconds, good):
    files = [*([image()] if name == "perform" else []), video(duration=seconds)]
    if good:
        assert build(name, files).price > 0
        return
    with pytest.raises(errors.UnfitInput) as refused:
        build(name, files)
    assert (refused.value.quantity, refused.value.value) == ("length", seconds)


@pytest.mark.parametrize("name", ["edit", "upscale", "perform"])
def test_a_video_that_is_too_long_is_trimmed_to_what_the_model_takes(build, image, video, name):
    files = [*([image()] if name == "perform" else []), video(duration=31.0)]
    request = build(name, files)
    assert request.inputs[-1].media.duration == 30.0


@pytest.mark.parametrize("changes", [{"duration": 40.5}, {"width": 4096}, {"height": 4096}])
def test_the_limits_of_the_retired_upscale(catalog, video, changes):
    good = {"duration": 40.0, "width": 4095, "height": 4095}
    spec, options = command("upscale"), {"model": "upscale_v1"}
    plan = plan_request(catalog, spec, "", options, [video(**{**good, **changes})], lambda: 7)
    (given,) = plan.request.inputs
    assert given.media.duration <= 40.0
    assert max(given.media.width, given.media.height) <= 4095
