# The server with the release preview. `docker compose up` builds and starts it.

FROM rust:1-slim-trixie AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends make python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN make preview \
    && .venv/bin/pip wheel --no-deps --wheel-dir /wheels ./python

FROM python:3.13-slim-trixie
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    pip install --no-cache-dir /wheels/*.whl
COPY examples/releases /releases
# Nobody: the server only reads, and makes no patches.
USER 65534:65534
ENV AIRWAYBILL_DELTA=no
EXPOSE 8000
HEALTHCHECK --start-period=30s --start-interval=1s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz')"]
ENTRYPOINT ["airwaybill"]
CMD ["serve", "/releases"]
