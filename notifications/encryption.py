"""What may not be read at rest: authenticated encryption with rotating keys, and a keyed hash to look up by.

Lives here because this app keeps addresses and final bytes; scheduler uses it for contacts and record numbers.
"""

import hashlib
import hmac
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import models


@lru_cache(maxsize=8)
def _box(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def _current() -> MultiFernet:
    return _box(tuple(settings.FIELD_KEYS))


def encrypt(data: bytes) -> bytes:
    return _current().encrypt(data)


def decrypt(token: bytes) -> bytes:
    return _current().decrypt(token)


@lru_cache(maxsize=8)
def _hash_key(master: str) -> bytes:
    return hmac.digest(master.encode(), b"cleared keyed hash of contact fields", "sha256")


def keyed_hash(practice_id: object, text: str) -> str:
    """Hex HMAC of the case-folded, stripped text, different in each practice: equality without reading."""
    message = f"{practice_id}\0{text.strip().casefold()}".encode()
    return hmac.new(_hash_key(settings.LINK_KEY), message, hashlib.sha256).hexdigest()


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Text that is encrypted in its column. Cannot be filtered on; keep a keyed hash beside it."""

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else encrypt(str(value).encode()).decode()

    def from_db_value(self, value: str | None, *_: Any) -> str | None:
        return None if value is None else decrypt(value.encode()).decode()


class EncryptedBytesField(models.BinaryField):  # type: ignore[type-arg]
    """Bytes that are encrypted in their column; empty once wiped."""

    def get_prep_value(self, value: Any) -> Any:
        return value if value in (None, b"") else encrypt(bytes(value))

    def from_db_value(self, value: Any, *_: Any) -> bytes | None:
        return value if value is None or bytes(value) == b"" else decrypt(bytes(value))
