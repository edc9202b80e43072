"""GET and DELETE /v1/tasks/{id}, and the files that the links of a task lead to."""

import asyncio

from aiohttp import web

from bot.runway.simulator import simulator
from bot.runway.simulator.faults import UNKNOWN_SECONDS
from bot.runway.simulator.refusals import Refusal
from bot.runway.simulator.simulator import Polls, Simulator
from bot.runway.simulator.tasks import OPEN, Task, describe, phase_of
from bot.runway.simulator.wire import origin_of

CONTENT_TYPES = {
    ".png": "image/png",
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".zip": "application/zip",
}


def _known(here: Simulator, request: web.Request) -> Task:
    task = here.board.find(request.match_info["id"])
    if task is None or _is_early(task, here.now()):
        raise Refusal(404, "The task does not exist, or was deleted or canceled.")
    return task


def _is_early(task: Task, now: float) -> bool:
    return "404" in task.words and now - task.created < UNKNOWN_SECONDS


async def show(request: web.Request) -> web.Response:
    """The task as it stands, with fresh links once it succeeded."""
    here = simulator.of(request)
    now = here.now()
    task = _known(here, request)
    here.books.polls.setdefault(task.id, Polls()).note(now)
    if here.once(task, "garbage"):
        text = f'{{"id": "{task.id}", "status": "RUNN'
        return web.Response(text=text, content_type="application/json")
    output: list[str] = []
    if phase_of(task, now).status == "SUCCEEDED":
        here.renders.start(task)
        late = here.once(task, "expired")
        expires = now - 1 if late else now + here.settings.output_ttl_seconds
        link = here.signer.link(origin_of(request), here.renders.name_of(task), expires)
        output = [link]
    return web.json_response(describe(task, now, output))


async def remove(request: web.Request) -> web.Response:
    """Cancel a task that is not over; delete one that is, with its output."""
    here = simulator.of(request)
    now = here.now()
    task = _known(here, request)
    status = phase_of(task, now).status
    if status in OPEN:
        here.board.keep(task.model_copy(update={"cancelled": now, "cancelled_from": status}))
        here.board.advance(now)
    else:
        here.board.keep(task.model_copy(update={"deleted": now}))
        await here.renders.discard(task)
        await here.intake.discard(task.id)
    return web.Response(status=204)


async def download(request: web.Request) -> web.StreamResponse:
    """The output file behind a signed link; Range and HEAD work."""
    here = simulator.of(request)
    name, query = request.match_info["name"], request.query
    expires, signature = query.get("expires", ""), query.get("signature", "")
    if not here.signer.permits(name, expires, signature, here.now()):
        raise Refusal(403, "This link has expired or is not valid. Fetch the task for a new one.")
    task = here.board.find(name.partition(".")[0])
    if task is None:
        raise Refusal(404, "The output was deleted.")
    path = await here.renders.output(task)
    content_type = {"Content-Type": CONTENT_TYPES[path.suffix]}
    if request.method == "GET":
        here.books.downloads += 1
        if here.once(task, "cut"):
            content = await asyncio.to_thread(path.read_bytes)
            return await _cut_off(request, content, content_type)
    return web.FileResponse(path, headers=content_type)


async def _cut_off(
    request: web.Request, content: bytes, headers: dict[str, str]
) -> web.StreamResponse:
    response = web.StreamResponse(headers=headers)
    response.content_length = len(content)
    await response.prepare(request)
    await response.write(content[: len(content) // 2])
    if request.transport is not None:
        request.transport.close()  # what was written still goes out, unlike with abort()
    return response
