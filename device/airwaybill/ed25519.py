"""Ed25519 (RFC 8032), for messages so short that their SHA-512 can be Python. As strict as the engine: keys and nonces
of small order hold for no message, and there is one way to write a signature."""

from micropython import const

from airwaybill_boot import feed

# SHA-512's: how the fractions of the square roots of the first 8 primes begin, and of the cube roots of the first 80.
_ROOTS = (
    b"\x6a\x09\xe6\x67\xf3\xbc\xc9\x08\xbb\x67\xae\x85\x84\xca\xa7\x3b\x3c\x6e\xf3\x72\xfe\x94\xf8\x2b"
    b"\xa5\x4f\xf5\x3a\x5f\x1d\x36\xf1\x51\x0e\x52\x7f\xad\xe6\x82\xd1\x9b\x05\x68\x8c\x2b\x3e\x6c\x1f"
    b"\x1f\x83\xd9\xab\xfb\x41\xbd\x6b\x5b\xe0\xcd\x19\x13\x7e\x21\x79"
)
_CUBE_ROOTS = (
    b"\x42\x8a\x2f\x98\xd7\x28\xae\x22\x71\x37\x44\x91\x23\xef\x65\xcd\xb5\xc0\xfb\xcf\xec\x4d\x3b\x2f"
    b"\xe9\xb5\xdb\xa5\x81\x89\xdb\xbc\x39\x56\xc2\x5b\xf3\x48\xb5\x38\x59\xf1\x11\xf1\xb6\x05\xd0\x19"
    b"\x92\x3f\x82\xa4\xaf\x19\x4f\x9b\xab\x1c\x5e\xd5\xda\x6d\x81\x18\xd8\x07\xaa\x98\xa3\x03\x02\x42"
    b"\x12\x83\x5b\x01\x45\x70\x6f\xbe\x24\x31\x85\xbe\x4e\xe4\xb2\x8c\x55\x0c\x7d\xc3\xd5\xff\xb4\xe2"
    b"\x72\xbe\x5d\x74\xf2\x7b\x89\x6f\x80\xde\xb1\xfe\x3b\x16\x96\xb1\x9b\xdc\x06\xa7\x25\xc7\x12\x35"
    b"\xc1\x9b\xf1\x74\xcf\x69\x26\x94\xe4\x9b\x69\xc1\x9e\xf1\x4a\xd2\xef\xbe\x47\x86\x38\x4f\x25\xe3"
    b"\x0f\xc1\x9d\xc6\x8b\x8c\xd5\xb5\x24\x0c\xa1\xcc\x77\xac\x9c\x65\x2d\xe9\x2c\x6f\x59\x2b\x02\x75"
    b"\x4a\x74\x84\xaa\x6e\xa6\xe4\x83\x5c\xb0\xa9\xdc\xbd\x41\xfb\xd4\x76\xf9\x88\xda\x83\x11\x53\xb5"
    b"\x98\x3e\x51\x52\xee\x66\xdf\xab\xa8\x31\xc6\x6d\x2d\xb4\x32\x10\xb0\x03\x27\xc8\x98\xfb\x21\x3f"
    b"\xbf\x59\x7f\xc7\xbe\xef\x0e\xe4\xc6\xe0\x0b\xf3\x3d\xa8\x8f\xc2\xd5\xa7\x91\x47\x93\x0a\xa7\x25"
    b"\x06\xca\x63\x51\xe0\x03\x82\x6f\x14\x29\x29\x67\x0a\x0e\x6e\x70\x27\xb7\x0a\x85\x46\xd2\x2f\xfc"
    b"\x2e\x1b\x21\x38\x5c\x26\xc9\x26\x4d\x2c\x6d\xfc\x5a\xc4\x2a\xed\x53\x38\x0d\x13\x9d\x95\xb3\xdf"
    b"\x65\x0a\x73\x54\x8b\xaf\x63\xde\x76\x6a\x0a\xbb\x3c\x77\xb2\xa8\x81\xc2\xc9\x2e\x47\xed\xae\xe6"
    b"\x92\x72\x2c\x85\x14\x82\x35\x3b\xa2\xbf\xe8\xa1\x4c\xf1\x03\x64\xa8\x1a\x66\x4b\xbc\x42\x30\x01"
    b"\xc2\x4b\x8b\x70\xd0\xf8\x97\x91\xc7\x6c\x51\xa3\x06\x54\xbe\x30\xd1\x92\xe8\x19\xd6\xef\x52\x18"
    b"\xd6\x99\x06\x24\x55\x65\xa9\x10\xf4\x0e\x35\x85\x57\x71\x20\x2a\x10\x6a\xa0\x70\x32\xbb\xd1\xb8"
    b"\x19\xa4\xc1\x16\xb8\xd2\xd0\xc8\x1e\x37\x6c\x08\x51\x41\xab\x53\x27\x48\x77\x4c\xdf\x8e\xeb\x99"
    b"\x34\xb0\xbc\xb5\xe1\x9b\x48\xa8\x39\x1c\x0c\xb3\xc5\xc9\x5a\x63\x4e\xd8\xaa\x4a\xe3\x41\x8a\xcb"
    b"\x5b\x9c\xca\x4f\x77\x63\xe3\x73\x68\x2e\x6f\xf3\xd6\xb2\xb8\xa3\x74\x8f\x82\xee\x5d\xef\xb2\xfc"
    b"\x78\xa5\x63\x6f\x43\x17\x2f\x60\x84\xc8\x78\x14\xa1\xf0\xab\x72\x8c\xc7\x02\x08\x1a\x64\x39\xec"
    b"\x90\xbe\xff\xfa\x23\x63\x1e\x28\xa4\x50\x6c\xeb\xde\x82\xbd\xe9\xbe\xf9\xa3\xf7\xb2\xc6\x79\x15"
    b"\xc6\x71\x78\xf2\xe3\x72\x53\x2b\xca\x27\x3e\xce\xea\x26\x61\x9c\xd1\x86\xb8\xc7\x21\xc0\xc2\x07"
    b"\xea\xda\x7d\xd6\xcd\xe0\xeb\x1e\xf5\x7d\x4f\x7f\xee\x6e\xd1\x78\x06\xf0\x67\xaa\x72\x17\x6f\xba"
    b"\x0a\x63\x7d\xc5\xa2\xc8\x98\xa6\x11\x3f\x98\x04\xbe\xf9\x0d\xae\x1b\x71\x0b\x35\x13\x1c\x47\x1b"
    b"\x28\xdb\x77\xf5\x23\x04\x7d\x84\x32\xca\xab\x7b\x40\xc7\x24\x93\x3c\x9e\xbe\x0a\x15\xc9\xbe\xbc"
    b"\x43\x1d\x67\xc4\x9c\x10\x0d\x4c\x4c\xc5\xd4\xbe\xcb\x3e\x42\xb6\x59\x7f\x29\x9c\xfc\x65\x7e\x2a"
    b"\x5f\xcb\x6f\xab\x3a\xd6\xfa\xec\x6c\x44\x19\x8c\x4a\x47\x58\x17"
)
# d of the curve, the square root of -1, and x and y of the base point.
_CURVE = (
    b"\x52\x03\x6c\xee\x2b\x6f\xfe\x73\x8c\xc7\x40\x79\x77\x79\xe8\x98\x00\x70\x0a\x4d\x41\x41\xd8\xab"
    b"\x75\xeb\x4d\xca\x13\x59\x78\xa3\x2b\x83\x24\x80\x4f\xc1\xdf\x0b\x2b\x4d\x00\x99\x3d\xfb\xd7\xa7"
    b"\x2f\x43\x18\x06\xad\x2f\xe4\x78\xc4\xee\x1b\x27\x4a\x0e\xa0\xb0\x21\x69\x36\xd3\xcd\x6e\x53\xfe"
    b"\xc0\xa4\xe2\x31\xfd\xd6\xdc\x5c\x69\x2c\xc7\x60\x95\x25\xa7\xb2\xc9\x56\x2d\x60\x8f\x25\xd5\x1a"
    b"\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66"
    b"\x66\x66\x66\x66\x66\x66\x66\x58"
)
_COUNT = b"\1\1\1\1\0\1\0"  # 250, after its first binary digit
_WINDOW = const(16)  # a digit is odd, and above -8 and below 8

