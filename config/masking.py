"""What a log line must not hold: the token in the address of a patient's link, and what PostgreSQL quotes of a row."""

import logging
import re

TOKEN = re.compile(r"/my/[\w-]{20,}")
# "Failing row contains (...)": every value of it, up to the next part of the error or of the traceback.
DETAIL = re.compile(
    r"^DETAIL:.*?(?=^(?:HINT|CONTEXT|Traceback|The above|During handling)|\Z)", re.DOTALL | re.MULTILINE
)


def masked(text: str) -> str:
    return DETAIL.sub("DETAIL: ***\n", TOKEN.sub("/my/***", text))


class MaskTokens(logging.Filter):
    """Writes *** in place of tokens and of quoted rows; never drops a line."""

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        if masked(said) != said:
            record.msg, record.args = masked(said), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = masked(record.exc_text)
        return True
