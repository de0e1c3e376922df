"""What may not be read at rest: authenticated encryption with named keys, and a keyed hash to look up by.

A value is kept as `k1.<key id>.` and AES-256-GCM's nonce and ciphertext, bound to its table and column: moved to
another column it does not decrypt. Lives here because this app keeps addresses and final bytes; scheduler uses it for
contacts and record numbers.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models

MARK = "k1."
# Of the mark, the eight letters of the key's id, and the dot after them.
PREFIX = len(MARK) + 9
NONCE = 12


class Unreadable(Exception):
    """A value that cannot be decrypted; says where and which key, never what."""


@dataclass(frozen=True, slots=True)
class Key:
    """One of FIELD_KEYS. `id` names it in each value without telling anything of it."""

    id: str
    box: AESGCM

    @property
    def prefix(self) -> str:
        return f"{MARK}{self.id}."


@lru_cache(maxsize=8)
def _keys(texts: tuple[str, ...]) -> tuple[Key, ...]:
    return tuple(_key(place, text) for place, text in enumerate(texts, 1))


def _key(place: int, text: str) -> Key:
    try:
        raw = base64.urlsafe_b64decode(text.strip())
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != 32:
        raise ImproperlyConfigured(f"FIELD_KEYS: key {place} is not 32 random bytes in URL-safe base64.")
    box = AESGCM(hmac.digest(raw, b"cleared encrypted fields", "sha256"))
    return Key(hmac.digest(raw, b"cleared name of a key", "sha256").hex()[:8], box)


def field_keys() -> tuple[Key, ...]:
    """Newest first: the first encrypts, all of them decrypt."""
    return _keys(tuple(settings.FIELD_KEYS))


@lru_cache(maxsize=8)
def _unnamed(texts: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(text.strip()) for text in texts])


def encrypt(data: bytes, place: str) -> bytes:
    """For one column; `place` is its table and name."""
    key, nonce = field_keys()[0], secrets.token_bytes(NONCE)
    return key.prefix.encode() + nonce + key.box.encrypt(nonce, data, place.encode())


def decrypt(sealed: bytes, place: str) -> bytes:
    """Raises Unreadable."""
    if not sealed.startswith(MARK.encode()):
        return _decrypt_unnamed(sealed, place)
    prefix = sealed[:PREFIX].decode("ascii", "replace")
    key = next((key for key in field_keys() if key.prefix == prefix), None)
    if key is None:
        raise Unreadable(f"{place}: encrypted with key {prefix[len(MARK) : -1]}, which FIELD_KEYS does not hold.")
    try:
        return key.box.decrypt(sealed[PREFIX : PREFIX + NONCE], sealed[PREFIX + NONCE :], place.encode())
    except (InvalidTag, ValueError) as error:
        raise Unreadable(f"{place}: not what key {key.id} encrypted for this column.") from error


def _decrypt_unnamed(sealed: bytes, place: str) -> bytes:
    """As values were kept before they named their key; rotate_keys writes them anew."""
    try:
        return _unnamed(tuple(settings.FIELD_KEYS)).decrypt(sealed)
    except InvalidToken as error:
        raise Unreadable(f"{place}: encrypted before keys had names, by a key that FIELD_KEYS lacks.") from error


def key_named(prefix: Sequence[int] | str) -> str:
    """The id in the first letters of a kept value; empty where it names none."""
    text = prefix if isinstance(prefix, str) else bytes(prefix).decode("ascii", "replace")
    return text[len(MARK) : PREFIX - 1] if text.startswith(MARK) else ""


@lru_cache(maxsize=8)
def _hash_key(master: str) -> bytes:
    return hmac.digest(master.encode(), b"cleared keyed hash of contact fields", "sha256")


def keyed_hash(practice_id: object, text: str) -> str:
    """Hex HMAC of the case-folded, stripped text, different in each practice: equality without reading."""
    message = f"{practice_id}\0{text.strip().casefold()}".encode()
    return hmac.new(_hash_key(settings.LINK_KEY), message, hashlib.sha256).hexdigest()


class Encrypted(models.Field):  # type: ignore[type-arg]
    """What both kinds of column share; the table is that of the model, also of a migration's."""

    @property
    def place(self) -> str:
        return f"{self.model._meta.db_table}.{self.column}"

    def seal(self, value: Any) -> Any:
        """What the column holds for a value."""
        return self.get_prep_value(value)

    def unseal(self, sealed: Any) -> Any:
        """The value of what the column holds; raises Unreadable."""
        raise NotImplementedError

    def from_db_value(self, sealed: Any, *_: Any) -> Any:
        return self.unseal(sealed)


class EncryptedTextField(Encrypted, models.TextField):  # type: ignore[type-arg]
    """Text that is encrypted in its column. Cannot be filtered on; keep a keyed hash beside it."""

    def get_prep_value(self, value: Any) -> Any:
        if value is None:
            return None
        sealed = encrypt(str(value).encode(), self.place)
        return sealed[:PREFIX].decode() + base64.urlsafe_b64encode(sealed[PREFIX:]).decode()

    def unseal(self, sealed: str | None) -> str | None:
        if sealed is None:
            return None
        if not sealed.startswith(MARK):
            return decrypt(sealed.encode(), self.place).decode()
        try:
            raw = base64.urlsafe_b64decode(sealed[PREFIX:])
        except (binascii.Error, ValueError) as error:
            raise Unreadable(f"{self.place}: not what a key encrypted for this column.") from error
        return decrypt(sealed[:PREFIX].encode() + raw, self.place).decode()


class EncryptedBytesField(Encrypted, models.BinaryField):  # type: ignore[type-arg]
    """Bytes that are encrypted in their column; empty once wiped."""

    def get_prep_value(self, value: Any) -> Any:
        return value if value in (None, b"") else encrypt(bytes(value), self.place)

    def unseal(self, sealed: Any) -> bytes | None:
        return sealed if sealed is None or bytes(sealed) == b"" else decrypt(bytes(sealed), self.place)
