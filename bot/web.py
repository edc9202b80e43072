"""Our web server: one port for everything that is served."""

import errno

from aiohttp import web

from bot.errors import ConfigError

# An open event stream does not hold up the end of the process for longer.
SHUTDOWN_SECONDS = 1.0
# Where whoever watches us asks whether we live, and what we say.
ALIVE = "/healthz"
ANSWER = "Dailies is alive."


class WebServer:
    """Serves an application on one address; `url` is where it can be reached."""

    def __init__(self, app: web.Application, host: str, port: int) -> None:
        self.app = app
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
        self._host = host
        self._port = port
        self.url = ""

    async def start(self) -> None:
        """Bind; a port that is taken is a ConfigError."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        try:
            await site.start()
        except OSError as error:
            await self._runner.cleanup()
            raise ConfigError(self._why(error)) from error
        host = f"[{self._host}]" if ":" in self._host else self._host
        port = self._runner.addresses[0][1]
        self.url = f"http://{host}:{port}"

    async def stop(self) -> None:
        await self._runner.cleanup()

    def _why(self, error: OSError) -> str:
        if error.errno == errno.EADDRINUSE:
            return (
                f"Port {self._port} is taken by another program. Set another one: "
                "DAILIES_WEB__PORT=8081, or 0 for any that is free."
            )
        return f"The web server cannot listen on {self._host}:{self._port}: {error.strerror}."
