"""Discord's objects, as complete as its description asks for."""

import itertools
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

Object = dict[str, Any]

APPLICATION = "1000000000000000001"
BOT = "1000000000000000002"
GUILD = "2000000000000000001"
CHANNEL = "3000000000000000001"
THREAD = "3000000000000000002"
FORUM = "3000000000000000003"
POST = "3000000000000000004"
# A server that another shard of two has.
OTHER_GUILD = "2000000000004194305"
FAR = "3000000000000000005"
ADA = "4000000000000000001"
BEN = "4000000000000000002"
ROLE = "5000000000000000001"
THREADS = (10, 11, 12)
_EPOCH_MS = 1420070400000
_count = itertools.count()

ADMINISTRATOR = 1 << 3
VIEW, SEND, EMBED, ATTACH, HISTORY = 1 << 10, 1 << 11, 1 << 14, 1 << 15, 1 << 16
SEND_IN_THREADS = 1 << 38
USUAL = VIEW | SEND | EMBED | ATTACH | HISTORY | SEND_IN_THREADS


def snowflake() -> str:
    """A new id that is greater than every one before."""
    return str((int(time.time() * 1000) - _EPOCH_MS << 22) | next(_count) % (1 << 22))


def now() -> str:
    return datetime.now(UTC).isoformat()


def user(id_: str, name: str, *, bot: bool = False) -> Object:
    return {
        "id": id_, "username": name, "avatar": None, "discriminator": "0", "public_flags": 0,
        "flags": 0, "global_name": name.capitalize(), "primary_guild": None, "bot": bot,
    }  # fmt: skip


def member(of: Object, roles: list[str]) -> Object:
    return {
        "user": of, "roles": roles, "avatar": None, "banner": None, "flags": 0, "nick": None,
        "communication_disabled_until": None, "joined_at": "2024-01-01T00:00:00+00:00",
        "pending": False, "premium_since": None, "mute": False, "deaf": False,
    }  # fmt: skip


def role(id_: str, name: str, permissions: int) -> Object:
    return {
        "id": id_, "name": name, "color": 0, "hoist": False, "position": 0, "managed": False,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "permissions": str(permissions), "mentionable": False, "flags": 0, "icon": None,
        "unicode_emoji": None, "description": None,
    }  # fmt: skip


def channel(id_: str, name: str, *, kind: int = 0, guild: str = GUILD) -> Object:
    return {
        "id": id_, "type": kind, "guild_id": guild, "name": name, "position": 0, "flags": 0,
        "permission_overwrites": [], "nsfw": False, "topic": None, "parent_id": None,
        "rate_limit_per_user": 0, "last_message_id": None,
    }  # fmt: skip


def thread(id_: str, parent: str) -> Object:
    return {
        "id": id_, "type": 11, "guild_id": GUILD, "name": "a thread", "flags": 0, "owner_id": ADA,
        "parent_id": parent, "message_count": 0, "member_count": 1, "total_message_sent": 0,
        "rate_limit_per_user": 0, "last_message_id": None,
        "thread_metadata": {"archived": False, "auto_archive_duration": 1440, "locked": False,
                            "archive_timestamp": now(), "create_timestamp": now()},
    }  # fmt: skip


def guild(id_: str, tier: int, members: list[Object], channels: Iterable[Object]) -> Object:
    """A server with those of the channels and threads that are its own."""
    own = [channel for channel in channels if channel.get("guild_id") == id_]
    return {
        "id": id_, "name": "Crew", "owner_id": ADA, "premium_tier": tier, "icon": None,
        "roles": [role(id_, "@everyone", USUAL), role(ROLE, "design", 0)], "emojis": [],
        "features": [], "afk_timeout": 300, "afk_channel_id": None, "verification_level": 0,
        "default_message_notifications": 0, "explicit_content_filter": 0, "mfa_level": 0,
        "system_channel_id": None, "system_channel_flags": 0, "rules_channel_id": None,
        "public_updates_channel_id": None, "preferred_locale": "en-US", "nsfw_level": 0,
        "premium_progress_bar_enabled": False, "stickers": [], "unavailable": False,
        "channels": [c for c in own if c["type"] not in THREADS],
        "threads": [c for c in own if c["type"] in THREADS],
        "members": members, "member_count": 3, "large": False, "voice_states": [],
        "presences": [], "joined_at": now(), "stage_instances": [], "guild_scheduled_events": [],
        "soundboard_sounds": [], "vanity_url_code": None, "description": None, "banner": None,
        "splash": None, "discovery_splash": None, "application_id": None,
    }  # fmt: skip


