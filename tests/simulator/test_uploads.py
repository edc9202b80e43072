"""Uploads: the promise, the second leg as a bucket takes it, and how long it lasts."""

import aiohttp
import pytest


def gen45(image: str) -> dict[str, object]:
    return {
        "model": "gen4.5",
        "promptText": "waves",
        "promptImage": image,
        "ratio": "1280:720",
        "duration": 2,
    }


async def test_an_upload_is_usable_once_its_bytes_arrived_and_for_a_day(api, clock, png):
    order = {"filename": "a.png", "type": "ephemeral"}
    _, place = await api.ask("POST", "/v1/uploads", json=order)
    assert await api.refused("image_to_video", gen45(place["runwayUri"]))
    uri = await api.upload("a.png", png())
    for _ in range(2):
        assert (await api.create("image_to_video", gen45(uri)))[0] == 200
    clock.advance(86400)
    assert await api.refused("image_to_video", gen45(uri))


@pytest.mark.parametrize(
    ("filename", "status"),
    [("a.png", 200), ("A.JPG", 200), ("a.gif", 400), ("png", 400), ("a" * 252 + ".png", 400)],
    ids=lambda value: str(value)[-8:],
)
async def test_upload_names_need_a_known_ending(api, filename, status):
    order = {"filename": filename, "type": "ephemeral"}
    assert (await api.ask("POST", "/v1/uploads", json=order))[0] == status


class Form:
    """The second leg of an upload, to be sent right or wrong."""

    def __init__(self, api, fields: dict[str, str], url: str) -> None:
        self.api, self.fields, self.url = api, fields, url

    async def send(self, content: bytes = b"x" * 600, file_last: bool = True, **changes) -> int:
        form = aiohttp.FormData()
        fields = {k: v for k, v in {**self.fields, **changes}.items() if v is not None}
        if not file_last:
            form.add_field("file", content, filename="a.png")
        for key, value in fields.items():
            form.add_field(key, value)
        if file_last:
            form.add_field("file", content, filename="a.png")
        async with self.api.session.post(self.url, data=form) as response:
            return response.status


async def test_storage_takes_the_form_only_as_it_was_given(api):
    order = {"filename": "a.png", "type": "ephemeral"}
    _, place = await api.ask("POST", "/v1/uploads", json=order)
    form = Form(api, place["fields"], place["uploadUrl"])
    assert await form.send(key="another") == 403
    assert await form.send(key=None) == 400
    assert await form.send(surprise="1") == 403
    assert await form.send(file_last=False) == 400
    assert await form.send(content=b"x" * 511) == 400
    assert await api.refused("image_to_video", gen45(place["runwayUri"]))
    assert await form.send() == 204
    assert await Form(api, {}, f"{api.url}/uploads/unknown").send() == 403


async def test_storage_wants_a_length_and_a_form(api):
    order = {"filename": "a.png", "type": "ephemeral"}
    _, place = await api.ask("POST", "/v1/uploads", json=order)

    async def chunks():
        yield b"x" * 1000

    async with api.session.post(place["uploadUrl"], data=chunks()) as response:
        assert response.status == 411
    async with api.session.post(place["uploadUrl"], data=b"x" * 1000) as response:
        assert response.status == 400
    broken = {"Content-Type": "multipart/form-data"}
    async with api.session.post(place["uploadUrl"], data=b"x" * 999, headers=broken) as response:
        assert response.status == 400
