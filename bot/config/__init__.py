"""What the operator can set: config.toml, then DAILIES_* in the environment, then secrets files.

`DAILIES_WEB__PORT=8090` sets `port` in the section `web`. The Runway key comes from
`RUNWAYML_API_SECRET`, or from the file that `RUNWAYML_API_SECRET_FILE` names; Slack's tokens come from
`SLACK_BOT_TOKEN`, `SLACK_APP_TOKEN` and `SLACK_SIGNING_SECRET` in the same way, Discord's from
`DISCORD_TOKEN`, Sentry's address from `SENTRY_DSN`.
"""

from bot.config.loading import load_config
from bot.config.sections import (
    COMMAND_PREFIX,
    ArchiveConfig,
    Config,
    DiscordConfig,
    LimitsConfig,
    LogConfig,
    ModerationConfig,
    PlaygroundConfig,
    PlaygroundMember,
    QuotaConfig,
    RunConfig,
    RunwayConfig,
    SentryConfig,
    SlackConfig,
    StorageConfig,
    TelemetryConfig,
    WebConfig,
    config_file,
)

__all__ = [
    "COMMAND_PREFIX",
    "ArchiveConfig",
    "Config",
    "DiscordConfig",
    "LimitsConfig",
    "LogConfig",
    "ModerationConfig",
    "PlaygroundConfig",
    "PlaygroundMember",
    "QuotaConfig",
    "RunConfig",
    "RunwayConfig",
    "SentryConfig",
    "SlackConfig",
    "StorageConfig",
    "TelemetryConfig",
    "WebConfig",
    "config_file",
    "load_config",
]
