"""The simulator and Runway's own OpenAPI description agree on what is valid, both ways."""

import copy
import json
import os
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

ROOT = Path(__file__).parents[2]
DESCRIPTION = (
    Path(os.environ.get("DAILIES_REFERENCE", ROOT.parent / "shared" / "reference"))
    / "runway-openapi.json"
)
pytestmark = pytest.mark.skipif(
    not DESCRIPTION.exists(), reason="runway-openapi.json is not here: set DAILIES_REFERENCE"
)

IMAGE = "https://example.com/a.png"
VIDEO = "https://example.com/a.mp4"
CLIP = ["1280:720", "720:1280", "1104:832", "832:1104", "960:960", "1584:672"]
FIRST = [{"uri": IMAGE, "position": "first"}]
MODERATION = {"publicFigureThreshold": "low"}

# One full body for every model that is still offered, with every field that it has.
FULL: dict[tuple[str, str], dict[str, Any]] = {
    ("text_to_image", "gen4_image"): {
        "promptText": "a @fox",
        "ratio": "1920:1080",
        "referenceImages": [{"uri": IMAGE, "tag": "fox"}],
        "seed": 1,
        "contentModeration": MODERATION,
    },
    ("text_to_image", "gen4_image_turbo"): {
        "promptText": "a @fox",
        "ratio": "1680:720",
        "referenceImages": [{"uri": IMAGE, "tag": "fox"}],
        "seed": 1,
        "contentModeration": MODERATION,
    },
    ("text_to_image", "gemini_2.5_flash"): {
        "promptText": "a fox",
        "ratio": "1344:768",
        "referenceImages": [{"uri": IMAGE, "tag": "fox"}],
    },
    ("image_to_video", "gen4_turbo"): {
        "promptText": "a fox",
        "promptImage": FIRST,
        "ratio": "1104:832",
        "duration": 5,
        "seed": 1,
        "contentModeration": MODERATION,
    },
    ("image_to_video", "gen4.5"): {
        "promptText": "a fox",
        "promptImage": FIRST,
        "ratio": "1104:832",
        "duration": 5,
        "seed": 1,
        "contentModeration": MODERATION,
        "outputFormat": "prores",
        "proresProfile": "422 HQ",
    },
    ("image_to_video", "veo3.1"): {
        "promptText": "a fox",
        "promptImage": [*FIRST, {"uri": IMAGE, "position": "last"}],
        "ratio": "1080:1920",
        "duration": 6,
        "audio": True,
        "negativePrompt": "blur",
    },
    ("text_to_video", "gen4.5"): {
        "promptText": "a fox",
        "ratio": "1280:720",
        "duration": 5,
        "seed": 1,
        "contentModeration": MODERATION,
        "outputFormat": "prores",
        "proresProfile": "4444",
    },
    ("text_to_video", "veo3.1"): {
        "promptText": "a fox",
        "ratio": "1920:1080",
        "duration": 8,
        "audio": False,
        "negativePrompt": "blur",
    },
    ("video_to_video", "aleph2"): {
        "promptText": "a fox",
        "videoUri": VIDEO,
        "keyframes": [
            {"uri": IMAGE, "seconds": 1.5, "range": {"start_seconds": 0, "end_seconds": 2}},
            {"uri": IMAGE, "at": 0.5, "range": {"start_seconds": 2, "end_seconds": 3}},
        ],
        "ratio": "1280:720",
        "targetAspectRatio": "16:9",
        "seed": 1,
        "contentModeration": MODERATION,
        "outputFormat": "prores",
        "proresProfile": "422",
    },
    ("character_performance", "act_two"): {
        "character": {"type": "image", "uri": IMAGE},
        "reference": {"type": "video", "uri": VIDEO},
        "bodyControl": True,
        "expressionIntensity": 3,
        "ratio": "1280:720",
        "seed": 1,
        "contentModeration": MODERATION,
    },
    ("video_upscale", "magnific_video_upscaler_creative"): {
        "videoUri": VIDEO,
        "resolution": "2k",
        "creativity": 1,
        "sharpen": 2,
        "smartGrain": 3,
        "flavor": "vivid",
        "fpsBoost": False,
    },
    ("image_upscale", "magnific_precision_upscaler_v2"): {
        "imageUri": IMAGE,
        "scaleFactor": 2,
        "sharpen": 1,
        "smartGrain": 2,
        "ultraDetail": 3,
        "flavor": "photo",
    },
}
for _operation in ("image_to_video", "text_to_video"):
    FULL[_operation, "veo3.1_fast"] = FULL[_operation, "veo3.1"]

ODD = [None, "", "x", "a" * 1001, "a" * 5501, 0, 1, 2, 3, 5.0, 5.5, 10, 11, -1, 2**32, True, [], {}]
ADDRESSES = ["http://example.com/a", "https://a.b", "ftp://example.com/a", "https://" + "a" * 2041]
LISTS = [FIRST * 2, FIRST * 6, [{"uri": IMAGE}] * 3, [{"uri": IMAGE}] * 4, [{}], ["x"], IMAGE]
WORDS = ["first", "last", "low", "high", "mp4", "png_sequence", "4k", "16:9", "video", "photo"]
TAGS = ["ab", "abc", "Abc", "a-b-c", "a_1", "1abc", "a" * 16, "a" * 17, "a b", "füx"]
VALUES = [*ODD, *ADDRESSES, *LISTS, *CLIP, "1024:1024", *WORDS, *TAGS]

