"""The app manifest, from the command specification (docs.slack.dev/reference/app-manifest)."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from bot.commands.specification import COMMANDS

Manifest = dict[str, Any]

EVENTS_PATH = "/slack/events"
BOT_SCOPES = (
    "app_mentions:read", "channels:history", "channels:join", "channels:read", "chat:write",
    "commands", "files:read", "files:write", "groups:history", "groups:read", "im:history",
    "im:read", "im:write", "mpim:history", "mpim:read", "reactions:read", "usergroups:read",
    "users:read",
)  # fmt: skip
BOT_EVENTS = (
    "app_home_opened", "app_mention", "app_uninstalled", "message.channels", "message.groups",
    "message.im", "message.mpim", "reaction_added", "tokens_revoked",
)  # fmt: skip
# Slack shows 140 characters of a shortcut's or the app's description, 2000 of a command's.
MOST_DESCRIPTION = 140
# By the id that a shortcut comes back with: its name and its description.
SHORTCUTS = {
    "animate": ("Animate", "Bring the image of this message to life as a short video"),
    "upscale": ("Upscale", "Make the image or video of this message larger and sharper"),
    "reference": ("Use as reference", "Make a new image from the image of this message"),
}


def manifest(*, prefix: str, mode: str, url: str | None = None, oauth: bool = False) -> Manifest:
    """The manifest; in `http` mode everything is sent to `url`, the bot's public address."""
    base = (url or "https://dailies.example.com").rstrip("/")
    request_url = {"request_url": f"{base}{EVENTS_PATH}"} if mode == "http" else {}
    config: Manifest = {"scopes": {"bot": list(BOT_SCOPES)}}
    if oauth:
        config = {"redirect_urls": [f"{base}/slack/oauth_redirect"], **config}
    return {
        "_metadata": {"major_version": 2, "minor_version": 1},
        "display_information": {
            "name": "Dailies",
            "description": "Runway's image and video models in your team's own chat",
            "background_color": "#111111",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "Dailies", "always_online": True},
            "shortcuts": [
                {"name": name, "type": "message", "callback_id": callback, "description": text}
                for callback, (name, text) in SHORTCUTS.items()
            ],
            "slash_commands": [*_commands(prefix, base if mode == "http" else None)],
        },
        "oauth_config": config,
        "settings": {
            "event_subscriptions": {**request_url, "bot_events": list(BOT_EVENTS)},
            "interactivity": {"is_enabled": True, **request_url},
            "org_deploy_enabled": False,
            "socket_mode_enabled": mode == "socket",
            "token_rotation_enabled": False,
        },
    }


def as_json(value: Manifest) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def as_yaml(value: Manifest) -> str:
    """The manifest as YAML: maps, lists and scalars, which is all that it has."""
    return "\n".join(_lines(value, 0))


def _commands(prefix: str, base: str | None) -> Iterator[Manifest]:
    for name in dict.fromkeys(spec.name.split()[0] for spec in COMMANDS):
        specs = [spec for spec in COMMANDS if spec.name.split()[0] == name]
        usage = specs[0].usage.removeprefix(f"/{name}").strip()
        summary = specs[0].summary
        if len(specs) > 1:
            usage = " | ".join(spec.name.removeprefix(name).strip() for spec in specs)
            summary = "See and set who may use how many credits"
        entry: Manifest = {"command": f"/{prefix}{name}"}
        if base is not None:
            entry["url"] = f"{base}{EVENTS_PATH}"
        # Escaped, a mention comes as an id, whatever the member is called.
        entry |= {"description": summary[:MOST_DESCRIPTION], "should_escape": True}
        yield entry | ({"usage_hint": usage} if usage else {})


def _lines(value: Any, depth: int) -> Iterator[str]:
    margin = "  " * depth
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _entry(f"{margin}{key}:", item, depth)
    else:
        for item in value:
            yield from _item(item, depth)


def _entry(head: str, item: Any, depth: int) -> Iterator[str]:
    if isinstance(item, dict | list) and item:
        yield head
        yield from _lines(item, depth + 1)
    else:
        yield f"{head} {_scalar(item)}"


def _item(item: Any, depth: int) -> Iterable[str]:
    margin = "  " * depth
    if isinstance(item, dict | list):
        inner = list(_lines(item, depth + 1))
        return [f"{margin}- {inner[0].lstrip()}", *inner[1:]]
    return [f"{margin}- {_scalar(item)}"]


def _scalar(value: Any) -> str:
    # A JSON scalar is a YAML scalar.
    return json.dumps(value, ensure_ascii=False)
