"""What the operator can set, section by section, with what each value may be."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from bot.addresses import (
    SLACK_URL,
    https_or_loopback,
    loopback_only,
    slack_or_loopback,
    web_address,
    zone,
)
from bot.config.limits import without
from bot.credits import MOST_CREDITS, Period
from bot.timing.polling import FLOOR_SECONDS

RUNWAY_URL = "https://api.dev.runwayml.com"
COMMAND_PREFIX = re.compile(r"^[a-z0-9_-]{0,20}$")


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RunwayConfig(_Section):
    """`poll_seconds` may be under Runway's own 5 s only for a stand-in on this machine.

    A task at work for longer than `give_up_minutes`, and for 20 times as long as usual, is given up.
    """

    api_secret: SecretStr | None = None
    base_url: Annotated[str, AfterValidator(https_or_loopback)] = RUNWAY_URL
    poll_seconds: Annotated[float, Field(gt=0, le=60)] = FLOOR_SECONDS
    give_up_minutes: Annotated[float, Field(gt=0, le=7 * 24 * 60)] = 120


class RunConfig(_Section):
    """What this replica does; everything where `only` is empty.

    `worker` carries jobs, `discord` and `slack` listen to people there, `web` serves the playground
    and the links to originals. In the end, what is under way gets `grace_seconds` to come to a safe
    place.
    """

    only: tuple[Literal["worker", "discord", "slack", "web"], ...] = ()
    grace_seconds: Annotated[float, Field(ge=0, le=600)] = 20.0

    def does(self, part: str) -> bool:
        return not self.only or part in self.only


class StorageConfig(_Section):
    """A replica that dies is replaced within `lease_seconds`, where there are several."""

    url: str = "sqlite:///data/dailies.db"
    lease_seconds: Annotated[float, Field(ge=1, le=600)] = 30


class ArchiveConfig(_Section):
    """Files older than `keep_days`, and the oldest beyond `max_gb` together, are removed."""

    url: str = "data/archive"
    keep_days: Annotated[int, Field(ge=1, le=36_500)] | None = None
    max_gb: Annotated[float, Field(gt=0)] | None = None


class WebConfig(_Section):
    """`port` 0 takes any free one; `public_url` is where people reach this server from outside.

    With a `metrics_token`, /metrics asks for it. A queue in which somebody has waited for longer
    than `stalled_minutes` without being taken up is not ready.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    public_url: Annotated[str, AfterValidator(https_or_loopback)] | None = None
    link_days: Annotated[int, Field(ge=1, le=365)] = 7
    metrics: bool = True
    metrics_token: SecretStr | None = None
    stalled_minutes: Annotated[int, Field(ge=1, le=24 * 60)] = 30


class PlaygroundMember(_Section):
    id: str = Field(pattern=r"^[a-z0-9_-]{1,32}$")
    name: str = Field(min_length=1, max_length=40)
    admin: bool = False
    roles: tuple[Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,32}$")], ...] = ()


class PlaygroundConfig(_Section):
    """The local web chat; `upload_mb` is the largest file that it takes, as chats have one."""

    enabled: bool = False
    upload_mb: Annotated[float, Field(gt=0)] = 500
    members: tuple[PlaygroundMember, ...] = (
        PlaygroundMember(id="ada", name="Ada", admin=True),
        PlaygroundMember(id="ben", name="Ben", roles=("design",)),
        PlaygroundMember(id="chloe", name="Chloe", roles=("design", "motion")),
    )


class SlackConfig(_Section):
    """`admins` are members (U…) or user groups (S…) beside Slack's own admins and owners.

    OAuth is on only with `client_id` and `client_secret` in this very section.
    """

    bot_token: SecretStr | None = None
    app_token: SecretStr | None = None
    signing_secret: SecretStr | None = None
    mode: Literal["socket", "http"] = "socket"
    api_base: Annotated[str, AfterValidator(slack_or_loopback)] = SLACK_URL
    command_prefix: str = Field(default="", pattern=COMMAND_PREFIX)
    alert_channel: Annotated[str, Field(pattern=r"^[CG][A-Z0-9]+$")] | None = None
    admins: tuple[Annotated[str, Field(pattern=r"^[UWS][A-Z0-9]+$")], ...] = ()
    guests: bool = True
    client_id: str | None = None
    client_secret: SecretStr | None = None

    @property
    def oauth(self) -> bool:
        return self.client_id is not None and self.client_secret is not None

    @property
    def enabled(self) -> bool:
        return self.bot_token is not None or self.oauth

    def lacks(self) -> str | None:
        """What is missing for it to run like this; None when nothing is."""
        if self.mode == "socket" and self.app_token is None:
            return (
                "Slack's Socket Mode needs an app-level token (xapp-…): set SLACK_APP_TOKEN, or "
                "DAILIES_SLACK__MODE=http to be called over the web."
            )
        if self.mode == "http" and self.signing_secret is None:
            return "Slack over HTTP needs the app's signing secret: set SLACK_SIGNING_SECRET."
        return None


