"""The shipped catalog holds exactly what the product was specified with."""

import pytest

from bot.catalog import FRIENDLY_RATIOS, RATIO_SYNONYMS
from bot.commands.specification import ratio_choices
from bot.requests import Operation

GEN4_IMAGE = [
    "1024:1024", "1080:1080", "1168:880", "1360:768", "1440:1080", "1080:1440", "1808:768",
    "1920:1080", "1080:1920", "2112:912", "1280:720", "720:1280", "720:720", "960:720",
    "720:960", "1680:720",
]  # fmt: skip
CLIP = ["1280:720", "720:1280", "1104:832", "832:1104", "960:960", "1584:672"]
VEO = ["1280:720", "720:1280", "1080:1920", "1920:1080"]
GEMINI = [
    "1344:768", "768:1344", "1024:1024", "1184:864", "864:1184", "1536:672", "832:1248",
    "1248:832", "896:1152", "1152:896",
]  # fmt: skip
ALEPH = [*CLIP, "848:480", "640:480"]
TWO_TO_TEN = list(range(2, 11))

# Model and operation: ratios, durations, prompt (its limit, whether it is required), price.
SPECIFIED = {
    ("gen4_image", "text_to_image"): (GEN4_IMAGE, [], (1000, True), "5–8 cr"),
    ("gen4_image_turbo", "text_to_image"): (GEN4_IMAGE, [], (1000, True), "2 cr"),
    ("gemini_2.5_flash", "text_to_image"): (GEMINI, [], (5500, True), "5 cr"),
    ("gen4_turbo", "image_to_video"): (CLIP, TWO_TO_TEN, (1000, False), "5 cr/s"),
    ("gen4.5", "image_to_video"): (CLIP, TWO_TO_TEN, (1000, True), "12 cr/s"),
    ("gen4.5", "text_to_video"): (VEO[:2], TWO_TO_TEN, (1000, True), "12 cr/s"),
    ("veo3.1", "image_to_video"): (VEO, [4, 6, 8], (1000, False), "20 cr/s"),
    ("veo3.1", "text_to_video"): (VEO, [4, 6, 8], (1000, True), "20 cr/s"),
    ("veo3.1_fast", "image_to_video"): (VEO, [4, 6, 8], (1000, False), "10 cr/s"),
    ("veo3.1_fast", "text_to_video"): (VEO, [4, 6, 8], (1000, True), "10 cr/s"),
    ("gen3a_turbo", "image_to_video"): (
        ["1280:768", "768:1280"], [5, 10], (1000, False), "5 cr/s",
    ),
    ("aleph2", "video_to_video"): ([], [], (1000, False), "28 cr/s"),
    ("gen4_aleph", "video_to_video"): (ALEPH, [], (1000, True), "75 cr"),
    ("act_two", "character_performance"): (CLIP, [], (0, False), "5 cr/s"),
    ("upscale_v1", "video_upscale"): ([], [], (0, False), "2 cr/s"),
    ("magnific_video_upscaler_creative", "video_upscale"): (
        [], [], (0, False), "from 0.7 cr a frame",
    ),
    ("magnific_precision_upscaler_v2", "image_upscale"): ([], [], (0, False), "25 cr"),
}  # fmt: skip


def test_all_specified_models_are_there_and_no_other(shipped):
    assert {(s.id, s.operation.value) for s in shipped.all_specs()} == set(SPECIFIED)
    assert len({s.id for s in shipped.all_specs()}) == 14


@pytest.mark.parametrize("key", SPECIFIED, ids=" ".join)
def test_ratios_durations_prompt_and_price_are_as_specified(spec, key):
    ratios, durations, prompt, price = SPECIFIED[key]
    entry = spec(*key)
    assert sorted(entry.ratios) == sorted(ratios)
    assert list(entry.durations) == durations
    assert (entry.prompt.max, entry.prompt.required) == prompt
    assert entry.price.summary() == price


@pytest.mark.parametrize("key", SPECIFIED, ids=" ".join)
def test_a_model_with_durations_has_one_of_them_by_default(spec, key):
    entry = spec(*key)
    assert (entry.duration in entry.durations) == bool(entry.durations)


@pytest.mark.parametrize(
    ("key", "inputs"),
    [
        (("gen4_image", "text_to_image"), {"reference": (["image"], 0, 3)}),
        (("gen4_image_turbo", "text_to_image"), {"reference": (["image"], 1, 3)}),
        (("gemini_2.5_flash", "text_to_image"), {"reference": (["image"], 0, 3)}),
        (("gen4_turbo", "image_to_video"), {"image": (["image"], 1, 1)}),
        (("gen4.5", "text_to_video"), {}),
        (("aleph2", "video_to_video"), {"video": (["video"], 1, 1)}),
        (
            ("gen4_aleph", "video_to_video"),
            {"video": (["video"], 1, 1), "reference": (["image"], 0, 1)},
        ),
        (
            ("act_two", "character_performance"),
            {"character": (["image", "video"], 1, 1), "performance": (["video"], 1, 1)},
        ),
        (("upscale_v1", "video_upscale"), {"video": (["video"], 1, 1)}),
        (("magnific_precision_upscaler_v2", "image_upscale"), {"image": (["image"], 1, 1)}),
    ],
    ids=str,
)
def test_inputs_are_as_specified(spec, key, inputs):
    rules = {rule.role: ([*rule.kinds], rule.min, rule.max) for rule in spec(*key).inputs}
    assert rules == inputs


