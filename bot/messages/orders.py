"""What an operator's shell is told about an order."""

from bot.jobs import Job, State


def no_such_job(job_id: str) -> str:
    return f"There is no job {job_id}."


def went_wrong(why: str) -> str:
    return f"It did not work: {why}. Try again."


def cancelled(job: Job) -> str:
    if job.state is State.CANCELLED:
        return f"{job.id} is cancelled, and cost nothing."
    return f"{job.id} is at Runway; it is being cancelled there."


def retried(job: Job) -> str:
    return f"{job.id} is queued, for {job.owner.id}; it costs {job.request.price} credits."


def nothing_kept(job: Job) -> str:
    return f"{job.id} is {job.state.value}: it has no result to post."


def redelivered(job: Job) -> str:
    return f"The result of {job.id} was posted in {job.channel} again."


def not_posted(job: Job) -> str:
    return f"The chat did not take the result of {job.id}. The log says why; its files are kept."
