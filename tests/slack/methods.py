"""The methods of the Web API that the server has, each as strict as the real one is documented to be."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.slack.blocks import problems
from tests.slack.installing import access

if TYPE_CHECKING:
    from tests.slack.server import SlackServer

Json = dict[str, Any]

BOT_TOKEN, APP_TOKEN, SECRET = "xoxb-home", "xapp-home", "5ec4e7" * 5
TEAM, BOT, BOT_ID = "T0HOME", "U0BOT", "B0BOT"

MOST_NAMED = 25


class Refusal(Exception):
    """`ok: false` with a code."""


def carry_out(server: SlackServer, method: str, token: str, arguments: Json) -> Json:
    """Do what a method says, and answer; raises Refusal."""
    if not _may(server, method, token):
        raise Refusal(server.faults.token_refused or "invalid_auth")
    if method not in METHODS:
        raise Refusal("unknown_method")
    if found := problems(arguments):
        raise AssertionError(f"{method}: {found}: {arguments}")
    return {"ok": True, **METHODS[method](server, {**arguments, "_token": token})}


def _may(server: SlackServer, method: str, token: str) -> bool:
    if method == "apps.connections.open":
        return token == APP_TOKEN
    known = not server.faults.token_refused and token in server.tokens
    return method == "oauth.v2.access" or known


def _auth_test(s: SlackServer, a: Json) -> Json:
    team = s.tokens[a["_token"]]
    return {"team_id": team, "user_id": "U0BOT", "bot_id": "B0BOT", "user": "dailies"}


def _open_socket(s: SlackServer, a: Json) -> Json:
    ticket = str(s.number())
    s.tickets.add(ticket)  # good for one connection
    return {"url": s.url.replace("http", "ws", 1) + f"/socket?ticket={ticket}"}


def _user(s: SlackServer, a: Json) -> Json:
    if a["user"] not in s.users:
        raise Refusal("user_not_found")
    return {"user": s.users[a["user"]]}


def _users(s: SlackServer, a: Json) -> Json:
    return {"members": list(s.users.values()), "response_metadata": {"next_cursor": ""}}


def _groups(s: SlackServer, a: Json) -> Json:
    shown = [{"id": g, "handle": g.lower(), "users": users} for g, users in s.groups.items()]
    return {"usergroups": shown}


def _channel(s: SlackServer, a: Json, *, member: bool) -> Json:
    channel = s.channels.get(a.get("channel") or a.get("channel_id") or "")
    if channel is None or (channel.get("is_private") and not channel["is_member"]):
        raise Refusal("channel_not_found")
    if member and not channel["is_member"]:
        raise Refusal("not_in_channel")
    return channel


def _info(s: SlackServer, a: Json) -> Json:
    return {"channel": _channel(s, a, member=False)}


def _join(s: SlackServer, a: Json) -> Json:
    channel = _channel(s, a, member=False)
    if channel.get("is_private") or channel.get("is_im"):
        raise Refusal("method_not_supported_for_channel_type")
    channel["is_member"] = True
    return {"channel": channel}


def _open(s: SlackServer, a: Json) -> Json:
    user = s.users.get(a["users"])
    if user is None:
        raise Refusal("user_not_found")
    if user.get("deleted"):
        raise Refusal("user_disabled")
    channel = f"D{a['users'][1:]}"
    s.channels.setdefault(channel, {"id": channel, "is_im": True, "is_member": True})
    return {"channel": {"id": channel}}


def _seen(s: SlackServer, message: Json, a: Json) -> Json:
    shown = dict(message)
    if s.faults.metadata_hidden or a.get("include_all_metadata") not in (True, "true", "1"):
        shown.pop("metadata", None)
    if "reactions" in shown:
        # Of many not all are named; the count is right.
        shown["reactions"] = [{**g, "users": g["users"][:MOST_NAMED]} for g in shown["reactions"]]
    return shown


def _within(message: Json, a: Json) -> bool:
    inclusive = a.get("inclusive") in (True, "true", "1")
    oldest, latest = float(a.get("oldest", 0)), float(a.get("latest", 1e12))
    at = float(message["ts"])
    return oldest <= at <= latest if inclusive else oldest < at < latest


def _history(s: SlackServer, a: Json) -> Json:
    _channel(s, a, member=True)
    top = [m for m in s.messages.get(a["channel"], []) if "thread_ts" not in m and _within(m, a)]
    limit = int(a.get("limit", 100))
    return {"messages": [_seen(s, m, a) for m in reversed(top)][:limit], "has_more": False}


def _reactions(s: SlackServer, a: Json) -> Json:
    if not a.get("channel") or not a.get("timestamp"):
        raise Refusal("no_item_specified")
    _channel(s, a, member=False)
    sent = s.messages.get(a["channel"], [])
    found = next((m for m in sent if m["ts"] == a["timestamp"]), None)
    if found is None:
        raise Refusal("message_not_found")
    shown = found if a.get("full") == "true" else _seen(s, found, a)
    return {"type": "message", "channel": a["channel"], "message": shown}


def _replies(s: SlackServer, a: Json) -> Json:
    _channel(s, a, member=True)
    found = [
        m
        for m in s.messages.get(a["channel"], [])
        if a["ts"] in (m["ts"], m.get("thread_ts")) and (_within(m, a) or m["ts"] == a["ts"])
    ]
    if not found:
        raise Refusal("thread_not_found")
    return {"messages": [_seen(s, m, a) for m in found][: int(a.get("limit", 100))]}


def add_message(s: SlackServer, channel: str, message: Json, thread: str | None = None) -> Json:
    message = {"type": "message", "ts": s.ts(), **message}
    if thread:
        message["thread_ts"] = thread
    s.messages.setdefault(channel, []).append(message)
    return message


def _post(s: SlackServer, a: Json) -> Json:
    _channel(s, a, member=True)
    if not a.get("text"):
        raise Refusal("no_text")
    kept = {name: a[name] for name in ("text", "blocks", "metadata") if name in a}
    message = {**kept, "user": "U0BOT", "bot_id": "B0BOT"}
    message = add_message(s, a["channel"], message, a.get("thread_ts"))
    return {"channel": a["channel"], "ts": message["ts"], "message": message}


def _update(s: SlackServer, a: Json) -> Json:
    _channel(s, a, member=True)
    found = [m for m in s.messages.get(a["channel"], []) if m["ts"] == a["ts"]]
    if not found:
        raise Refusal("message_not_found")
    found[0]["text"] = a.get("text", "")
    # Text alone takes the blocks away.
    found[0]["blocks"] = a.get("blocks") or []
    found[0].setdefault("edits", []).append(a)
    return {"channel": a["channel"], "ts": a["ts"]}


def _delete(s: SlackServer, a: Json) -> Json:
    _channel(s, a, member=True)
    s.messages[a["channel"]] = [m for m in s.messages[a["channel"]] if m["ts"] != a["ts"]]
    return {"ts": a["ts"]}


def _ephemeral(s: SlackServer, a: Json) -> Json:
    _channel(s, a, member=True)
    s.ephemeral.append(a)
    return {"message_ts": s.ts()}


def _view_open(s: SlackServer, a: Json) -> Json:
    issued = s.triggers.pop(str(a.get("trigger_id")), None)
    if issued is None:
        raise Refusal("exchanged_trigger_id")
    if time.monotonic() - issued > 3:
        raise Refusal("expired_trigger_id")
    view = {**a["view"], "id": f"V{s.number()}", "trigger_id": a["trigger_id"], "hash": "h"}
    s.views.append(view)
    return {"view": view}


def _view_update(s: SlackServer, a: Json) -> Json:
    view = next(v for v in s.views if v["id"] == a["view_id"])
    view.update(a["view"])
    return {"view": view}


def _publish(s: SlackServer, a: Json) -> Json:
    s.homes[a["user_id"]] = a["view"]
    return {"view": a["view"]}


def _upload_url(s: SlackServer, a: Json) -> Json:
    if int(a["length"]) < 1 or not a["filename"]:
        raise Refusal("invalid_arguments")
    if s.faults.uploads_refused:
        raise Refusal(s.faults.uploads_refused)
    if s.faults.too_large > 0:
        s.faults.too_large -= 1
        raise Refusal("file_upload_size_restricted")
    file = f"F{s.number():06d}"
    s.uploads[file] = {"name": a["filename"], "length": int(a["length"])}
    return {"upload_url": f"{s.url}/upload/{file}", "file_id": file}


def _complete(s: SlackServer, a: Json) -> Json:
    ids = [entry["id"] for entry in a["files"]]
    if any("content" not in s.uploads.get(file, {}) for file in ids):
        raise Refusal("file_not_found")
    _channel(s, a, member=True)
    method = "files.completeUploadExternal"
    if s.faults.half_done[method] > 0:
        s.faults.half_done[method] -= 1
        for file in ids:
            s.files[file] = {"id": file, "mimetype": "", **s.uploads[file], "shares": {}}
        raise Refusal("internal_error")
    for entry in a["files"]:
        upload = s.uploads.pop(entry["id"])
        s.files[entry["id"]] = {
            "id": entry["id"],
            "title": entry.get("title"),
            "mimetype": "",
            **upload,
            "shares": {},
            "_where": (a["channel_id"], a.get("thread_ts")),
            "_looks": 0,
        }
    if not s.faults.share_after:
        _share(s, ids)
    return {"files": [{"id": file, "title": ""} for file in ids]}


def _share(s: SlackServer, ids: list[str]) -> None:
    channel, thread = s.files[ids[0]]["_where"]
    shown = [{"id": file, "mimetype": "image/png"} for file in ids]
    message = {"text": "", "files": shown, "user": "U0BOT", "bot_id": "B0BOT"}
    message = add_message(s, channel, message, thread)
    kind = "private" if s.channels[channel].get("is_private") else "public"
    for file in ids:
        s.files[file]["shares"] = {kind: {channel: [{"ts": message["ts"]}]}}


def _file_info(s: SlackServer, a: Json) -> Json:
    file = s.files.get(a["file"])
    if file is None:
        raise Refusal("file_not_found")
    if "_where" in file and not file["shares"]:
        file["_looks"] += 1
        if file["_looks"] >= s.faults.share_after:
            _share(s, [file["id"]])
    hidden = ("content", "_where", "_looks", *(["shares"] if s.faults.shares_hidden else []))
    return {"file": {name: value for name, value in file.items() if name not in hidden}}


METHODS: dict[str, Callable[[Any, Json], Json]] = {
    "auth.test": _auth_test,
    "apps.connections.open": _open_socket,
    "users.info": _user,
    "users.list": _users,
    "usergroups.list": _groups,
    "conversations.info": _info,
    "conversations.join": _join,
    "conversations.open": _open,
    "conversations.history": _history,
    "conversations.replies": _replies,
    "reactions.get": _reactions,
    "chat.postMessage": _post,
    "chat.update": _update,
    "chat.delete": _delete,
    "chat.postEphemeral": _ephemeral,
    "views.open": _view_open,
    "views.update": _view_update,
    "views.publish": _publish,
    "files.getUploadURLExternal": _upload_url,
    "files.completeUploadExternal": _complete,
    "files.info": _file_info,
    "oauth.v2.access": access,
}
