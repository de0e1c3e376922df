FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DATA_DIR=/data
RUN useradd --system --uid 10001 --home-dir /srv/cleared cleared && install -d -o cleared /data /data/record
WORKDIR /srv/cleared

COPY requirements.txt .
RUN pip install --no-cache-dir --require-hashes -r requirements.txt
COPY . .

# One layer: the demo's throw-away secrets, made only to load the settings, never reach the image.
RUN DEMO=1 DATA_DIR=/tmp/build python manage.py collectstatic --noinput --verbosity 0 \
    && mv /tmp/build/static /data/static && rm -rf /tmp/build

USER cleared
EXPOSE 8000
CMD ["gunicorn", "config.wsgi:application", "--bind", "0.0.0.0:8000", "--workers", "4", \
     "--worker-tmp-dir", "/dev/shm", "--no-control-socket"]
