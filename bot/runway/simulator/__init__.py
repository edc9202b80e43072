"""A strict stand-in for the Runway API, for the demo and for tests.

It imports nothing else of `bot`: what our client and catalog got wrong, it must not get wrong too.
"""

from bot.runway.simulator.server import RunningSimulator, create_app, serve
from bot.runway.simulator.settings import SimulatorSettings, add_arguments, settings_from

__all__ = [
    "RunningSimulator",
    "SimulatorSettings",
    "add_arguments",
    "create_app",
    "serve",
    "settings_from",
]
