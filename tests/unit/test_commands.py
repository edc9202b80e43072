"""The one specification of the commands, and what follows from it for every platform."""

import re

import pytest

from bot.catalog import load_catalog
from bot.commands.specification import (
    COMMANDS,
    attachment_kinds,
    command,
    models_for,
    options_for,
    setting_text,
)
from bot.requests import Kind, Operation

NAMES = [
    "imagine", "animate", "edit", "perform", "upscale", "queue", "history", "credits", "cancel",
    "help", "quota show", "quota set", "quota block", "quota clear", "quota grant",
    "quota revoke", "quota reset", "quota channel", "quota pardon", "quota history",
    "quota report", "quota settings", "quota zone", "quota reconcile",
]  # fmt: skip
TODAY = {
    "gen4_image", "gen4_image_turbo", "gemini_2.5_flash", "gen4_turbo", "gen4.5", "veo3.1",
    "veo3.1_fast", "aleph2", "act_two", "magnific_video_upscaler_creative",
    "magnific_precision_upscaler_v2",
}  # fmt: skip


@pytest.fixture
def options(catalog):
    catalog.set_offered(TODAY)
    return lambda name: {o.name: o for o in options_for(command(name), catalog)}


def test_the_commands_are_those_that_people_know():
    assert [spec.name for spec in COMMANDS] == NAMES
    assert [spec.name for spec in COMMANDS if spec.admin] == NAMES[10:]
    assert [spec.name for spec in COMMANDS if spec.generates] == NAMES[:5]


@pytest.mark.parametrize("spec", COMMANDS, ids=lambda spec: spec.name)
def test_names_and_summaries_fit_every_platform(spec):
    """Discord: a name of 1 to 32 lower-case letters per word, a description of 1 to 100."""
    assert all(re.fullmatch(r"[a-z]{1,32}", word) for word in spec.name.split())
    assert 1 <= len(spec.summary) <= 100
    for argument in spec.arguments:
        assert re.fullmatch(r"[a-z]{1,32}", argument.name)
        assert 1 <= len(argument.summary) <= 100


def test_every_operation_has_exactly_one_command():
    found = [operation for spec in COMMANDS for operation in spec.operations]
    assert sorted(found) == sorted(Operation)


@pytest.mark.parametrize("spec", COMMANDS, ids=lambda spec: spec.name)
def test_arguments_can_be_told_apart(spec):
    required = [argument.required for argument in spec.arguments]
    assert required == sorted(required, reverse=True), "an optional one comes last"
    assert not any(argument.rest for argument in spec.arguments[:-1])


def test_usage_shows_what_is_required():
    assert command("quota set").usage == "/quota set <who> <credits> [period] [--why …]"
    assert command("imagine").usage == "/imagine <prompt>"
    assert command("credits").usage == "/credits"


def test_only_full_names_are_commands():
    assert command("imagine") is COMMANDS[0]
    assert command("quota") is None
    assert command("") is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("imagine", ["model", "ratio", "seed", "ref"]),
        ("animate", ["model", "ratio", "duration", "seed", "ref", "fit"]),
        ("edit", ["model", "seed", "ref"]),
        ("perform", ["model", "ratio", "seed", "ref", "fit", "expression", "gestures"]),
        ("upscale", ["model", "ref", "scale", "resolution"]),
        ("credits", []),
    ],
)
def test_options_follow_from_the_offered_models(options, name, expected):
    assert list(options(name)) == expected


def test_models_are_offered_with_their_price_the_default_first(options):
    choices = options("animate")["model"].choices
    assert (choices[0].value, choices[0].label) == ("gen4_turbo", "Gen-4 Turbo · 5 cr/s")
    values = [choice.value for choice in choices]
    assert len(set(values)) == len(values)
    assert "gen3a_turbo" not in values


def test_choices_by_model_are_those_of_the_model(options):
    durations = dict(options("animate")["duration"].by_model)
    assert [choice.value for choice in durations["veo3.1"]] == ["4", "6", "8"]
    assert durations["veo3.1"][0].label == "4 seconds"
    ratios = dict(options("imagine")["ratio"].by_model)
    assert ratios["gen4_image"][0].value == "16:9"
    assert {"21:9", "1808:768"} <= {choice.value for choice in ratios["gen4_image"]}


def test_all_choices_are_the_union_without_doubles(options):
    option = options("animate")["ratio"]
    union = {choice for _, choices in option.by_model for choice in choices}
    assert set(option.choices) == union
    assert len(option.choices) == len(union)


def test_settings_are_offered_as_people_type_them(options):
    assert [c.value for c in options("perform")["gestures"].choices] == ["yes", "no"]
    assert [c.value for c in options("perform")["expression"].choices] == list("12345")
    assert [c.value for c in options("upscale")["scale"].choices] == ["2", "4", "8", "16"]
    assert (setting_text(True), setting_text(1), setting_text("1k")) == ("yes", "1", "1k")


def test_a_command_for_which_nothing_is_offered_has_no_options(catalog):
    catalog.set_offered({"gen4_image"})
    assert options_for(command("perform"), catalog) == []
    assert models_for(command("perform"), catalog) == []


def test_a_model_that_is_added_appears_with_no_code():
    entry = {
        "rank": 0, "prompt": {"max": 10}, "price": {"flat": 3}, "ratios": ["500:500"],
        "settings": [{"name": "mood", "field": "mood", "choices": ["calm"], "summary": "How"}],
    }  # fmt: skip
    catalog = load_catalog({"gen9": {"label": "Gen-9", "text_to_image": entry}})
    found = {option.name: option for option in options_for(command("imagine"), catalog)}
    assert found["model"].choices[0].label == "Gen-9 · 3 cr"
    assert "500:500" in {choice.value for choice in found["ratio"].choices}
    assert found["mood"].choices[0].value == "calm"


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("imagine", {Kind.IMAGE}), ("animate", {Kind.IMAGE}), ("edit", {Kind.VIDEO}),
        ("perform", {Kind.IMAGE, Kind.VIDEO}), ("upscale", {Kind.IMAGE, Kind.VIDEO}),
        ("credits", set()),
    ],
)  # fmt: skip
def test_what_may_be_attached(catalog, name, kinds):
    catalog.set_offered(TODAY)
    found = attachment_kinds(command(name), catalog)
    assert set(found) == kinds
    assert len(found) == len(kinds)
