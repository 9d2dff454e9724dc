"""An HTTPS endpoint on this machine, for what calls one."""

from __future__ import annotations

import base64
import json
import os
import ssl
import threading
import urllib.request
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding


class Endpoint:
    """An HTTPS endpoint on this machine, which answers as it is told and remembers what it was asked."""

    def __init__(self, folder: Path) -> None:
        self.status, self.asked = 200, list[tuple[str, str, dict[str, str], str]]()
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
                endpoint.asked.append((self.command, self.path, dict(self.headers), body))
                self.send_response(endpoint.status)
                self.end_headers()
                self.wfile.write(b'{"pong": true}')

            do_GET = do_POST

            def log_message(self, *_: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate(folder))
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def confirm(self) -> list[dict[str, Any]]:
        """Confirm what SNS asked for, as it asked: the signed messages that did."""
        asked = [message for message in self.messages() if message["Type"] == "SubscriptionConfirmation"]
        for each in asked:
            boto3.client("sns").confirm_subscription(TopicArn=each["TopicArn"], Token=each["Token"])
        return asked

    def messages(self) -> list[dict[str, Any]]:
        """What SNS posted. Raises InvalidSignature where it is not SNS's."""
        return [signed(text) for _, _, _, text in list(self.asked)]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        *("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    ),
}


def signed(text: str) -> dict[str, Any]:
    """The message. Raises InvalidSignature where SNS has not signed it.

    https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
    On AWS the certificate has an https address of amazonaws.com. Here it is the local cloud's, whose name no
    name server knows.
    """
    message: dict[str, Any] = json.loads(text)
    certificate = f"{os.environ['AWS_ENDPOINT_URL']}{urlsplit(message['SigningCertURL']).path}"
    with urllib.request.urlopen(certificate) as answer:
        key = x509.load_pem_x509_certificate(answer.read()).public_key()
    names = [name for name in SIGNED[message["Type"]] if name in message]
    signed = "".join(f"{name}\n{message[name]}\n" for name in names)
    algorithm = hashes.SHA256() if message["SignatureVersion"] == "2" else hashes.SHA1()
    key.verify(base64.b64decode(message["Signature"]), signed.encode(), padding.PKCS1v15(), algorithm)  # type: ignore[union-attr,call-arg,arg-type]
    return message


def certificate(folder: Path) -> Path:
    """A file with a key and a certificate that it has signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    text = key.private_bytes(serialization.Encoding.PEM, form, plain)
    path = folder / "certificate.pem"
    path.write_bytes(text + signed.public_bytes(serialization.Encoding.PEM))
    return path
