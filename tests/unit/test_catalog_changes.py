"""What an operator may change in the catalog, and how a slip is told."""

import tomllib

import pytest

from bot.catalog import load_catalog
from bot.requests import Operation

ADDED = """
[gen5]
label = "Gen-5"
[gen5.text_to_video]
rank = 0
prompt = { max = 2000 }
ratios = ["1280:720"]
durations = { min = 3, max = 5 }
duration = 4
price = { per_second = 12.5 }
next = ["retry"]
"""


def test_config_adds_a_model():
    catalog = load_catalog(tomllib.loads(ADDED))
    spec = catalog.offered(Operation.TEXT_TO_VIDEO)[0]
    assert (spec.id, spec.label, spec.durations) == ("gen5", "Gen-5", (3, 4, 5))
    assert spec.price.credits("1280:720", 3, (), {}) == 38


def test_config_changes_one_value_and_leaves_the_others():
    before = load_catalog().spec("gen4_image", Operation.TEXT_TO_IMAGE)
    change = {"gen4_image": {"label": "Ours", "text_to_image": {"prompt": {"max": 500}}}}
    after = load_catalog(change).spec("gen4_image", Operation.TEXT_TO_IMAGE)
    assert (after.label, after.prompt.max, after.prompt.required) == ("Ours", 500, True)
    assert (after.ratios, after.inputs, after.price) == (before.ratios, before.inputs, before.price)


def test_config_changes_one_price_and_not_those_beside_it():
    change = {
        "magnific_video_upscaler_creative": {"video_upscale": {"price": {"per_frame": {"4k": 2}}}}
    }
    spec = load_catalog(change).spec("magnific_video_upscaler_creative", Operation.VIDEO_UPSCALE)
    assert {name: float(rate) for name, rate in spec.price.per_frame.items()} == {
        "720p": 0.7, "1k": 0.7, "2k": 0.9, "4k": 2.0,
    }  # fmt: skip


def test_config_disables_a_model():
    catalog = load_catalog({"gen4_image": {"enabled": False}})
    assert "gen4_image" not in {s.id for s in catalog.all_specs()}
    assert len(catalog.all_specs()) == len(load_catalog().all_specs()) - 1


def test_changes_do_not_leak_into_the_next_catalog():
    load_catalog({"gen4_image": {"text_to_image": {"prompt": {"max": 5}}}})
    assert load_catalog().spec("gen4_image", Operation.TEXT_TO_IMAGE).prompt.max == 1000


MODEL = {"rank": 1, "prompt": {"max": 10}, "price": {"flat": 1}}
BAD = {
    "a field is missing": {"rank": 1, "prompt": {"max": 10}},
    "an unknown field": {**MODEL, "pice": 1},
    "a wrong type": {**MODEL, "rank": "high"},
    "an unknown kind of file": {
        **MODEL, "inputs": [{"role": "song", "kinds": ["audio"], "field": "song"}],
    },
    "no price": {**MODEL, "price": {}},
    "two prices": {**MODEL, "price": {"flat": 1, "per_second": 2}},
    "a price per second of nothing": {**MODEL, "price": {"per_second": 5}},
    "a price per second of an input that is not there": {
        **MODEL, "price": {"per_second": 5, "of": "video"},
    },
    "a price per frame by a setting that is not there": {
        **MODEL, "price": {"per_frame": {"1k": 1}, "by": "resolution", "of": "video"},
    },
    "a span without its end": {**MODEL, "durations": {"min": 2}, "duration": 2},
    "a span of words": {**MODEL, "durations": {"min": "two", "max": 4}, "duration": 2},
    "durations without a default": {**MODEL, "durations": [5, 10]},
    "a default that is no duration": {**MODEL, "durations": [5, 10], "duration": 7},
    "a ratio that is none": {**MODEL, "ratios": ["16x9"]},
    "a ratio of nothing": {**MODEL, "ratios": ["0:0"]},
    "a form that the wire does not have": {
        **MODEL, "inputs": [{"role": "image", "kinds": ["image"], "field": "image", "form": "zip"}],
    },
    "no table": 5,
}  # fmt: skip


@pytest.mark.parametrize("slip", BAD)
def test_a_bad_entry_is_refused_by_its_models_name(slip):
    with pytest.raises(ValueError, match=r"models\.gen9"):
        load_catalog({"gen9": {"text_to_image": BAD[slip]}})


@pytest.mark.parametrize("entry", [{"text_to_imgae": MODEL}, {"enable": False}], ids=str)
def test_a_misspelt_key_of_a_model_is_refused_and_not_overlooked(entry):
    with pytest.raises(ValueError, match=r"models\.gen4_image"):
        load_catalog({"gen4_image": entry})
