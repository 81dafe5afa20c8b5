# The proxy alone, without the demo.  Give it its files and its ports:
#
#   docker build -t pgproxy .
#   docker run -v "$PWD/conf:/etc/pgproxy:ro" -v pgproxy-vault:/var/lib/pgproxy -p 6432:6432 pgproxy
#
# In a container, listen.host has to be 0.0.0.0, and vault.url lies below /var/lib/pgproxy.

ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
# The slow build has no place in an image: a kernel that does not compile or load fails it.
ENV PGPROXY_REQUIRE_COMPILED=1 PGPROXY_IMPL=compiled
RUN python -m venv /opt/pgproxy \
    && /opt/pgproxy/bin/pip install --no-cache-dir . \
    && cd / && /opt/pgproxy/bin/python -c "import pgproxy.wire.kernel"

FROM python:${PYTHON}-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/pgproxy --create-home pgproxy
COPY --from=build /opt/pgproxy /opt/pgproxy
ENV PATH=/opt/pgproxy/bin:$PATH PGPROXY_IMPL=compiled PYTHONUNBUFFERED=1
USER 10001
WORKDIR /var/lib/pgproxy
VOLUME /var/lib/pgproxy
EXPOSE 6432
# admin's default address, from inside the container
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD \
    ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:9187/healthz', timeout=2)"]
ENTRYPOINT ["pgproxy"]
CMD ["serve", "-c", "/etc/pgproxy/pgproxy.yaml"]
