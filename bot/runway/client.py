"""The Runway API: each operation's create, tasks, the organisation and uploads.

Reads are tried again after a pause. A create is sent exactly once: the API knows no idempotency
key, so that a second one could be a second bill.
"""

import asyncio
import base64
import os
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Self

import aiohttp
import httpx
import stamina
from httpx_aiohttp import AiohttpTransport

from bot.addresses import is_loopback
from bot.catalog import Catalog
from bot.clock import SystemClock
from bot.errors import (
    NotCreated,
    OutcomeUnknown,
    ProviderUnavailable,
    Rejected,
    TaskGone,
)
from bot.ports import Archive, Clock, Organization, Task
from bot.requests import GenerationRequest, Media
from bot.runway.answers import M, created_id, detail_of, never_connected, parsed
from bot.runway.circuit import Circuit
from bot.runway.pacing import Pacer
from bot.runway.sending import encoded, pieces, seconds_for, send_once
from bot.runway.uploads import Uploads
from bot.runway.wire import (
    VERSION,
    OrganizationBody,
    TaskBody,
    Upload,
    UsageBody,
    create_body,
)
from bot.scratch import scratch

READ_TIMEOUT = httpx.Timeout(30.0, connect=5.0)
# A create may be slow to answer; giving up early would leave a job uncertain.
CREATE_TIMEOUT = httpx.Timeout(120.0, connect=5.0)
UPLOAD_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=120)
READ_ATTEMPTS = 3
# Asks again after a pause. Not for a task: there the floor between two questions is pause enough.
_INSISTING = stamina.AsyncRetryingCaller(
    attempts=READ_ATTEMPTS, wait_initial=0.5, wait_jitter=1.0, wait_max=8.0
).on(ProviderUnavailable)
# A data URI may have 5 MiB when it is encoded, header included (the SDK's documentation; the
# reference still says 16 MB for video).
MOST_DATA_URI_BYTES = 5 * 1024 * 1024
# An upload has at least 512 bytes and at most 200 MB.
LEAST_UPLOAD_BYTES = 512


