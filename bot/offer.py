"""What the organisation may use now: models, limits, credits; read anew every few minutes."""

from collections.abc import Callable
from http import HTTPStatus

import structlog

from bot.cards.lineup import Lineup
from bot.cards.presenter import Presenter
from bot.catalog import Catalog
from bot.errors import ProviderError, Rejected
from bot.ports import Clock, Organization, Provider

log = structlog.get_logger()

READ_SECONDS = 300.0
# … and as long as nothing is known.
UNKNOWN_SECONDS = 15.0


class Offer:
    """Keeps the catalog, the lineup and the platforms up with `GET /v1/organization`."""

    def __init__(
        self,
        provider: Provider,
        catalog: Catalog,
        lineup: Lineup,
        presenter: Presenter,
        clock: Clock,
    ) -> None:
        self._provider = provider
        self._catalog = catalog
        self._lineup = lineup
        self._presenter = presenter
        self._clock = clock
        self.organization = Organization(balance=0, models={})

    async def keep(self, on_change: Callable[[], None]) -> None:
        """Read it now and then, for ever."""
        while True:
            known = bool(self.organization.models)
            await self._clock.sleep(READ_SECONDS if known else UNKNOWN_SECONDS)
            await self.refresh()
            on_change()

    async def refresh(self) -> None:
        """Read it now; what was known stays when Runway does not answer."""
        try:
            self.organization = await self._provider.organization()
        except Rejected as error:
            if error.status != HTTPStatus.UNAUTHORIZED:
                log.warning("organisation not read", error=error.detail)
                return
            log.error(
                "Runway does not accept the key",
                mend="make one at https://dev.runwayml.com and set RUNWAYML_API_SECRET",
                error=error.detail,
            )
            return
        except ProviderError as error:
            log.warning("organisation not read", error=str(error))
            return
        self._lineup.limits = self.organization.models
        if self._catalog.set_offered(self.organization.models):
            await self._presenter.tell_offer_changed()