_ONLY_IN_EVENTS = (
    "unavailable", "channels", "threads", "members", "member_count", "large", "voice_states",
    "presences", "joined_at", "stage_instances", "guild_scheduled_events", "soundboard_sounds",
)  # fmt: skip


def asked_guild(guild: Object) -> Object:
    """A server as it is answered: no channels and no members, and more of its settings."""
    return {k: v for k, v in guild.items() if k not in _ONLY_IN_EVENTS} | {
        "home_header": None, "region": "us-west", "widget_enabled": False,
        "widget_channel_id": None, "max_presences": None, "max_members": 500_000,
        "max_stage_video_channel_users": 50, "max_video_channel_users": 25, "nsfw": False,
        "premium_subscription_count": 0, "safety_alerts_channel_id": None, "incidents_data": None,
    }  # fmt: skip


def application(owner: Object) -> Object:
    return {
        "id": APPLICATION, "name": "Dailies", "icon": None, "description": "", "type": None,
        "verify_key": "0" * 64, "flags": 0, "flags_new": "0", "redirect_uris": [],
        "interactions_endpoint_url": None, "role_connections_verification_url": None,
        "owner": owner, "approximate_guild_count": 1, "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0, "explicit_content_filter": 0, "team": None,
        "eligible_oauth2_scopes": [], "bot_public": True, "bot_require_code_grant": False,
    }  # fmt: skip


def message(author: Object, channel_id: str, given: Object, files: list[Object]) -> Object:
    """A message as `given` asks for it."""
    kept: Object = {
        "id": snowflake(), "type": 19 if given.get("message_reference") else 0,
        "channel_id": channel_id, "author": author, "content": given.get("content") or "",
        "mentions": [], "mention_roles": [], "attachments": files, "timestamp": now(),
        "embeds": embeds(given.get("embeds")), "edited_timestamp": None,
        "flags": given.get("flags") or 0, "components": components(given.get("components")),
        "pinned": False, "mention_everyone": False, "tts": False,
    }  # fmt: skip
    if given.get("message_reference"):
        told = given["message_reference"]
        kept["message_reference"] = {"type": 0, "channel_id": channel_id,
                                     "message_id": str(told["message_id"])}  # fmt: skip
    return kept


def embeds(given: Any) -> list[Object]:
    return [{**embed, "type": "rich"} for embed in given or []]


def components(given: Any) -> list[Object]:
    """Rows and buttons with the ids that Discord numbers them by."""
    numbers = itertools.count(1)
    return [
        {
            **row,
            "id": next(numbers),
            "components": [{**item, "id": next(numbers)} for item in row["components"]],
        }
        for row in given or []
    ]


def attachment(url: str, name: str, content: bytes, content_type: str) -> Object:
    return {
        "id": snowflake(), "filename": name, "size": len(content), "url": url, "proxy_url": url,
        "content_type": content_type, "flags": 0,
    }  # fmt: skip


def text(value: int | None) -> str | None:
    """A snowflake as JSON has it."""
    return None if value is None else str(value)


def change(message: Object, body: Object) -> None:
    """Edit a message as a request says."""
    if "content" in body:
        message["content"] = body["content"] or ""
    if "embeds" in body:
        message["embeds"] = embeds(body["embeds"])
    if "components" in body:
        message["components"] = components(body["components"])
