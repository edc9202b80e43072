"""What a workspace may set for itself: time zone, default, alert channel, when people are asked."""

from dataclasses import replace

from bot.commands.amounts import CONFIGURED, above, amount, period, zone
from bot.ports import QuotaStorage
from bot.quotas import Change, Rule


async def change_setting(
    quotas: QuotaStorage, workspace: str, name: str, value: str, channel: str | None, change: Change
) -> None:
    """Set one of `SETTINGS`; `channel` is where alerts go. Raises a Refused."""
    if name in ("credits", "period"):
        await _set_default(quotas, workspace, name, value, change)
        return
    back = value.lower() == CONFIGURED
    new: dict[str, str | int | None] = {"alert_channel": None if back else channel}
    if name == "zone":
        new = {"time_zone": None if back else zone(value)}
    elif name == "confirm":
        new = {"confirm_above": None if back else above(value)}
    await quotas.change_settings(workspace, new, change)


async def _set_default(
    quotas: QuotaStorage, workspace: str, name: str, value: str, change: Change
) -> None:
    """What members without a rule of their own may use: the rule for `default`."""
    if value.lower() == CONFIGURED:
        await quotas.clear_rule(workspace, "default", change)
        return
    default = replace((await quotas.settings(workspace)).default, blocked=False)
    if name == "period":
        default = replace(default, period=period(value))
    else:
        default = replace(default, credits=amount(value))
    await quotas.set_rules([(workspace, Rule(default, "default"))], change)
