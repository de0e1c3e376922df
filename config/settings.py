"""The one settings file. Every choice a deployment makes is an environment variable, listed in the README."""

import base64
import os
import secrets
from pathlib import Path

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.environ.get("DATA_DIR", BASE_DIR / "var"))
DEMO = os.environ.get("DEMO", "0") == "1"
HTTPS = os.environ.get("HTTPS", "0" if DEMO else "1") == "1"
DEBUG = False


def secret(name: str, generate: str) -> str:
    """The secret from the environment; the demo makes its own once and keeps it in DATA_DIR."""
    if value := os.environ.get(name):
        return value
    if not DEMO:
        raise ImproperlyConfigured(f"{name} is not set. Set it (README, Settings), or DEMO=1 for the demonstration.")
    kept = DATA_DIR / "secrets" / name.lower()
    if not kept.exists():
        kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept.write_text(generate)
        kept.chmod(0o600)
    return kept.read_text()


SECRET_KEY = secret("SECRET_KEY", secrets.token_urlsafe(48))
# Newest first: the first key encrypts, all of them decrypt.
FIELD_KEYS = secret("FIELD_KEYS", base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()).split(",")
LINK_KEY = secret("LINK_KEY", secrets.token_urlsafe(32))

ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "127.0.0.1,localhost,testserver" if DEMO else "").split(",")
BASE_URL = os.environ.get("BASE_URL", f"http://127.0.0.1:{os.environ.get('PORT', '8000')}")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "checklists",
    "notifications",
    # Last: its post_migrate reinstalls the triggers of all three apps.
    "scheduler",
]
MIDDLEWARE = [
    "scheduler.pages.my.headers.kept_nowhere",  # first: its headers are on what the others answer, too
    "scheduler.peer.RememberPeer",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "scheduler.pages.way_back.to_its_page",
]
ROOT_URLCONF = "config.urls"
CSRF_FAILURE_VIEW = "scheduler.pages.problems.forged"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]
APPEND_SLASH = False

DATABASES = {
    "default": dj_database_url.parse(
        os.environ.get("DATABASE_URL", f"sqlite:///{DATA_DIR / 'cleared.sqlite3'}"),
        conn_max_age=600,
        conn_health_checks=True,
    )
}
# The role that the application connects as on PostgreSQL; migrations run as another one, which owns the tables.
DATABASE_APP_ROLE = os.environ.get("DATABASE_APP_ROLE", "cleared_app")
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATA_DIR.mkdir(parents=True, exist_ok=True)
    # IMMEDIATE: a transaction that reads before it writes must hold the write lock from the start.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # Prepared, each with the triggers that it fires: a day's pages and forms send more than Python's usual 128.
        "cached_statements": 1000,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
        # Without it INSERT OR REPLACE deletes rows behind the back of their DELETE triggers.
        "PRAGMA recursive_triggers=ON; "
        # What is erased is overwritten in the file, not only left out.
        "PRAGMA secure_delete=ON",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "scheduler.User"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
LANGUAGES = [("en", "English"), ("es", "Español")]  # of patients, caregivers and escorts; staff pages are English
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"

SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
# Not no-referrer: browsers would send "Origin: null" with our own forms and the CSRF check would refuse them.
SECURE_REFERRER_POLICY = "same-origin"
BEHIND_PROXY = os.environ.get("BEHIND_PROXY") == "1"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
X_FRAME_OPTIONS = "DENY"
# No inline script or style, nothing from anywhere else; Pico's own icons are data: images.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["scheduler.api.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["scheduler.api.permissions.RoleTable"],
    "DEFAULT_PARSER_CLASSES": ["scheduler.api.json.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["scheduler.api.json.ORJSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "scheduler.api.problems.problem_response",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Cleared",
    "DESCRIPTION": "Readiness, booking and calendar for spine-procedure cases.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["scheduler.api.permissions.RoleTable"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENFORCE_NON_BLANK_FIELDS": True,
}

# The mail server. The sender is a real mailbox that takes replies: it is the ORGANIZER of every invite.
SMTP_HOST = os.environ.get("SMTP_HOST", "127.0.0.1")
SMTP_PORT = int(os.environ.get("SMTP_PORT", "8025"))
SMTP_USER = os.environ.get("SMTP_USER", "")
SMTP_PASSWORD = os.environ.get("SMTP_PASSWORD", "")
SMTP_STARTTLS = os.environ.get("SMTP_STARTTLS", "0") == "1"
MAILBOX_DIR = Path(os.environ.get("MAILBOX_DIR", DATA_DIR / "mailbox"))

# Where the ends of the record's chains are noted outside of the database; of all hosts that run a worker the same.
RECORD_CHECKPOINTS = Path(os.environ.get("RECORD_CHECKPOINTS", DATA_DIR / "record"))

# Seconds added to the clock, for demonstrations and tests only; scheduler/clock.py refuses it elsewhere.
CLOCK_OFFSET = float(os.environ.get("CLOCK_OFFSET", "0"))

# Celery: the broker is a doorbell, the database is the truth (see notifications/services).
CELERY_BROKER_URL = os.environ.get("BROKER_URL", "filesystem://localhost")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 60  # < lease 120 < visibility time-out 600
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_ENABLE_UTC = True
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30.0
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_PUBLISH_RETRY = False
if CELERY_BROKER_URL.startswith("filesystem"):
    BROKER_DIR = DATA_DIR / "broker"
    for folder in ("queue", "control"):
        (BROKER_DIR / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(BROKER_DIR / "queue"),
        "data_folder_out": str(BROKER_DIR / "queue"),
        "control_folder": str(BROKER_DIR / "control"),
        "polling_interval": 0.3,
    }
elif CELERY_BROKER_URL.startswith("redis"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 600,
        "unacked_restore_throttle": 1,
        "socket_timeout": 2,
        "socket_connect_timeout": 2,
        "max_retries": 1,
    }

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "filters": {"tokens": {"()": "config.masking.MaskTokens"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["tokens"]}},
    "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL", "INFO")},
}