class RunwayClient:
    """Implements bot.ports.Provider."""

    def __init__(
        self,
        base_url: str,
        secret: str,
        catalog: Catalog,
        archive: Archive,
        floor: float,
        *,
        create_timeout: httpx.Timeout = CREATE_TIMEOUT,
        answered: Callable[[str, int], None] | None = None,
        clock: Clock | None = None,
    ) -> None:
        clock = clock or SystemClock()
        self._base_url = base_url.rstrip("/")
        self._catalog = catalog
        self._archive = archive
        self._pacer = Pacer(floor, clock)
        self._circuit = Circuit(clock)
        self._create_timeout = create_timeout
        self._answered = answered
        self._uploads = Uploads()
        self._headers = {"Authorization": f"Bearer {secret}", "X-Runway-Version": VERSION}

    def __repr__(self) -> str:
        return f"RunwayClient({self._base_url})"

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=64),
            middlewares=(send_once,),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        # A create never goes out on a connection that the other side may just be closing: that
        # would look like a lost answer.
        self._fresh = aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True))
        self._reads = _transport(self._session)
        self._creates = httpx.AsyncClient(
            base_url=self._base_url,
            headers=self._headers,
            timeout=self._create_timeout,
            transport=_transport(self._fresh),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._creates.aclose()
        await self._session.close()
        await self._fresh.close()

    def _note(self, method: str, status: int) -> None:
        if self._answered is not None:
            self._answered(method, status)

    async def prepare(self, request: GenerationRequest) -> Mapping[str, str]:
        """Each input's address: a data URI when it is small, else an upload of its own."""
        medias = {given.media.key: given.media for given in request.inputs}
        return {key: await self._address(media) for key, media in medias.items()}

    async def create(self, request: GenerationRequest, uris: Mapping[str, str]) -> str:
        """Ask for a task, once; returns its id."""
        try:
            spec = self._catalog.spec(request.model, request.operation)
        except KeyError:
            raise Rejected(403, f"{request.model} is not in the catalog any more") from None
        body = await asyncio.to_thread(encoded, create_body(spec, request, uris))
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        if pause := self._circuit.blocked_for():
            raise NotCreated("Runway does not answer at the moment", wait=pause)
        try:
            async with asyncio.timeout(seconds_for(len(body), self._create_timeout.read)):
                response = await self._creates.post(
                    f"/v1/{request.operation}", content=pieces(body), headers=headers
                )
        except Exception as error:
            self._circuit.failed()
            if never_connected(error):
                raise NotCreated("Runway could not be reached") from error
            raise OutcomeUnknown(f"no answer: {type(error).__name__}") from error
        self._note("POST", response.status_code)
        self._judge(response)
        try:
            return created_id(response)
        except Rejected:
            self._uploads.forget(uris.values())  # it may be one of them that was not liked
            raise

    async def task(self, task_id: str) -> Task:
        """A task as it is now; never asked for faster than the floor, pause enough between attempts."""
        for left in reversed(range(READ_ATTEMPTS)):
            await self._pacer.wait(task_id)
            try:
                response = await self._read("GET", f"/v1/tasks/{task_id}")
                if response.status_code == 404:
                    raise TaskGone(task_id)
                return parsed(response, TaskBody).to_task()
            except ProviderUnavailable:
                if not left:
                    raise
        raise AssertionError("the last attempt ends with a value or an error")

    async def delete(self, task_id: str) -> None:
        """Cancel a task, or delete a finished one; one that is gone already is fine."""
        await _INSISTING(self._delete, task_id)
        self._pacer.forget(task_id)

    async def organization(self) -> Organization:
        """What the organisation has left, and what it may do with each model."""
        body = await _INSISTING(self._ask, OrganizationBody, "GET", "/v1/organization")
        return body.to_organization()

    async def usage(self, start: date, before: date) -> Mapping[tuple[date, str], int]:
        """Credits that were charged, by UTC day and model; at most 90 days."""
        asked = {"startDate": start.isoformat(), "beforeDate": before.isoformat()}
        body = await _INSISTING(self._ask, UsageBody, "POST", "/v1/organization/usage", asked)
        return body.by_day_and_model()

    async def upload(self, path: Path, filename: str) -> str:
        """Hand a file over to Runway; returns an address that is good for 24 hours."""
        return await _INSISTING(self._upload, path, filename)

    async def _delete(self, task_id: str) -> None:
        response = await self._read("DELETE", f"/v1/tasks/{task_id}")
        if response.status_code not in (204, 404):
            raise ProviderUnavailable(detail_of(response))

    async def _upload(self, path: Path, filename: str) -> str:
        asked = {"filename": filename, "type": "ephemeral"}
        target = await self._ask(Upload, "POST", "/v1/uploads", asked)
        if not self._may_send_to(target.upload_url):
            raise ProviderUnavailable("Runway named an address for an upload that is not https")
        await self._send_file(target, path, filename)
        return target.runway_uri

    async def _ask(
        self, kind: type[M], method: str, path: str, document: Mapping[str, str] | None = None
    ) -> M:
        return parsed(await self._read(method, path, document), kind)

    async def _address(self, media: Media) -> str:
        if media.is_link:
            return media.key
        header = f"data:{media.content_type};base64,"
        encoded = len(header) + 4 * ((media.size + 2) // 3)
        if encoded > MOST_DATA_URI_BYTES and media.size >= LEAST_UPLOAD_BYTES:
            known = self._uploads.find(media.sha256)
            if known is not None:
                return known
            async with self._file(media) as path:
                uri = await self.upload(path, path.name)
            self._uploads.remember(media.sha256, uri)
            return uri
        content = b"".join([chunk async for chunk in self._archive.open(media.key)])
        return header + base64.b64encode(content).decode()

    @asynccontextmanager
    async def _file(self, media: Media) -> AsyncIterator[Path]:
        async with scratch() as folder:
            path = folder / f"input{Path(media.key).suffix}"
            await self._archive.fetch(media.key, path)
            yield path

    def _may_send_to(self, url: str) -> bool:
        """A member's file goes out in the clear only to a stand-in on this machine."""
        return url.startswith("https://") or (is_loopback(self._base_url) and is_loopback(url))

    async def _send_file(self, target: Upload, path: Path, filename: str) -> None:
        form = aiohttp.FormData(target.fields)
        file = await asyncio.to_thread(path.open, "rb")
        most = seconds_for(os.fstat(file.fileno()).st_size, UPLOAD_TIMEOUT.sock_read)
        with file:
            form.add_field("file", file, filename=filename)
            posting = self._session.post(
                target.upload_url, data=form, timeout=UPLOAD_TIMEOUT, allow_redirects=False
            )
            try:
                async with asyncio.timeout(most), posting as response:
                    if response.status >= 300:
                        raise ProviderUnavailable(f"the upload was answered {response.status}")
            except (aiohttp.ClientError, TimeoutError) as error:
                raise ProviderUnavailable(f"upload: {type(error).__name__}") from error

    async def _read(
        self, method: str, path: str, document: Mapping[str, str] | None = None
    ) -> httpx.Response:
        if self._circuit.blocked_for():
            raise ProviderUnavailable("Runway does not answer at the moment")
        try:
            response = await self._send(method, path, document)
        except (httpx.HTTPError, aiohttp.ClientError, OSError) as error:
            self._circuit.failed()
            inner = error.__cause__  # what `send_once` wrapped
            if isinstance(inner, Exception) and never_connected(inner):
                raise ProviderUnavailable("Runway could not be reached") from error
            raise ProviderUnavailable(f"no answer: {type(error).__name__}") from error
        self._note(method, response.status_code)
        self._judge(response)
        if response.status_code == 429 or response.status_code >= 500:
            raise ProviderUnavailable(detail_of(response))
        return response

    async def _send(
        self, method: str, path: str, document: Mapping[str, str] | None
    ) -> httpx.Response:
        """By the transport itself: httpx's client merges addresses, headers, cookies and hooks, which
        costs more than the rest of a question for a task together."""
        timeout = {"timeout": READ_TIMEOUT.as_dict()}
        request = httpx.Request(
            method, self._base_url + path, headers=self._headers, json=document, extensions=timeout
        )
        response = await self._reads.handle_async_request(request)
        try:
            await response.aread()
        finally:
            await response.aclose()
        return response

    def _judge(self, response: httpx.Response) -> None:
        """An answer that says no is an answer; only a server that is unwell counts."""
        if response.status_code >= 500:
            self._circuit.failed()
        else:
            self._circuit.succeeded()


def _transport(session: aiohttp.ClientSession) -> AiohttpTransport:
    # TLS is the session's; reading all certificates for the transport too would be for nothing,
    # and a context without any trusts nobody.
    return AiohttpTransport(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), client=session)
