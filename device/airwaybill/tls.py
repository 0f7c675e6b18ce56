"""TLS for http.py: the server has to show a certificate that the ones in `tls=` vouch for. Loaded only when asked for.

`tls=` is a CA's certificate or one that signs itself, as a path or as its content; PEM, with several one after the
other, or DER. Needs SSLContext, which MicroPython has from 1.22 on: what was before verifies nothing on most boards.
"""

from airwaybill_boot import binascii, time
from OTA import OTAError

BEGIN = b"-----BEGIN CERTIFICATE-----"
END = b"-----END CERTIFICATE-----"
EOF = -0x7280  # Mbed TLS's number for a connection that ended without a word
ENOMEM = 12
ADVICE = (
    (
        "trusted CA",
        "tls= has to be the certificate of the CA that signed it, or itself where it signs itself; one signed by a CA"
        " cannot be the anchor",
    ),
    ("future", "by this board's clock it is TODAY: set the clock, as ntptime.settime() does"),
    ("expired", "by this board's clock it is TODAY: set the clock, or renew the certificate"),
    ("expected CN", "it is for another host name"),
)
OTHERWISE = "no TLS at this port, or none that this firmware has: most have TLS 1.2 alone"


def context(anchors):
    """What connections are made in. A certificate that cannot be read is an error here."""
    try:
        import tls
    except ImportError:
        try:
            import ssl as tls
        except ImportError:
            tls = None
    if not hasattr(tls, "SSLContext"):
        raise OTAError("tls", "this firmware has no ssl.SSLContext; it needs MicroPython 1.22 or newer")
    made = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    try:
        made.verify_mode = tls.CERT_REQUIRED
        load = made.load_verify_locations
    except AttributeError:  # axTLS, on ESP8266
        raise OTAError("tls", "this firmware's TLS cannot verify certificates")
    for certificate in certificates(anchors):
        try:
            load(certificate)
        except (OSError, ValueError) as error:
            raise OTAError("tls", "tls= is not a certificate that this firmware reads: %s" % error)
    return made


def certificates(anchors):
    """Each certificate, as DER: not every port reads PEM, and DER goes in one at a time."""
    if isinstance(anchors, str) and not anchors.startswith("-----"):
        try:
            with open(anchors, "rb") as file:
                data = file.read()
        except OSError as error:
            raise OTAError("tls", "tls=%s: %s" % (anchors, error))
    else:
        data = anchors.encode() if isinstance(anchors, str) else bytes(anchors)
    start = data.find(BEGIN)
    if start < 0:
        yield data
    while start >= 0:
        end = data.find(END, start)
        if end < 0:
            raise OTAError("tls", "tls= ends inside a certificate")
        yield binascii.a2b_base64(data[start + len(BEGIN) : end])
        start = data.find(BEGIN, end)


def wrap(made, socket, host, origin):
    """The socket's stream. Hands are shaken in its first write, which does not block."""
    try:
        return made.wrap_socket(socket, server_hostname=host, do_handshake_on_connect=False)
    except (OSError, ValueError) as error:
        explain(error, origin)
        raise


def explain(error, origin):
    """Raises OTAError for what is wrong with the certificate or the other side's TLS. A bad link is none of it."""
    code = error.args[0]
    if code == ENOMEM:
        raise OTAError("memory", "too little heap for TLS")
    if code == EOF:
        raise OTAError("truncated", "%s closed the TLS handshake" % origin)
    if isinstance(code, int) and code > -256:
        return
    text = str(error.args[-1]).strip().replace("\n", "; ")
    said = [advice for part, advice in ADVICE if part in text] or [OTHERWISE]
    today = "%d-%02d-%02d" % time.gmtime()[:3]
    raise OTAError("tls", "%s: %s (%s)" % (origin, text, "; ".join(said).replace("TODAY", today)))
