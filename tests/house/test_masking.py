"""No log line holds the token of a link, or the values of a row that PostgreSQL refused."""

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


def test_row_that_postgresql_quotes_is_masked_and_the_rest_stays(log: logging.Logger, said: io.StringIO) -> None:
    """AUD-06: DETAIL says every value of a row that a check refused."""
    quoted = 'new row violates check constraint "c"\nDETAIL:  Failing row contains (7, Quokkavale,\nof two lines).\n'
    try:
        try:
            raise ValueError(quoted)
        except ValueError as error:
            raise RuntimeError(quoted) from error
    except RuntimeError as error:
        log.exception("refused: %s", error)
    text = said.getvalue()
    assert ("Quokkavale" in text, "two lines" in text, text.count("DETAIL: ***")) == (False, False, 3)
    assert ("RuntimeError" in text, text.count('violates check constraint "c"')) == (True, 3)
