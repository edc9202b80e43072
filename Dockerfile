# syntax=docker/dockerfile:1
# Built in one stage, run in another: no compiler, no pip cache and no tests in what runs.
ARG PYTHON=3.12-slim-bookworm

FROM python:${PYTHON} AS build
ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
RUN python -m venv /opt/dailies
# The lock first: as long as it stays the same, so does this layer.
COPY requirements.lock ./
RUN /opt/dailies/bin/python -m pip install --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY adapters adapters
COPY storage storage
RUN /opt/dailies/bin/python -m pip install --no-build-isolation --no-deps . \
    && /opt/dailies/bin/python -m compileall -q /opt/dailies/lib

FROM python:${PYTHON}
# Nobody in particular, and not root. A new volume takes over the owner of the folder.
RUN groupadd --gid 10001 dailies \
    && useradd --uid 10001 --gid dailies --no-create-home --shell /usr/sbin/nologin dailies \
    && install --directory --owner=dailies --group=dailies --mode=0700 /var/lib/dailies
COPY --from=build /opt/dailies /opt/dailies
ENV PATH=/opt/dailies/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DAILIES_STORAGE__URL=sqlite:////var/lib/dailies/dailies.db \
    DAILIES_ARCHIVE__URL=/var/lib/dailies/archive \
    DAILIES_WEB__HOST=0.0.0.0 \
    DAILIES_WEB__PORT=8080 \
    DAILIES_LOG__FORMAT=json
USER 10001:10001
# A config.toml that is mounted here is read. Everything else may be read-only, but for /tmp.
WORKDIR /var/lib/dailies
VOLUME /var/lib/dailies
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['DAILIES_WEB__PORT'] + '/healthz', timeout=4)"]
ENTRYPOINT ["dailies"]
CMD ["run"]
