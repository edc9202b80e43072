"""What a workspace has set for itself, beside its rules."""

from collections.abc import Mapping

from sqlalchemy import Connection, bindparam, select

from bot.credits import MOST_CREDITS
from bot.quotas import Change, Settings
from storage import changes
from storage.rows import upsert
from storage.rules import Defaults, rule_of
from storage.schema import workspaces

_OWN = select(workspaces).where(workspaces.c.workspace == bindparam("workspace"))


def settings_of(c: Connection, workspace: str, defaults: Defaults) -> Settings:
    """What holds in a workspace: its own settings before the configured ones."""
    own = dict(c.execute(_OWN, {"workspace": workspace}).mappings().one_or_none() or {})
    rule, zone = rule_of(c, workspace, "default"), own.get("time_zone")
    above = own.get("confirm_above")
    return Settings(
        zone=zone or defaults.zone.key,
        default=rule.allowance if rule else defaults.allowance,
        confirm_above=defaults.confirm_above if above is None else above,
        alert_channel=own.get("alert_channel"),
    )


def change_settings(
    c: Connection, workspace: str, new: Mapping[str, str | int | None], change: Change
) -> None:
    """Set columns of a workspace's row; None goes back to what is configured."""
    old = dict(c.execute(_OWN, {"workspace": workspace}).mappings().one_or_none() or {})
    c.execute(upsert(c, workspaces, {"workspace": workspace}, new))
    for name, value in new.items():
        before, after = _text(old.get(name)), _text(value)
        subject = _SETTINGS[name]
        changes.record(c, workspace, change, "settings", subject, before=before, after=after)


def _text(value: object) -> str | None:
    if value == MOST_CREDITS:
        return "never"  # nothing costs more
    return None if value is None else str(value)


# What people call them.
_SETTINGS = {"time_zone": "zone", "alert_channel": "alerts", "confirm_above": "confirm"}
