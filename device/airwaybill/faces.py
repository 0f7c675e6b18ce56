"""The client's own files: those that start the device, and its package."""

FACES = ("boot", "OTA", "airwaybill_boot", "airwaybill_before")
CLIENT = ("flash/airwaybill/", "flash/lib/airwaybill/")
PACKAGE = tuple([path + "__init__." for path in CLIENT])


def is_face(path, copies):
    """Whether the start of the device depends on this file: `confirm()` puts it in place, or it is left alone."""
    parts = (path.upper() if copies else path).split("/")
    if parts[0].lower() != "flash":
        return False
    name = parts[2] if len(parts) > 2 and parts[1] in ("lib", "LIB") else parts[1]
    for ending in ("", ".py", ".mpy"):
        for face in FACES:
            if name == (face.upper() + ending.upper() if copies else face + ending):
                return face != "boot" or (ending != "" and len(parts) == 2)
    return False