# Where we know more than the description does: it counts no UTF-16 and asks for less here.
STRICTER = re.compile(r"needs outputFormat|at most one `last`|domain name|all keyframes", re.I)


def schema_of(operation: str, model: str) -> dict[str, Any]:
    description = json.loads(DESCRIPTION.read_text())
    post = description["paths"][f"/v1/{operation}"]["post"]
    union = post["requestBody"]["content"]["application/json"]["schema"]["oneOf"]
    return next(each for each in union if each["properties"]["model"]["const"] == model)


def closed(schema: Any) -> Any:
    """The schema with unknown fields refused throughout, as the simulator does for all models."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: closed(each) for key, each in schema.items()}
    return {"additionalProperties": False, **inner} if "properties" in inner else inner


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place inside a body, from the outside in."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found: list[tuple[Any, ...]] = []
    for key, each in inner:
        found.append((*path, key))
        if isinstance(each, dict | list):
            found.extend(places(each, (*path, key)))
    return found


def changed(body: dict[str, Any], path: tuple[Any, ...], *value: Any) -> dict[str, Any]:
    """The body with one place set to a value, or taken out when there is none."""
    result = copy.deepcopy(body)
    inside: Any = result
    for key in path[:-1]:
        inside = inside[key]
    if value:
        inside[path[-1]] = value[0]
    else:
        del inside[path[-1]]
    return result


def variants(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The body, and it with every single place missing or of every odd value."""
    found = [body]
    for path in places(body):
        if path == ("model",):
            continue
        found.append(changed(body, path))
        found.extend(changed(body, path, value) for value in VALUES)
    return found


@pytest.mark.parametrize(("operation", "model"), FULL, ids=lambda value: value)
async def test_both_judge_every_changed_body_the_same(simulate, operation, model):
    api = await simulate(daily_limit=10**9, balance=10**9)
    validator = jsonschema.Draft202012Validator(closed(schema_of(operation, model)))
    body = {"model": model, **FULL[operation, model]}
    assert set(body) == set(schema_of(operation, model)["properties"])
    verdicts = {True: 0, False: 0}
    for variant in variants(body):
        expected = validator.is_valid(variant)
        status, answer = await api.create(operation, variant)
        assert status in (200, 400)
        if expected and status == 400 and STRICTER.search(json.dumps(answer)):
            continue
        assert (status == 200) == expected, (variant, answer)
        verdicts[expected] += 1
    assert min(verdicts.values()) > 3


@pytest.mark.parametrize(("operation", "model"), FULL, ids=lambda value: value)
async def test_an_unknown_field_is_refused_where_the_description_may_allow_it(
    api, operation, model
):
    body = {"model": model, **FULL[operation, model], "surprise": 1}
    status, answer = await api.create(operation, body)
    assert (status, answer["issues"][0]["code"]) == (400, "unrecognized_keys")


def response_of(path: str, method: str, status: int) -> jsonschema.Draft202012Validator:
    description = json.loads(DESCRIPTION.read_text())
    response = description["paths"][path][method]["responses"][str(status)]
    schema = response["content"]["application/json"]["schema"]
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    return jsonschema.Draft202012Validator(schema, format_checker=checker)


@pytest.mark.parametrize(("operation", "model"), FULL, ids=lambda value: value)
async def test_answers_to_creates_are_as_described(api, operation, model):
    body = {"model": model, **FULL[operation, model]}
    path = f"/v1/{operation}"
    status, answer = await api.create(operation, body)
    assert status == 200
    response_of(path, "post", 200).validate(answer)
    for wrong in ({**body, "seed": -1, "surprise": 1}, {}, {"model": "gen9"}, []):
        status, answer = await api.create(operation, wrong)
        assert status == 400
        response_of(path, "post", 400).validate(answer)


async def test_a_task_is_as_described_in_every_state(simulate, clock):
    api = await simulate(concurrency=1)
    validator = response_of("/v1/tasks/{id}", "get", 200)
    seen = set()
    prompts = ("good", "!internal", "!cancelled")
    ids = [await api.imagine(prompt) for prompt in prompts]
    for _ in range(8):
        for id in ids:
            task = await api.task(id)
            validator.validate(task)
            seen.add(task["status"])
        clock.advance(3.4)
    assert seen == {"THROTTLED", "PENDING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED"}
    status, answer = await api.ask("GET", "/v1/tasks/unknown")
    assert status == 404
    response_of("/v1/tasks/{id}", "get", 404).validate(answer)


async def test_limits_organization_usage_and_uploads_are_as_described(simulate, png):
    api = await simulate(daily_limit=1, offer=frozenset({"gen3a_turbo", "gen4_aleph"}))
    await api.imagine()
    body = {"model": "gen4_image", "promptText": "another", "ratio": "720:720"}
    status, answer = await api.create("text_to_image", body)
    assert status == 429
    response_of("/v1/text_to_image", "post", 429).validate(answer)
    status, answer = await api.ask("GET", "/v1/organization")
    response_of("/v1/organization", "get", status).validate(answer)
    status, answer = await api.ask("POST", "/v1/organization/usage", json={})
    response_of("/v1/organization/usage", "post", status).validate(answer)
    order = {"filename": "a.png", "type": "ephemeral"}
    status, answer = await api.ask("POST", "/v1/uploads", json=order)
    response_of("/v1/uploads", "post", status).validate(answer)
