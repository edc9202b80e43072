"""What the API says to requests that are not quite right: always a 4xx in JSON, never a 500."""

import pytest

GOOD = {"model": "gen4_image", "promptText": "a fox", "ratio": "720:720"}
PATH = "/v1/text_to_image"


@pytest.mark.parametrize(
    "value",
    [None, "", "Bearer", "Bearer key_123", "Bearer key_" + "A" * 128, "Basic key_" + "a" * 128],
    ids=str,
)
async def test_only_keys_of_the_documented_form_are_known(api, value):
    headers = {"X-Runway-Version": "2024-11-06"} | ({"Authorization": value} if value else {})
    for method, path in (("POST", PATH), ("GET", "/v1/organization"), ("GET", "/v1/tasks/x")):
        status, answer = await api.ask(method, path, headers=headers, json=GOOD)
        assert (status, list(answer)) == (401, ["error"])


@pytest.mark.parametrize("version", [None, "2024-09-13", "latest"])
async def test_the_version_header_is_required(api, version):
    headers = {"Authorization": api.headers["Authorization"]}
    if version:
        headers["X-Runway-Version"] = version
    status, answer = await api.ask("POST", PATH, headers=headers, json=GOOD)
    assert status == 400
    assert "X-Runway-Version" in answer["error"]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"nonsense",
        b'{"model": NaN}',
        b'{"model": "\xff"}',
        b"[" * 100_000,
        b'{"seed": ' + b"9" * 5000 + b"}",
        b"[]",
        b'"text"',
        b"null",
        b'{"model": []}',
        b'{"model": "gen4_image", "(x)": 1}',
        b'{"model": "gen4_image", "promptText": "\\ud800", "ratio": "720:720"}',
        b'{"model": "gen4_image", "promptText": "a", "ratio": "720:720", "seed": 1e999}',
        b'{"model": "gen4_image", "promptText": "a", "ratio": ["720:720"]}',
        b'{"model": "gen4_image", "promptText": "a", "ratio": "720:720", "referenceImages": [[]]}',
    ],
    ids=lambda raw: raw[:24],
)
@pytest.mark.parametrize("path", [PATH, "/v1/uploads", "/v1/organization/usage"])
async def test_rubbish_is_a_400(api, path, raw):
    headers = {**api.headers, "Content-Type": "application/json"}
    status, answer = await api.ask("POST", path, headers=headers, data=raw)
    assert status == 400
    assert answer["error"]


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded"])
async def test_other_content_types_are_a_400(api, content_type):
    headers = {**api.headers, "Content-Type": content_type}
    status, answer = await api.ask("POST", PATH, headers=headers, data=b"{}")
    assert status == 400
    assert "Content-Type" in answer["error"]


async def test_unknown_paths_and_wrong_methods_are_json_errors(api):
    status, answer = await api.ask("GET", "/v1/nothing", headers={})
    assert (status, list(answer)) == (404, ["error"])
    status, answer = await api.ask("GET", PATH, headers={})
    assert (status, list(answer)) == (405, ["error"])


async def test_issues_name_code_path_and_message(api):
    references = [{"uri": "https://example.com/a.png", "tag": "UPPER"}]
    body = {**GOOD, "ratio": "1:1", "extra": 1, "promptText": "", "referenceImages": references}
    status, answer = await api.create("text_to_image", body)
    assert status == 400
    assert set(answer) == {"error", "issues", "docUrl"}
    found = {(each["code"], *each["path"]) for each in answer["issues"]}
    assert found == {
        ("invalid_value", "ratio"),
        ("unrecognized_keys",),
        ("too_small", "promptText"),
        ("invalid_format", "referenceImages", 0, "tag"),
    }
    assert all(each["message"] for each in answer["issues"])


async def test_paths_of_issues_leave_out_which_form_was_tried(api):
    body = {"model": "gen4_turbo", "ratio": "1280:720"}
    for image, path in (
        ("ftp://example.com/a.png", ["promptImage"]),
        ([{"uri": "nope", "position": "first"}], ["promptImage", 0, "uri"]),
        (
            [{"uri": "https://example.com/a.png", "position": "last"}],
            ["promptImage", 0, "position"],
        ),
        (5, ["promptImage"]),
    ):
        status, answer = await api.create("image_to_video", {**body, "promptImage": image})
        assert status == 400
        assert [each["path"] for each in answer["issues"]] == [path]


@pytest.mark.parametrize(("emoji", "status"), [(500, 200), (501, 400)])
async def test_prompts_are_counted_in_utf16_units(api, emoji, status):
    answer = await api.create("text_to_image", {**GOOD, "promptText": "🦊" * emoji})
    assert answer[0] == status


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("text_to_image", {**GOOD, "model": "gemini_2.5_flash", "ratio": "1024:1024", "seed": 1}),
        ("text_to_image", {**GOOD, "outputCount": 1}),
        ("text_to_image", {**GOOD, "text": "a"}),
        (
            "image_to_video",
            {
                "model": "gen4_turbo",
                "promptImage": "https://example.com/a.png",
                "ratio": "1280:720",
                "motion": 5,
            },
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else value["model"],
)
async def test_unknown_fields_are_refused_for_every_model(api, operation, body):
    status, answer = await api.create(operation, body)
    assert status == 400
    assert [each["code"] for each in answer["issues"]] == ["unrecognized_keys"]


async def test_backstage_takes_no_rubbish(api):
    for document in ([], {"offers": []}, {"offer": "gen4_aleph"}, {"offer": [5]}):
        assert (await api.ask("POST", "/_simulator/offer", json=document))[0] == 400