@pytest.mark.parametrize(
    ("key", "following"),
    [
        (("gen4_image", "text_to_image"), ("retry", "upscale", "animate")),
        (("gen4_turbo", "image_to_video"), ("retry", "upscale", "extend")),
        (("upscale_v1", "video_upscale"), ("retry",)),
        (("magnific_precision_upscaler_v2", "image_upscale"), ("retry", "upscale", "animate")),
    ],
    ids=str,
)
def test_what_comes_next_follows_from_what_was_made(spec, key, following):
    assert spec(*key).next == following


@pytest.mark.parametrize(
    ("key", "friendly"),
    [
        (
            ("gen4_image", "text_to_image"),
            {
                "16:9": "1920:1080", "9:16": "1080:1920", "1:1": "1080:1080",
                "4:3": "1440:1080", "3:4": "1080:1440", "21:9": "1680:720",
            },
        ),
        (
            ("gen4_turbo", "image_to_video"),
            {
                "16:9": "1280:720", "9:16": "720:1280", "1:1": "960:960",
                "4:3": "1104:832", "3:4": "832:1104", "21:9": "1584:672",
            },
        ),
        (("gen3a_turbo", "image_to_video"), {"16:9": "1280:768", "9:16": "768:1280"}),
        (("veo3.1", "image_to_video"), {"16:9": "1280:720", "9:16": "720:1280"}),
        (("aleph2", "video_to_video"), {}),
    ],
    ids=str,
)  # fmt: skip
def test_friendly_names_stand_for_the_models_own_ratios(spec, key, friendly):
    assert spec(*key).friendly_ratios() == friendly


def test_every_friendly_name_is_close_to_the_shape_that_it_names(shipped):
    for entry in shipped.all_specs():
        for name, ratio in entry.friendly_ratios().items():
            width, height = map(int, ratio.split(":"))
            assert ratio in entry.ratios
            assert abs(width / height / FRIENDLY_RATIOS[name] - 1) < 0.08, (entry.id, name, ratio)


def test_synonyms_stand_for_friendly_names():
    assert set(RATIO_SYNONYMS.values()) <= set(FRIENDLY_RATIOS)
    assert RATIO_SYNONYMS["square"] == "1:1"


def test_ratio_choices_name_friendly_shapes_first_and_then_every_size(spec):
    choices = ratio_choices(spec("gen4_turbo", "image_to_video"))
    assert choices[0].value == "16:9"
    assert "1280×720" in choices[0].label
    assert [c.value for c in choices[6:]] == list(spec("gen4_turbo", "image_to_video").ratios)


def test_every_operation_has_a_model_and_each_rank_is_its_own(shipped):
    for operation in Operation:
        ranks = [s.rank for s in shipped.all_specs() if s.operation is operation]
        assert ranks
        assert len(set(ranks)) == len(ranks)


TODAY = {
    "gen4_image", "gen4_image_turbo", "gemini_2.5_flash", "gen4_turbo", "gen4.5", "veo3.1",
    "veo3.1_fast", "aleph2", "act_two", "magnific_video_upscaler_creative",
    "magnific_precision_upscaler_v2",
}  # fmt: skip


def test_what_is_not_offered_is_hidden_and_comes_back(catalog):
    everything = [s.id for op in Operation for s in catalog.offered(op)]
    assert catalog.set_offered(TODAY) is True
    shown = {s.id for op in Operation for s in catalog.offered(op)}
    assert shown == TODAY
    assert catalog.set_offered(TODAY) is False
    assert catalog.set_offered(set(everything)) is True
    assert [s.id for op in Operation for s in catalog.offered(op)] == everything


def test_a_hidden_model_keeps_its_entry_and_its_name_for_the_jobs_that_it_made(catalog):
    catalog.set_offered(TODAY)
    assert catalog.spec("gen3a_turbo", Operation.IMAGE_TO_VIDEO).id == "gen3a_turbo"
    assert catalog.label("gen3a_turbo") == "Gen-3 Alpha Turbo"


def test_a_model_that_only_the_organisation_knows_is_not_offered(catalog):
    catalog.set_offered({"gen9"})
    assert [s for op in Operation for s in catalog.offered(op)] == []


def test_the_default_is_the_lowest_rank_that_is_offered(catalog):
    assert catalog.offered(Operation.VIDEO_UPSCALE)[0].id == "upscale_v1"
    catalog.set_offered(TODAY)
    assert catalog.offered(Operation.VIDEO_UPSCALE)[0].id == "magnific_video_upscaler_creative"


def test_a_model_that_nobody_knows_is_a_key_error_and_its_own_label(catalog):
    with pytest.raises(KeyError):
        catalog.spec("gen9", Operation.IMAGE_TO_VIDEO)
    assert catalog.label("gen9") == "gen9"
