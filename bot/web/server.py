"""Our web server: one port for everything that is served."""

import errno
import socket

from aiohttp import web

from bot.errors import ConfigError, PortTaken

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
            raise self._refusal(error) from error
        host = f"[{self._host}]" if ":" in self._host else self._host
        port = self._runner.addresses[0][1]
        self.url = f"http://{host}:{port}"

    async def stop(self) -> None:
        await self._runner.cleanup()

    def _refusal(self, error: OSError) -> ConfigError:
        if error.errno == errno.EADDRINUSE:
            return PortTaken(self._port)
        if error.errno == errno.EACCES:
            return ConfigError(
                f"web.port: this user may not listen on port {self._port}. Take one from 1024 on, "
                "and let a proxy listen on the other."
            )
        if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
            return ConfigError(
                f"web.host: {self._host} is no address of this machine. 127.0.0.1 is for this "
                "machine only, 0.0.0.0 for all of its networks."
            )
        where = f"{self._host}:{self._port}"
        return ConfigError(f"The web server cannot listen on {where}: {error.strerror}.")
