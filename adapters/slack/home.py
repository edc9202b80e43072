"""App Home: what a member has left, what is at work, and for admins the team's quotas.

Limits are Slack's: 100 blocks a view, 24 characters a title (docs.slack.dev/surfaces/app-home).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.slack.api import Body
from adapters.slack.escape import fit
from adapters.slack.render import ACTION, Names, sections
from bot.catalog import Catalog
from bot.credits import Period
from bot.jobs import CANCELLABLE, Job
from bot.messages.words import POWERED_BY, TITLES
from bot.text import Text, on_one_line

MOST_BLOCKS = 100
MOST_JOBS = 20
MOST_PROMPT = 120
QUOTA_CALLBACK = "dailies:quota"
QUOTA_ACTIONS = {"home:set": "quota set", "home:grant": "quota grant", "home:block": "quota block"}
_EVERYBODY = (("default", "Every member"), ("workspace", "The workspace as a whole"))


@dataclass(frozen=True)
class Page:
    """What a member's home shows; `team` is for admins alone."""

    credits: Text
    jobs: Sequence[Job]
    history: Text
    team: Text | None = None


def home_view(page: Page, catalog: Catalog, names: Names) -> Body:
    """The home page as a view."""
    blocks = [_header("Your credits"), *sections(page.credits, names)]
    running = [job for job in page.jobs if not job.state.is_over][:MOST_JOBS]
    blocks.append(_header("At work"))
    blocks += [_job(job, catalog) for job in running] or [_line("Nothing is waiting or running.")]
    blocks += [_header("Recent"), *sections(page.history, names)]
    if page.team is not None:
        blocks += [{"type": "divider"}, _header("Team"), *sections(page.team, names), _controls()]
    powered = sections((POWERED_BY,), names)
    return {"type": "home", "blocks": [*blocks[: MOST_BLOCKS - len(powered)], *powered]}


def quota_form(command: str) -> Body:
    """The form behind an admin's button; `command` is the one it fills in."""
    blocks = [
        {
            "type": "input",
            "block_id": "member",
            "optional": command != "quota grant",
            "label": _plain("Member"),
            "element": {"type": "users_select", "action_id": "quota:member"},
        }
    ]
    if command == "quota set":
        blocks.append(_select("scope", "Or instead of a member", _EVERYBODY, optional=True))
    if command != "quota block":
        blocks.append(
            _text("credits", "Credits (a whole number; for an allowance also “unlimited”)")
        )
    if command == "quota set":
        periods = [(period.value, f"a {period.value}") for period in Period]
        blocks.append(_select("period", "How often it resets", periods, optional=True))
    if command == "quota grant":
        blocks.append(_text("days", "How many days they are good for", optional=True))
    return {
        "type": "modal",
        "callback_id": QUOTA_CALLBACK,
        "private_metadata": command,
        "title": _plain(command.capitalize()),
        "submit": _plain("Save"),
        "close": _plain("Cancel"),
        "blocks": blocks,
    }


def quota_command(view: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """The command that a filled form stands for, and its arguments."""
    values = {
        action.removeprefix("quota:"): element
        for block in view["state"]["values"].values()
        for action, element in block.items()
    }
    given = {name: _value(element) for name, element in values.items()}
    who = given.pop("member", "") or given.pop("scope", "")
    given.pop("scope", None)
    arguments = {"who": who, **given}
    return view["private_metadata"], {name: text for name, text in arguments.items() if text}


def _value(element: Mapping[str, Any]) -> str:
    selected = (element.get("selected_option") or {}).get("value")
    return str(element.get("selected_user") or selected or element.get("value") or "").strip()


def _job(job: Job, catalog: Catalog) -> Body:
    title = f"{TITLES[job.request.operation]} · {catalog.label(job.request.model)} · {job.state}"
    typed = on_one_line(job.request.prompt)
    prompt = f"\n“{typed[:MOST_PROMPT]}”" if typed else ""
    block = _line(fit(title + prompt, 1000))
    if job.cancel_requested or job.state not in CANCELLABLE:
        return block
    cancel = {
        "type": "button",
        "text": _plain("Cancel"),
        "style": "danger",
        "action_id": f"{ACTION}cancel",
        "value": job.id,
    }
    return {**block, "accessory": cancel}


def _controls() -> Body:
    labels = {"home:set": "Set a quota", "home:grant": "Give credits", "home:block": "Block"}
    buttons = [
        {"type": "button", "text": _plain(label), "action_id": action}
        for action, label in labels.items()
    ]
    return {"type": "actions", "elements": buttons}


def _text(name: str, label: str, *, optional: bool = False) -> Body:
    element = {"type": "plain_text_input", "action_id": f"quota:{name}", "max_length": 20}
    return _input(name, label, element, optional=optional)


def _select(name: str, label: str, choices: Sequence[tuple[str, str]], *, optional: bool) -> Body:
    options = [{"text": _plain(shown), "value": value} for value, shown in choices]
    element = {"type": "static_select", "action_id": f"quota:{name}", "options": options}
    return _input(name, label, element, optional=optional)


def _input(name: str, label: str, element: Body, *, optional: bool) -> Body:
    return {
        "type": "input",
        "block_id": name,
        "label": _plain(label),
        "optional": optional,
        "element": element,
    }


def _line(text: str) -> Body:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _header(text: str) -> Body:
    return {"type": "header", "text": _plain(text)}


def _plain(text: str) -> Body:
    return {"type": "plain_text", "text": text}
