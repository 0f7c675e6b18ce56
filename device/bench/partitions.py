"""What the client uses of `esp32`, with files of `root` for the partitions: a board has it in C."""

root = None
BLOCK = 4096


def label(name, text=None):
    """Of the partition that boots, or runs."""
    if text:
        with open(root + "/" + name, "w") as file:
            file.write(text)
        return text
    try:
        with open(root + "/" + name) as file:
            return file.read()
    except OSError:
        return "ota_0"


class Partition:
    BOOT = "boot"
    RUNNING = "running"
    TYPE_APP = 0

    def __init__(self, which):
        self.label = which if which.startswith("ota_") else label(which)

    def info(self):
        return (0, 16, 0x10000, 2 << 20, self.label, False)

    def get_next_update(self):
        return Partition("ota_1" if self.label == "ota_0" else "ota_0")

    def _at(self, block, offset):
        file = open(root + "/" + self.label, "r+b")
        file.seek(block * BLOCK + offset)
        return file

    def ioctl(self, op, block):
        pass

    def readblocks(self, block, buffer, offset=0):
        with self._at(block, offset) as file:
            file.readinto(buffer)

    def writeblocks(self, block, data, offset=0):
        with self._at(block, offset) as file:
            file.write(data)

    def set_boot(self):
        label("boot", self.label)

    @staticmethod
    def find(type, label=None):
        return [Partition(label)]

    @staticmethod
    def mark_app_valid_cancel_rollback():
        pass
