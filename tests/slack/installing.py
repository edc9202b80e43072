"""What a workspace or a whole organisation grants when the bot is installed there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.slack.server import SlackServer

Json = dict[str, Any]


def access(s: SlackServer, a: Json) -> Json:
    team = a["code"].removeprefix("code-")
    if team[0] == "E":  # for a whole organisation: Slack names no team
        org = {
            "enterprise": {"id": team, "name": team},
            "is_enterprise_install": True,
            "team": None,
        }
        s.tokens[f"xoxb-{team}"] = team
        return {**_granted(team), **org}
    s.tokens[f"xoxb-{team}"] = team
    return {**_granted(team), "team": {"id": team, "name": team}, "is_enterprise_install": False}


def _granted(of: str) -> Json:
    return {
        "access_token": f"xoxb-{of}",
        "token_type": "bot",
        "scope": "commands",
        "bot_user_id": "U0BOT",
        "authed_user": {"id": "U0ADA"},
    }
