#!/usr/bin/env python
import base64
import os
import secrets
import signal
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

# They read files and print: no secret guards anything in them, and none needs to be set for them.
FILES_ONLY = ("assess", "case_schema", "protocols")
OF_A_PRACTICE = (["what-if"], ["adopt"])

if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in FILES_ONLY and sys.argv[2:3] not in OF_A_PRACTICE:
        for name in ("SECRET_KEY", "FIELD_KEYS", "LINK_KEY"):
            os.environ.setdefault(name, base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
        # As other programs that print: end quietly where nobody reads any more, as behind `| head`.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
