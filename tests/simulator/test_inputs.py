"""The addresses that a request names files by, and what is in those files."""

import pytest

IMAGE = "https://example.com/a.png"


def gen45(image: str) -> dict[str, object]:
    return {
        "model": "gen4.5",
        "promptText": "waves",
        "promptImage": image,
        "ratio": "1280:720",
        "duration": 2,
    }


async def failed(api, clock, operation, body) -> str:
    id = await api.made(operation, body)
    clock.advance(120)
    task = await api.task(id)
    assert task["cost"] == {"credits": 0}
    return task["failureCode"]


@pytest.mark.parametrize(
    "uri",
    [
        "http://example.com/a.png",
        "https://x.y",
        "https://10.0.0.1/a.png",
        "https://[::1/picture.png",
        "https://intranet/picture.png",
        "https://example.com/" + "a" * 2048,
        "file:///etc/passwd",
        "runway://nothing-here",
        "runway://../../key",
        "data:image/gif;base64,R0lGODlhAQABAAAAACw=",
        "data:video/mp4;base64,AAAA",
        "data:image/png,plain",
        "data:image/png;base64,####",
        "data:image/png;base64",
        "http://127.0.0.1:1/outputs/a.png",
        "http://127.0.0.1:1/outputs/a.png?expires=99999999999&signature=00",
    ],
    ids=lambda uri: uri[:40],
)
async def test_addresses_that_lead_nowhere_are_refused_at_create(api, uri):
    assert await api.refused("image_to_video", gen45(uri)) == [["promptImage"]]
    assert (await api.books())["creates"] == []


async def test_data_uris_end_at_five_mebibytes_for_every_kind(api):
    head = {"image": "data:image/png;base64,", "video": "data:video/mp4;base64,"}
    most = 5 * 1024 * 1024
    for kind, extra, expected in (("image", 0, 200), ("image", 4, 400), ("video", 4, 400)):
        uri = head[kind] + "A" * ((most - len(head[kind])) // 4 * 4 + extra)
        if kind == "image":
            status, _ = await api.create("image_to_video", gen45(uri))
        else:
            status, _ = await api.create("video_to_video", {"model": "aleph2", "videoUri": uri})
        assert status == expected


async def test_bytes_that_are_no_image_fail_the_task_and_cost_nothing(api, clock, data_uri, mp4):
    for content in (b"not an image", mp4(2)):
        body = gen45(data_uri("image/png", content))
        assert await failed(api, clock, "image_to_video", body) == "ASSET.INVALID"


async def test_bytes_that_are_no_video_fail_the_task_and_cost_nothing(
    api, clock, data_uri, png, mp4
):
    playlist = b"#EXTM3U\n#EXTINF:4,\nfile:///etc/passwd\n"
    for content in (png(), playlist, mp4(4)[:600], mp4(4, container="avi")):
        body = {"model": "aleph2", "videoUri": data_uri("video/mp4", content)}
        assert await failed(api, clock, "video_to_video", body) == "ASSET.INVALID"


async def test_gif_bytes_are_not_an_image_to_runway(api, clock):
    gif = "data:image/png;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
    assert await failed(api, clock, "image_to_video", gen45(gif)) == "ASSET.INVALID"


async def test_last_frame_only_together_with_a_first(api):
    body = {"model": "veo3.1", "ratio": "1280:720", "duration": 4}
    frames = [{"uri": IMAGE, "position": position} for position in ("first", "last")]
    for image, status in (
        (frames, 200),
        (frames[:1], 200),
        (frames[1:], 400),
        (frames[:1] * 2, 400),
    ):
        assert (await api.create("image_to_video", {**body, "promptImage": image}))[0] == status


async def test_an_output_link_of_its_own_is_an_input_until_it_expires(api, clock):
    id = await api.imagine()
    clock.advance(60)
    url = (await api.task(id))["output"][0]
    assert (await api.create("image_to_video", gen45(url)))[0] == 200
    assert await api.refused("image_to_video", gen45(url[:-1] + ("0" if url[-1] != "0" else "1")))
    clock.advance(86400)
    assert await api.refused("image_to_video", gen45(url))


@pytest.mark.parametrize(("fps", "taken"), [(30, True), (60, False)])
async def test_aleph2_takes_thirty_pictures_a_second(api, data_uri, mp4, fps, taken):
    body = {"model": "aleph2", "videoUri": data_uri("video/mp4", mp4(2, fps=fps))}
    status, answer = await api.create("video_to_video", body)
    assert status == (200 if taken else 400), answer


@pytest.mark.parametrize("container", ["mp4", "mov", "matroska", "3gp"])
async def test_videos_come_in_every_container_that_runway_lists(api, data_uri, mp4, container):
    uri = data_uri("video/mp4", mp4(4, width=176, height=144, container=container))
    assert await api.price("video_to_video", {"model": "aleph2", "videoUri": uri}) == 112
