"""Runs inputs of the vectors through the Python package.

JSON lines in, of an area and an input; JSON lines out, of ``{"ok": value}`` or ``{"code": text}``.
"""

import base64
import json
import sys

import airwaybill
from airwaybill import (
    AirwaybillError,
    Catalog,
    Keys,
    Manifest,
    Notice,
    Peek,
    PublicKey,
    Signature,
    Version,
    Waybill,
    apply_patch,
    check_path,
    make_patch,
    verify_content,
    verify_device,
    verify_signed,
)
from airwaybill._core import check_settings, manifest_key


def version(case):
    left, right = (Version(case[side], case.get("scheme", "loose")) for side in ("left", "right"))
    order = {"less": left < right, "equal": left == right, "greater": left > right}
    [name] = [name for name, holds in order.items() if holds]
    return name


def path(case):
    return check_path(bytes.fromhex(case["hex"]) if isinstance(case, dict) else case)


def catalog_of(case):
    options = case.get("options", {})
    if "unsigned" in options:
        options = {
            **options,
            "unsigned": [Notice(**notice) for notice in options["unsigned"]],
        }
    settled = {**options, "unsettled": [], "failed": [], "unsigned": []}
    earlier = Catalog.from_listing(case["remembered"], **settled) if "remembered" in case else None
    return Catalog.from_listing(case.get("listing", []), **options, earlier=earlier, patches=case.get("patches"))


def catalog(case):
    catalog = catalog_of(case)
    return {
        "releases": [{"version": each.version, "files": records(each.files)} for each in catalog.releases],
        "firmware": [{"version": each.version, **record(each)} for each in catalog.firmware],
        "ignored": notices(catalog.ignored),
        "warnings": notices(catalog.warnings),
    }


def record(file):
    return {"path": file.path, "size": file.size, "sha1": file.sha1}


def records(files):
    return [record(file) for file in files]


def notices(notices):
    return [{"code": notice.code, "path": notice.path} for notice in notices]


def plan(case):
    plan = catalog_of(case).plan(**case.get("request", {}))
    return plan and plan.to_dict()


def manifest(case):
    if "parse" in case:
        document = case["parse"]
        return Manifest.parse(document if isinstance(document, str) else content_of(document)).to_json()
    catalog, request, render = (
        catalog_of(case),
        case.get("request", {}),
        dict(case["render"]),
    )
    base_url = render.pop("base_url")
    text = catalog.manifest_json(base_url, **request, **render).decode()
    plan = catalog.plan(**request)
    in_steps = plan.manifest(base_url, **render).to_json() if plan else "null"
    return text if text == in_steps else [text, in_steps]


def verify(case):
    if "manifest" in case:
        return verify_content(Manifest.parse(case["manifest"]), case["found"]).to_dict()
    return verify_device(catalog_of(case), case["version"], case["found"]).to_dict()


def check(case):
    if "settings" in case:
        return check_settings(case["settings"])
    catalog, request = catalog_of(case), dict(case.get("check", {}))
    signed = {
        "documents": files_of(request.pop("documents", [])),
        "now": request.pop("now", None),
    }
    request |= request.pop("settings", {})
    paths = catalog.peeks(**request)
    contents = case.get("contents", {})
    peeks = [Peek(path, content_of(contents[path])) for path in paths if path in contents]
    findings = catalog.check(peeks, **request, **signed)
    keys = ("level", "path", "code", "message", "advice")
    return {
        "peeks": paths,
        "findings": [{key: getattr(finding, key) for key in keys} for finding in findings],
    }


def report(case):
    return airwaybill.report(**case).split("\n")


def waybill(case):
    [(kind, asked)] = case.items()
    if kind in ("waybill", "keys"):
        document = content_of(asked)
        parsed = {"waybill": Waybill, "keys": Keys}[kind].parse(document)
        return parsed.to_dict() if parsed.render() == document else "rendered otherwise"
    if kind == "signature":
        signature = Signature.parse(content_of(asked))
        return str(signature.key) if signature.render() == content_of(asked) else "rendered otherwise"
    if kind == "ed25519":
        key, message, signature = (bytes.fromhex(asked[name]) for name in ("key", "message", "signature"))
        blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + key
        return PublicKey(f"ssh-ed25519 {base64.b64encode(blob).decode()}").verifies(message, signature)
    if kind == "change":
        request = dict(asked["request"])
        for role in {"root", "release", "remove"} & request.keys():
            request[role] = [PublicKey(line) for line in request[role]]
        if "keys" in asked:
            return Keys.parse(content_of(asked["keys"])).changed(**request).to_dict()
        return Keys.first(asked["product"], **request).to_dict()
    if kind in ("newest", "release", "signed"):
        return directory(kind, asked)
    keys, document = (
        Keys.parse(content_of(asked["keys"])),
        content_of(asked["document"]),
    )
    signatures = files_of(asked["signatures"])
    if kind == "next":
        return keys.next(document, signatures).to_dict()
    return verify_signed(document, signatures, keys, asked["name"], asked.get("now")).to_dict()


def directory(kind, asked):
    documents = files_of(asked["documents"])
    if kind == "newest":
        first = Keys.parse(content_of(asked["first"])) if "first" in asked else None
        return Keys.newest(documents, first).to_dict()
    catalog = catalog_of(asked)
    if kind == "release":
        request = dict(asked["request"])
        named = request.pop("name"), request.pop("product"), asked["listing"], documents
        return catalog.waybill(*named, **request).to_dict()
    keys = Keys.parse(content_of(asked["keys"]))
    return [signed.to_dict() for signed in catalog.signed(keys, asked["listing"], documents, asked.get("now"))]


def delta(case):
    [(kind, asked)] = case.items()
    old = content_of(asked["old"])
    if kind == "apply":
        return apply_patch(old, content_of(asked["patch"])).hex()
    new = content_of(asked["new"])
    patch = make_patch(old, new)
    return patch.hex() if apply_patch(old, patch) == new else "gives another file"


def objects(case):
    if "key" in case:
        key = manifest_key(case["key"])
        return key and dict(zip(("format", "current", "firmware_version"), key))
    asked = dict(case["objects"])
    asked["documents"] = files_of(asked.pop("documents", []))
    catalog, render = catalog_of(case), case.get("render")
    return {
        "objects": [published(catalog, each, render) for each in catalog.objects(**asked)],
        "counts": catalog.object_counts(**asked),
    }


def published(catalog, found, render):
    text = render and catalog.object_json(found.key, **render)
    more = (text.decode(),) if text else (found.size, found.sha1) if found.sha1 else ()
    return [found.key, found.kind, found.content_type, found.cache, *more]


def files_of(files):
    return {file["name"]: content_of(file["content"]) for file in files}


def content_of(content):
    if isinstance(content, str):
        return content.encode()
    return b"".join(bytes.fromhex(digits) * count for digits, count in content)


AREAS = {
    run.__name__: run
    for run in (
        version,
        path,
        catalog,
        plan,
        manifest,
        verify,
        check,
        waybill,
        delta,
        objects,
        report,
    )
}

for line in sys.stdin.buffer:
    case = json.loads(line)
    try:
        answer = {"ok": AREAS[case["area"]](case["input"])}
    except AirwaybillError as error:
        answer = {"code": error.code}
    except TypeError as error:
        # Python's own words for a field that there is not.
        if "unexpected keyword argument" not in str(error):
            raise
        answer = {"code": "field_type"}
    sys.stdout.buffer.write(json.dumps(answer, ensure_ascii=False).encode() + b"\n")
