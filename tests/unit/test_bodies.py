"""Every body that can be built for a model of today is one that Runway's own description takes."""

import itertools
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bot.catalog import ModelSpec, load_catalog
from bot.commands.specification import setting_text
from bot.commands.validation import complete
from bot.requests import GenerationRequest, Input, Kind
from bot.runway.wire import create_body

ROOT = Path(__file__).parents[2]
DESCRIPTION = (
    Path(os.environ.get("DAILIES_REFERENCE", ROOT.parent / "shared" / "reference"))
    / "runway-openapi.json"
)
RETIRED = {"gen3a_turbo", "gen4_aleph", "upscale_v1"}
SPECS = load_catalog().all_specs()
CURRENT = [spec for spec in SPECS if spec.id not in RETIRED]

described = pytest.mark.skipif(
    not DESCRIPTION.exists(), reason="runway-openapi.json is not here: set DAILIES_REFERENCE"
)


def name(spec: ModelSpec) -> str:
    return f"{spec.operation} {spec.id}"


def closed(schema: Any) -> Any:
    """The schema with unknown fields refused throughout: where it allows them, we send none."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: closed(each) for key, each in schema.items()}
    return {"additionalProperties": False, **inner} if "properties" in inner else inner


@pytest.fixture(scope="module")
def description() -> Any:
    return json.loads(DESCRIPTION.read_text())


@pytest.fixture
def schema(description: Any):
    def find(spec: ModelSpec) -> dict[str, Any]:
        post = description["paths"][f"/v1/{spec.operation}"]["post"]
        union = post["requestBody"]["content"]["application/json"]["schema"]["oneOf"]
        return next(each for each in union if each["properties"]["model"]["const"] == spec.id)

    return find


@pytest.fixture
def inputs(image, video):
    """Every number of inputs that a model takes, of every kind."""
    files = {Kind.IMAGE: image(310, 310), Kind.VIDEO: video()}

    def every(spec: ModelSpec) -> Iterator[tuple[Input, ...]]:
        counts = [range(rule.min, rule.max + 1) for rule in spec.inputs]
        kinds = [rule.kinds for rule in spec.inputs]
        for number, kind in itertools.product(
            itertools.product(*counts), itertools.product(*kinds)
        ):
            yield tuple(
                Input(rule.role, files[kind[i]], f"image{n + 1}" if "tagged" in rule.form else None)
                for i, rule in enumerate(spec.inputs)
                for n in range(number[i])
            )

    return every


def choices(spec: ModelSpec) -> Iterator[dict[str, str]]:
    """Every ratio, every duration, every value of every setting, and the bounds of the seed."""
    yield {}
    yield from ({"ratio": ratio} for ratio in spec.ratios)
    yield from ({"duration": str(seconds)} for seconds in spec.durations)
    for rule in spec.settings:
        yield from ({rule.name: setting_text(value)} for value in rule.choices)
    yield from ({"seed": seed} for seed in ("0", "4294967295") if spec.seed)


def bodies(spec: ModelSpec, inputs: Any) -> Iterator[dict[str, Any]]:
    prompts = ["a fox", "🦊" * (spec.prompt.max // 2)] if spec.prompt.max else [""]
    prompts += [] if spec.prompt.required else [""]
    for given, options, prompt in itertools.product(inputs(spec), choices(spec), prompts):
        request = complete(spec, prompt, given, options, lambda: 7)
        yield create_body(spec, request, dict.fromkeys(keys(request), "https://example.com/a"))


def keys(request: GenerationRequest) -> list[str]:
    return [given.media.key for given in request.inputs]


@described
@pytest.mark.parametrize("spec", CURRENT, ids=name)
def test_every_body_is_as_described(schema, inputs, spec):
    validator = jsonschema.Draft202012Validator(closed(schema(spec)))
    sent = list(bodies(spec, inputs))
    assert sent
    for body in sent:
        validator.validate(body)


@described
@pytest.mark.parametrize("spec", CURRENT, ids=name)
def test_no_ratio_or_duration_of_the_description_is_forgotten(schema, spec):
    properties = schema(spec)["properties"]
    ratio = properties.get("ratio", {})
    # aleph2's own ratio is deprecated: it keeps the shape of what goes in.
    if spec.id != "aleph2":
        assert set(spec.ratios) == set(ratio.get("enum", ()))
    duration = properties.get("duration", {})
    span = range(duration["minimum"], duration["maximum"] + 1) if "minimum" in duration else ()
    assert set(spec.durations) == set(duration.get("enum", span))


@described
@pytest.mark.parametrize("spec", CURRENT, ids=name)
def test_the_prompt_limit_is_that_of_the_description(schema, spec):
    prompt = schema(spec)["properties"].get("promptText", {})
    assert spec.prompt.max == prompt.get("maxLength", 0)
    assert spec.prompt.required <= ("promptText" in schema(spec)["required"])


@pytest.mark.parametrize("spec", SPECS, ids=name)
def test_a_duration_is_always_sent_where_a_model_has_one(inputs, spec):
    for body in bodies(spec, inputs):
        assert ("duration" in body) == bool(spec.durations)
        assert ("ratio" in body) == bool(spec.ratios)
        assert ("seed" in body) == spec.seed
        assert None not in body.values()


def one_body(spec: ModelSpec, request: GenerationRequest) -> dict[str, Any]:
    return create_body(spec, request, {key: f"runway://{key}" for key in keys(request)})


def test_the_retired_models_bodies_are_as_their_last_description(spec, image, video):
    seven: Any = lambda: 7  # noqa: E731 - a seed
    still, clip = image(), video()
    gen3a = spec("gen3a_turbo", "image_to_video")
    assert one_body(gen3a, complete(gen3a, "go", (Input("image", still),), {}, seven)) == {
        "model": "gen3a_turbo",
        "promptText": "go",
        "promptImage": f"runway://{still.key}",
        "ratio": "1280:768",
        "duration": 5,
        "seed": 7,
    }
    aleph = spec("gen4_aleph", "video_to_video")
    given = (Input("video", clip), Input("reference", still))
    assert one_body(aleph, complete(aleph, "night", given, {}, seven)) == {
        "model": "gen4_aleph",
        "promptText": "night",
        "videoUri": f"runway://{clip.key}",
        "references": [{"type": "image", "uri": f"runway://{still.key}"}],
        "ratio": "1280:720",
        "seed": 7,
    }
    upscale = spec("upscale_v1", "video_upscale")
    assert one_body(upscale, complete(upscale, "", (Input("video", clip),), {}, seven)) == {
        "model": "upscale_v1",
        "videoUri": f"runway://{clip.key}",
    }


@pytest.mark.parametrize("operation", ["image_to_video", "text_to_video"])
@pytest.mark.parametrize("model", ["veo3.1", "veo3.1_fast"])
def test_veo_is_always_asked_for_silence_which_is_half_the_price(spec, image, model, operation):
    entry = spec(model, operation)
    given = tuple(Input(rule.role, image()) for rule in entry.inputs)
    assert one_body(entry, complete(entry, "waves", given, {}, lambda: 7))["audio"] is False
