"""No log line holds the token of a link."""

import io
import logging

import pytest

from config.masking import MaskTokens

TOKEN = "hGxkQ2v3YpXb7dE1mA-9_sT0uVwZ4rN6cJ8fLqKiOy5"


@pytest.fixture
def said() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def log(said: io.StringIO) -> logging.Logger:
    logger = logging.Logger("masked")
    handler = logging.StreamHandler(said)
    handler.addFilter(MaskTokens())
    logger.addHandler(handler)
    return logger


def test_token_in_a_message_its_arguments_or_a_trace_is_masked(log: logging.Logger, said: io.StringIO) -> None:
    log.warning(f"Not Found: /my/{TOKEN}/")
    log.warning("%s: %s", "Method Not Allowed", f"/my/{TOKEN}/")
    try:
        raise ValueError(f"http://127.0.0.1/my/{TOKEN}/ broke")
    except ValueError:
        log.exception("Error handling request")
    assert (TOKEN in said.getvalue(), said.getvalue().count("/my/***")) == (False, 3)


def test_other_lines_stay_as_they_are(log: logging.Logger, said: io.StringIO) -> None:
    log.warning("Not Found: %s, %s%%", "/my/questions/72a5/", 50)
    assert said.getvalue() == "Not Found: /my/questions/72a5/, 50%\n"
