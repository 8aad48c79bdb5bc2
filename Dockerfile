# The service `denoise serve`, `kedro run`, and MLflow's server, in one image.
FROM python:3.11-slim-bookworm AS builder
WORKDIR /build
RUN python -m venv /opt/denoising
ENV PATH=/opt/denoising/bin:$PATH
COPY requirements.lock pyproject.toml README.md LICENSE NOTICE ./
COPY src ./src
# The versions of the lock; on Linux these are wheels for processors without a GPU.
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN grep -oE '^[A-Za-z0-9._-]+(\[[^]]*\])?==[^ ;\\]+' requirements.lock \
      | sed -E 's/\[[^]]*\]//' > constraints.txt \
    && pip install --no-cache-dir --constraint constraints.txt '.[tracking-server,cluster]'

FROM python:3.11-slim-bookworm
RUN useradd --uid 10001 --create-home denoise
COPY --from=builder /opt/denoising /opt/denoising
ENV PATH=/opt/denoising/bin:$PATH \
    DO_NOT_TRACK=1 \
    GIT_PYTHON_REFRESH=quiet \
    PYTHONUNBUFFERED=1
WORKDIR /home/denoise/project
COPY --chown=denoise pyproject.toml .telemetry ./
COPY --chown=denoise conf ./conf
COPY --chown=denoise src ./src
RUN mkdir -p data conf/local && chown denoise . data conf/local
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health', timeout=4)"]
CMD ["denoise", "serve", "--host", "0.0.0.0", "--port", "8000"]
