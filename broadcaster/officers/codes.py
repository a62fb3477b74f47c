"""The second factor: six digits that change every thirty seconds (RFC 6238), and the secrets of sessions and tokens.

The shared secret of a person is not stored: it is derived from the instance's key and the person's seed, as RFC 4226,
7.5, allows ("deterministic generation"). So a stolen store gives no codes without the key file beside it.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from base64 import b32encode
from datetime import datetime

from pyotp.totp import TOTP

from broadcaster.ports.store import Account
from broadcaster.ports.world import Entropy
from broadcaster.rules import login

SECRET_BYTES = 20
"""160 bits, as RFC 4226, 4 (R6) recommends."""
SESSION, TOKEN = "bcs_", "bct_"
"""How the secrets of sessions and tokens begin, so that a scanner for secrets knows one when it sees it."""


def shared_secret(key: bytes, name: str, seed: str) -> str:
    """Return a person's secret in base32, as authenticator apps take it."""
    material = f"broadcaster second factor\n{name}\n{seed}".encode()
    return b32encode(hmac.digest(key, material, "sha256")[:SECRET_BYTES]).decode()


def address(secret: str, name: str, issuer: str) -> str:
    """Return the `otpauth://` address that is shown as a QR code."""
    return TOTP(secret, digits=login.CODE_DIGITS, interval=login.STEP_S, name=name, issuer=issuer).provisioning_uri()


def step_of(key: bytes, account: Account, code: str, now: datetime) -> int | None:
    """Return the time step this code is of, or None where it is wrong, too old or taken already.

    Full-width digits are taken too: an input method is easily left on.
    """
    given = "".join(unicodedata.normalize("NFKC", code).split())
    totp = TOTP(shared_secret(key, account.officer.name, account.seed), digits=login.CODE_DIGITS)
    fitting = [step for step in login.steps(now, account.step) if same(totp.generate_otp(step), given)]
    return fitting[0] if fitting else None


def same(one: str, other: str) -> bool:
    """Return whether two secrets are equal, in a time that tells nothing of where they differ."""
    return hmac.compare_digest(one.encode(), other.encode(errors="replace"))


def bearer(kind: str, entropy: Entropy) -> str:
    """Return a new secret of a session or token: 256 bits."""
    return f"{kind}{entropy.token()}{entropy.token()}"


def ticket(entropy: Entropy) -> str:
    """Return a one-time code of enrolment, to be read out and typed: 80 bits in groups of four letters and digits."""
    letters = b32encode(bytes.fromhex(entropy.token())[:10]).decode()
    return "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))


def hashed(secret: str) -> str:
    """Return what the store keeps of a secret that is chance through and through: its SHA-256."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def ticket_hash(given: str) -> str:
    """Return the hash of a ticket however it was typed."""
    return hashed("".join(each for each in unicodedata.normalize("NFKC", given).upper() if each.isalnum()))
