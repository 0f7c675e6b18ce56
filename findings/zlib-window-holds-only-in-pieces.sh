#!/usr/bin/env bash
# zlib (1.2.13, by Python): a stream whose header names a window of 1 KB, and which copies from farther back, is read without an error if it
# is read as a whole. In small pieces it is refused.
#
# inflate compares a distance with what it has: the window, and all that this call has written so far. So a test that decompresses a
# stream in one call, with wbits=10, says nothing of whether a decoder with 1 KB of memory can read it: that has to be done with little
# room for the output in each call. zlib-rs 0.6.8 does the same.
#
# It matters to whoever makes streams for small devices: some compressors take the number of bits, write it into the header, and go on to
# copy from up to 32 KB back.
set -euo pipefail
python3 - <<'PYTHON'
import random
import zlib

content = random.Random(1).randbytes(3000) * 2
compressor = zlib.compressobj(9, zlib.DEFLATED, 15)
stream = bytearray(compressor.compress(content) + compressor.flush())
assert len(stream) < 3100, "expected copies from 3,000 bytes back"
# CINFO 2: a window of 2^10; the rest of the header makes it a multiple of 31.
stream[0] = 0x28
stream[1] = stream[1] & 0xE0
stream[1] += -(stream[0] << 8 | stream[1]) % 31

assert zlib.decompressobj(wbits=10).decompress(bytes(stream)) == content
print("as a whole: read")

decoder, rest, given = zlib.decompressobj(wbits=10), bytes(stream), b""
try:
    while not decoder.eof:
        given += decoder.decompress(rest, 64)
        rest = decoder.unconsumed_tail
except zlib.error as error:
    print(f"in pieces of 64 bytes, after {len(given):,}: {error}")
    assert "too far back" in str(error) and given == content[: len(given)]
else:
    raise SystemExit("expected it to be refused")
print("zlib", zlib.ZLIB_RUNTIME_VERSION)
PYTHON
echo "as described"
