"""Do PostgreSQL and Redis answer? Exit code 0 yes, 3 no, 1 no although CI=true demands them."""

import os
import sys

import psycopg
import redis

PATIENCE = 3  # seconds


def postgresql_silence(url: str) -> str | None:
    """Why PostgreSQL cannot be used at `url`, or None when it answers."""
    try:
        psycopg.connect(url, connect_timeout=PATIENCE).close()
    except psycopg.Error as error:
        return f"PostgreSQL does not answer at TEST_DATABASE_URL ({one_line(error)})"
    return None


def redis_silence(url: str) -> str | None:
    """Why Redis cannot be used at `url`, or None when it answers."""
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE) as server:
            server.ping()
    except (redis.RedisError, ValueError) as error:
        return f"Redis does not answer at TEST_REDIS_URL ({one_line(error)})"
    return None


def one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def main() -> int:
    silences = [
        postgresql_silence(os.environ["TEST_DATABASE_URL"]),
        redis_silence(os.environ["TEST_REDIS_URL"]),
    ]
    reasons = [reason for reason in silences if reason]
    if not reasons:
        return 0
    demanded = os.environ.get("CI") == "true"
    verdict = "FAILED" if demanded else "== skipped"
    sys.stdout.write(f"{verdict}: the PostgreSQL and Redis suites. {'; '.join(reasons)}.\n")
    return 1 if demanded else 3


if __name__ == "__main__":
    sys.exit(main())
