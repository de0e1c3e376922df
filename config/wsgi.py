import logging
import os

from django.core.wsgi import get_wsgi_application

from config.masking import MaskTokens

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
# gunicorn keeps no access log, but names the address of a request that it had to break off.
logging.getLogger("gunicorn.error").addFilter(MaskTokens())
