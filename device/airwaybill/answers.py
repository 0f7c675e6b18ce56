"""What a server may say instead of what was asked for: redirects, refusals, pages. Loaded only when it does."""

from airwaybill.http import refuse
from OTA import OTAError


def check_coding(coding, url):
    if coding.lower() != "identity":
        raise OTAError("http_refused", "%s is sent with %s: serve it plain" % (url, coding))


def check_page(start, url):
    """Of a body that is said to be HTML, and was not asked for as such. Some servers say so of any text."""
    if start.strip()[:1] == b"<" and ".htm" not in url.split("?")[0][-5:]:
        raise OTAError("http_refused", "%s answered with a web page: is a login needed?" % url)


def target(url, status, location, redirects):
    """(host, port, request) of a response of `status` to `url`. An error where the client cannot go there."""
    if status not in (301, 302, 303, 307, 308):
        refuse(status, url)
    scheme = url[: url.find("://")]
    location = location.split("#")[0]
    if location.startswith("//"):
        location = "%s:%s" % (scheme, location)
    elif "://" not in location.split("?")[0]:
        location = join(url, location)
    name = "%d to %s" % (status, location)
    if redirects < 1:
        raise OTAError("http_refused", name + ": too many redirects")
    start = location.find("://") + 3
    if location[: start - 3].lower() != scheme:
        wanted = "tls= is not set" if scheme == "http" else "only https:// is as safe"
        raise OTAError("http_refused", "%s: %s" % (name, wanted))
    slash = location.find("/", start)
    mark = location.find("?", start)
    if slash < 0 or 0 <= mark < slash:  # http://host?query
        slash = mark if mark >= 0 else len(location)
        location = location[:slash] + "/" + location[slash:]
    host = location[start:slash]
    port = "443" if scheme == "https" else "80"
    colon = host.rfind(":")
    if colon > host.rfind("]"):
        host, port = host[:colon], host[colon + 1 :] or port
    if host[:1] == "[" and host[-1:] == "]":
        host = host[1:-1]
    if not host or "@" in host or len(location.split()) > 1 or not port.isdigit() or not 0 < int(port) < 65536:
        raise OTAError("http_refused", name + ": not a usable URL")
    return host, int(port), location[slash + 1 :]


def join(url, location):
    """A relative reference, resolved."""
    top = url.find("/", url.find("://") + 3)
    if location[:1] == "/":
        return url[:top] + location
    path = url[top:].split("?")[0]
    if location[:1] in ("", "?"):
        return url[:top] + path + location
    mark = location.find("?")
    query = location[mark:] if mark >= 0 else ""
    parts = path.split("/")[:-1]
    for part in location[: len(location) - len(query)].split("/"):
        if part == "..":
            del parts[max(1, len(parts) - 1) :]
        elif part != ".":
            parts.append(part)
    return url[:top] + "/".join(parts) + query
