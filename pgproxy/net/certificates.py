"""What TLS is made of: certificates and keys from files, as contexts of either side.

TLS 1.2 at least, as the server has it (manual 20.3.3).  Raises ConfigError with the key of the
configuration that names the file, never with what is in it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
import ssl
import stat

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pgproxy.config.proxy import ListenTls
from pgproxy.errors import ConfigError, Finding
from pgproxy.net.tls import ALPN, end_point

VERIFYING = ("verify-ca", "verify-full")


@dataclass(frozen=True, slots=True)
class ServerTls:
    """How the server is to be spoken to: libpq's sslmode (from ``require`` on) and its files."""

    mode: str
    root: str = ""  # a file, or "system"
    certificate: str = ""
    key: str = ""

    def context(self) -> ssl.SSLContext:
        """The client's side of the server's leg.  Raises ConfigError."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols([ALPN])
        context.check_hostname = self.mode == "verify-full"
        # As in libpq, ``require`` with a root certificate checks the chain.
        context.verify_mode = ssl.CERT_REQUIRED if self.root else ssl.CERT_NONE
        with _told("upstream.url", "sslrootcert"):
            if self.root == "system":
                context.load_default_certs(ssl.Purpose.SERVER_AUTH)
            elif self.root:
                context.load_verify_locations(self.root)
        if self.certificate:
            with _told("upstream.url", "sslcert, sslkey"):
                context.load_cert_chain(self.certificate, self.key or None, _no_password)
        return context


@dataclass(frozen=True, slots=True)
class ListenSide:
    """What clients are spoken to with; ``binding`` is that of the certificate."""

    context: ssl.SSLContext
    binding: bytes


def listen_side(tls: ListenTls) -> ListenSide:
    """The server's side of the clients' legs.  Raises ConfigError."""
    context = _listen_context(tls)
    with _told("listen.tls.cert"):
        # The first of the file: behind it come those that vouch for it.
        certificate = x509.load_pem_x509_certificate(tls.cert.read_bytes())
        return ListenSide(context, end_point(certificate.public_bytes(Encoding.DER)))


def _listen_context(tls: ListenTls) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE | ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols([ALPN])
    with _told("listen.tls.key"):
        _check_private(tls.key)
    with _told("listen.tls.cert, listen.tls.key"):
        context.load_cert_chain(tls.cert, tls.key, _no_password)
    if tls.client_ca is not None:
        with _told("listen.tls.client_ca"):
            context.load_verify_locations(tls.client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _check_private(key: Path) -> None:
    """As the server does: nobody but its owner may read it, or root for its group."""
    found = key.stat()
    allowed = 0o040 if found.st_uid == 0 else 0
    if stat.S_IMODE(found.st_mode) & 0o077 & ~allowed:
        raise PermissionError("others can read it; chmod 600")


def _no_password() -> str:
    raise ValueError("the key has a password; expected a key without one")


@contextmanager
def _told(place: str, what: str = "") -> Iterator[None]:
    """What goes wrong with a file, as a finding."""
    try:
        yield
    except FileNotFoundError:
        raise _finding(place, what, "there is no such file") from None
    except PermissionError as error:
        told = str(error.args[0]) if error.errno is None else "the file cannot be read"
        raise _finding(place, what, told) from None
    except ssl.SSLError as error:
        told = {
            "KEY_VALUES_MISMATCH": "the key does not belong to the certificate",
        }.get(error.reason or "", "the file cannot be used")
        raise _finding(place, what, told) from None
    except (OSError, ValueError) as error:
        told = str(error) if isinstance(error, ValueError) else "the file cannot be read"
        raise _finding(place, what, told) from None


def _finding(place: str, what: str, message: str) -> ConfigError:
    return ConfigError((Finding(place, 0, f"{what}: {message}" if what else message),))
