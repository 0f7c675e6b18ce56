"""What takes too long in byte code; MicroPython alone has it."""

import micropython


@micropython.viper
def copy(target: ptr8, source: ptr8, start: int, size: int):  # noqa: F821
    """Without a slice, which would be an object for each read."""
    to, of = ptr32(int(target)), ptr32(int(source) + start)  # noqa: F821
    for at in range(size >> 2):
        to[at] = of[at]
    for at in range(size & -4, size):
        target[at] = source[start + at]
