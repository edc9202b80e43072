"""What Slack's answers mean for whoever asked: an error code, or nobody knows."""

from dataclasses import dataclass

from bot.errors import ChatError
from bot.views import Notice

# Codes of "ok: false" that another try would not change (docs.slack.dev/reference/methods). One of
# BAD_TOKEN is none of them: an admin may put that right, and paid results wait for it a while.
_PERMANENT = frozenset({
    "app_missing_action_url", "cannot_dm_bot", "channel_is_archived",
    "channel_not_found", "ekm_access_denied", "file_too_large", "file_upload_size_restricted",
    "file_uploads_disabled",
    "invalid_blocks", "invalid_channel", "invalid_user_combination", "is_archived", "message_not_found",
    "messages_tab_disabled", "missing_scope", "msg_too_long", "no_permission", "no_text",
    "not_allowed_token_type", "not_in_channel", "org_login_required",
    "posting_to_channel_denied", "restricted_action", "restricted_action_non_threadable_channel",
    "restricted_action_read_only_channel", "restricted_action_thread_locked",
    "restricted_action_thread_only_channel", "storage_limit_reached", "team_access_not_granted",
    "user_disabled", "user_not_found", "user_not_visible",
})  # fmt: skip
# Codes that refuse the token: at the start a wrong setting, later on something that will pass.
BAD_TOKEN = frozenset({
    "account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked",
})  # fmt: skip
# Slack's own words for these: "it's possible some aspect of the operation succeeded".
UNSURE = frozenset({"fatal_error", "internal_error", "service_unavailable"})


@dataclass(eq=False)
class SlackRefused(ChatError):
    """Slack said `ok: false` with a code; nothing was done."""

    code: str = ""

    @classmethod
    def by(cls, method: str, code: str) -> "SlackRefused":
        return cls(f"{method}: {code}", permanent=code in _PERMANENT, code=code)


class SlackUnsure(ChatError):
    """Nobody knows whether Slack did it: a timeout, a broken connection, an error of its own."""


class Told(Exception):
    """Something that cannot be done here on Slack, with the words for the person who asked."""

    def __init__(self, notice: Notice) -> None:
        super().__init__("".join(str(span) for span in notice.text))
        self.notice = notice


class Ignored(Exception):
    """Something that asks for nothing and gets no answer."""
