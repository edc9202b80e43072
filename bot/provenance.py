"""Where an output comes from, as a file beside it tells: for whoever must know later."""

from datetime import datetime

from bot.jobs import Job
from bot.requests import Input, Media

VERSION = 1


def provenance(job: Job, output: Media, now: datetime) -> dict[str, object]:
    """What was asked for, by whom and with what, and what came out; times in UTC."""
    request = job.request
    return {
        "version": VERSION,
        "job": job.id,
        "task": job.task_id,
        "parent": job.parent,
        "asked_by": {"workspace": job.owner.workspace, "member": job.owner.id},
        "channel": job.channel,
        "asked_at": job.created_at.isoformat(),
        "kept_at": now.isoformat(),
        "operation": request.operation.value,
        "model": request.model,
        "prompt": request.prompt,
        "seed": request.seed,
        "ratio": request.ratio,
        "duration": request.duration,
        "settings": dict(request.settings),
        "price": request.price,
        "cost": job.cost,
        "inputs": [_input(given) for given in request.inputs],
        "output": {
            "file": output.key.rpartition("/")[2],
            "content_type": output.content_type,
            "size": output.size,
            "sha256": output.sha256,
        },
    }


def _input(given: Input) -> dict[str, object]:
    media = given.media
    if media.is_link:
        return {"role": given.role, "tag": given.tag, "link": media.key}
    return {
        "role": given.role,
        "tag": given.tag,
        "name": media.name,
        "file": media.key,
        "sha256": media.sha256,
        "original_sha256": media.was.sha256 if media.was else media.sha256,
    }