PRIME = (1 << 255) - 19
ORDER = (1 << 252) + 27742317777372353535851937790883648493


def verifies(key, message, signature):
    """Whether the 64 bytes are the signature of `message` by the key of these 32 bytes."""
    scalar = number(signature[32:], "little")
    point = decode(key)
    if len(signature) != 64 or scalar >= ORDER or not point or is_small(point):
        return False
    hashed = number(sha512(signature[:32] + key + message), "little") % ORDER
    x, y, _ = point
    point = sum_of(hashed, (PRIME - x, y), scalar, (curve(2), curve(3)))
    return not is_small(point) and encode(point) == signature[:32]


def number(data, order="big"):
    return int.from_bytes(data, order)


def curve(index):
    return number(_CURVE[index * 32 : index * 32 + 32])


def power(x):
    """x to the power of 2**252 - 3, by fewer products than pow() takes, and with a watchdog that is fed."""
    found = x  # to the power of 2**count - 1
    count = 1
    for is_odd in _COUNT:
        square = found
        for _ in range(count):
            feed()
            square = square * square % PRIME
        found = square * found % PRIME
        count *= 2
        if is_odd:
            found = found * found * x % PRIME
            count += 1
    return found**4 * x % PRIME


def decode(data):
    """x, y and 1 of the point; None where no such point is on the curve."""
    y = number(data, "little")
    sign = y >> 255
    y = (y & ((1 << 255) - 1)) % PRIME
    u = y * y - 1
    v = curve(0) * y * y + 1
    x = u * v**3 % PRIME
    x = x * power(x * v**4 % PRIME) % PRIME
    if (x * x * v - u) % PRIME:
        x = x * curve(1) % PRIME
    if (x * x * v - u) % PRIME:
        return None
    return (PRIME - x if x & 1 != sign else x), y, 1


