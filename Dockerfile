# The app with the serving lock: no TensorFlow, no root, only the default run. docs/team.md describes how to run it.
FROM python:3.13 AS compiler
WORKDIR /app
COPY scripts scripts
COPY sentiment sentiment
RUN python scripts/compile.py

FROM python:3.13-slim

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1

WORKDIR /app
COPY requirements-app.txt ./
RUN pip install --no-cache-dir --requirement requirements-app.txt \
    && useradd --uid 1000 --no-create-home --shell /usr/sbin/nologin sentiment \
    && install --directory --owner sentiment --mode 700 jobs

COPY .streamlit .streamlit
COPY artifacts artifacts
COPY scripts scripts
COPY --from=compiler /app/sentiment sentiment
COPY streamlit_app.py ./

USER 1000
EXPOSE 8501
HEALTHCHECK --interval=60s --timeout=20s --start-period=30s --retries=3 \
    CMD ["python", "scripts/ready.py", "--url", "http://127.0.0.1:8501/api/ready"]
CMD ["streamlit", "run", "streamlit_app.py", "--server.address", "0.0.0.0", "--server.headless", "true"]