class DiscordConfig(_Section):
    """Runs where there is a token. `api_base` and `gateway` are for a stand-in on this machine.

    `admins` are members or roles beside those who manage the server.
    `upload_limit_mb` (MiB) is what a server without boosts takes: Discord moves it now and then.
    """

    token: SecretStr | None = None
    api_base: Annotated[str, AfterValidator(loopback_only)] | None = None
    gateway: Annotated[str, AfterValidator(loopback_only)] | None = None
    upload_limit_mb: Annotated[int, Field(ge=1, le=500)] = 10
    alert_channel: Annotated[int, Field(gt=0)] | None = None
    admins: tuple[Annotated[int, Field(gt=0)], ...] = ()
    shard_count: Annotated[int, Field(ge=1, le=10_000)] | None = None
    shard_ids: tuple[Annotated[int, Field(ge=0)], ...] = ()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.shard_ids and (self.shard_count is None or max(self.shard_ids) >= self.shard_count):
            raise ValueError("shard_ids needs a shard_count that is larger than each of them")
        if (self.api_base is None) != (self.gateway is None):
            raise ValueError("api_base and gateway go together: set both, or none")
        return self


_Credits = Annotated[int, Field(ge=1, le=MOST_CREDITS)]
_Price = Annotated[int, Field(ge=0, le=MOST_CREDITS)]


class QuotaConfig(_Section):
    """What holds where a workspace has set nothing of its own; `credits` of None is unlimited."""

    credits: Annotated[_Credits | None, *without("unlimited")] = 500
    period: Period = Period.MONTH
    time_zone: Annotated[str, AfterValidator(zone)] = "UTC"
    jobs_in_flight: Annotated[int, Field(ge=1, le=1000)] = 3
    confirm_above: Annotated[_Price | None, *without("never")] = 100
    ask_hours: Annotated[int, Field(ge=1, le=24 * 30)] = 24


class ModerationConfig(_Section):
    """A pause after so many refusals by Runway's moderation within so many hours."""

    strikes: Annotated[int, Field(ge=1, le=1000)] = 3
    window_hours: Annotated[int, Field(ge=1, le=24 * 365)] = 24
    pause_hours: Annotated[int, Field(ge=1, le=24 * 365)] = 24
    words: tuple[Annotated[str, Field(min_length=1, max_length=100)], ...] = ()


class LimitsConfig(_Section):
    """Commands, clicks and reactions of one member: `burst` at once, `per_minute` in the long run."""

    per_minute: Annotated[int, Field(ge=1, le=6000)] = 120
    burst: Annotated[int, Field(ge=1, le=1000)] = 240


class LogConfig(_Section):
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["console", "json"] = "console"


class SentryConfig(_Section):
    """Errors go to Sentry where there is a `dsn`; needs the extra `sentry`."""

    dsn: SecretStr | None = None
    environment: str = "production"


class TelemetryConfig(_Section):
    """Traces go to an OpenTelemetry collector over HTTP; needs the extra `telemetry`."""

    endpoint: Annotated[str, AfterValidator(web_address)] | None = None
    service_name: str = Field(default="dailies", min_length=1)


class Environment(EnvSettingsSource):
    """DAILIES_… variables; one that should be JSON and is none is told like any other slip."""

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        try:
            return super().decode_complex_value(field_name, field, value)
        except ValueError:
            return value


class Config(BaseSettings):
    """Everything, checked before anything connects."""

    model_config = SettingsConfigDict(
        env_prefix="DAILIES_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    runway: RunwayConfig = RunwayConfig()
    storage: StorageConfig = StorageConfig()
    archive: ArchiveConfig = ArchiveConfig()
    web: WebConfig = WebConfig()
    playground: PlaygroundConfig = PlaygroundConfig()
    slack: SlackConfig = SlackConfig()
    discord: DiscordConfig = DiscordConfig()
    quota: QuotaConfig = QuotaConfig()
    moderation: ModerationConfig = ModerationConfig()
    limits: LimitsConfig = LimitsConfig()
    run: RunConfig = RunConfig()
    log: LogConfig = LogConfig()
    sentry: SentryConfig = SentryConfig()
    telemetry: TelemetryConfig = TelemetryConfig()
    models: Mapping[str, Mapping[str, Any]] = {}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        toml = TomlConfigSettingsSource(settings_cls, config_file())
        return init_settings, Environment(settings_cls), toml


def config_file() -> Path:
    """The file that is read, where it is there: DAILIES_CONFIG, else config.toml."""
    return Path(os.environ.get("DAILIES_CONFIG") or "config.toml")