def encode(point):
    x, y, z = point[:3]
    inverse = power(z) ** 8 * z**3 % PRIME
    return (y * inverse % PRIME | (x * inverse % PRIME & 1) << 255).to_bytes(32, "little")


def is_small(point):
    """Whether eight times the point is the neutral element."""
    for _ in range(3):
        point = double(point)
    return not point[0] % PRIME and point[1] == point[2]


def double(point):
    """Twice the point. A point is (x, y, z, f, g), of which f * g is x * y / z: most are only doubled again, and do not
    need that product."""
    x, y, z = point[:3]
    e = 2 * x * y % PRIME
    x *= x
    y *= y
    g = (y - x) % PRIME
    h = (y + x) % PRIME
    f = (2 * z * z - g) % PRIME
    return e * f % PRIME, g * h % PRIME, f * g % PRIME, e, h


def add(point, other):
    """The sum; `other` as `prepare` makes it."""
    x, y, z, e, h = point
    less, more, product, twice = other
    a = (y - x) * less
    b = (y + x) * more
    c = e * h % PRIME * product
    d = z * twice
    e = (b - a) % PRIME
    f = (d - c) % PRIME
    g = (d + c) % PRIME
    h = (b + a) % PRIME
    return e * f % PRIME, g * h % PRIME, f * g % PRIME, e, h


def prepare(point):
    x, y, z, e, h = point
    return (y - x) % PRIME, (y + x) % PRIME, e * h * 2 * curve(0) % PRIME, 2 * z


def multiples(point):
    """By digit: 1, 3, 5 and 7 times the point, and at the end the same of its negative."""
    x, y = point
    point = x, y, 1, x, y
    twice = prepare(double(point))
    table = [None] * _WINDOW
    for digit in range(1, _WINDOW // 2, 2):
        less, more, product, z = table[digit] = prepare(point)
        table[-digit] = more, less, -product, z
        point = add(point, twice)
    return table


def digits(scalar):
    """So that most are 0: those that are not are three or more apart."""
    found = bytearray(256)
    at = 0
    while scalar:
        step = 1
        if scalar & 1:
            digit = found[at] = scalar & (_WINDOW - 1)
            scalar -= digit if digit < _WINDOW // 2 else digit - _WINDOW
            step = 4
        scalar >>= step
        at += step
    return found


def sum_of(first, point, second, other):
    """`first` times a point, and `second` times another."""
    pairs = (digits(first), multiples(point)), (digits(second), multiples(other))
    total = 0, 1, 1, 0, 1
    for at in range(255, -1, -1):
        feed()
        total = double(total)
        for scalar, table in pairs:
            if scalar[at]:
                total = add(total, table[scalar[at]])
    return total


def sha512(message):
    mask = (1 << 64) - 1
    message += b"\x80" + bytes(-(len(message) + 17) % 128) + (8 * len(message)).to_bytes(16, "big")
    state = [number(_ROOTS[at : at + 8]) for at in range(0, 64, 8)]
    for start in range(0, len(message), 128):
        words = [number(message[at : at + 8]) for at in range(start, start + 128, 8)]
        a, b, c, d, e, f, g, h = state
        for at in range(80):
            feed()
            word = words[at & 15]
            twice = e | e << 64
            h += (twice >> 14 ^ twice >> 18 ^ twice >> 41) & mask
            h += (e & f ^ ~e & g) + number(_CUBE_ROOTS[at * 8 : at * 8 + 8]) + word
            twice = a | a << 64
            new = h + ((twice >> 28 ^ twice >> 34 ^ twice >> 39) & mask) + (a & b ^ a & c ^ b & c)
            a, b, c, d, e, f, g, h = new & mask, a, b, c, (d + h) & mask, e, f, g
            early = words[(at + 1) & 15]
            twice = early | early << 64
            word += ((twice >> 1 ^ twice >> 8) & mask) ^ early >> 7
            early = words[(at + 14) & 15]
            twice = early | early << 64
            word += ((twice >> 19 ^ twice >> 61) & mask) ^ early >> 6
            words[at & 15] = (word + words[(at + 9) & 15]) & mask
        state = [(old + new) & mask for old, new in zip(state, (a, b, c, d, e, f, g, h))]
    return b"".join([part.to_bytes(8, "big") for part in state])
