// What lists a device's files, for its check.

/** Prints `path`, `size` and `sha1` of every file as JSON, but for what the device client keeps for itself. */
export const DEVICE_FILES = `import binascii, hashlib, json, os

TOP = "/"
BUFFER = memoryview(bytearray(1024))


def show(directory, comma=" "):
    for name, kind, *_ in os.ilistdir(directory):
        path = directory + name
        if kind == 0x4000:
            if name != "waybill":
                comma = show(path + "/", comma)
            continue
        digest = hashlib.sha1()
        size = 0
        with open(path, "rb") as file:
            count = file.readinto(BUFFER)
            while count:
                digest.update(BUFFER[:count])
                size += count
                count = file.readinto(BUFFER)
        sha1 = binascii.hexlify(digest.digest()).decode()
        print(comma + json.dumps({"path": path[len(TOP):], "size": size, "sha1": sha1}))
        comma = ","
    return comma


print("[")
show(TOP)
print("]")
`;

export const DEVICE_FILES_NAME = "device_files.py";
