"""What a log line must not hold: the token in the address of a patient's link."""

import logging
import re

TOKEN = re.compile(r"/my/[\w-]{20,}")


class MaskTokens(logging.Filter):
    """Writes /my/*** in place of an address with a token; never drops a line."""

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        if TOKEN.search(said):
            record.msg, record.args = TOKEN.sub("/my/***", said), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = TOKEN.sub("/my/***", record.exc_text)
        return True
