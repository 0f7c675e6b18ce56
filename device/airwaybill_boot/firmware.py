"""Which firmware runs, which one the boot loader starts, and how to change that: ESP32 and Pycom."""

from . import again, esp32, os, pycom

ESP_FAIL = 1  # as MicroPython has -1, ESP-IDF's


def Firmware(record):
    # `record`: what the plan says of the board's firmware, before and after.
    return Pycom(record) if record["board"] == "pycom" else Esp32(record)


def partition(which):
    return esp32.Partition(getattr(esp32.Partition, which)).info()[4]


class Esp32:
    # `record`: the labels of the partitions, `old` and `new`.

    lasts = True  # what is written stays there when the power goes

    def __init__(self, record):
        self.record = record

    def runs(self, side):
        return partition("RUNNING") == self.record[side]

    def boots(self, side):
        return partition("BOOT") == self.record[side]

    def switch(self, side):
        found = esp32.Partition.find(esp32.Partition.TYPE_APP, label=self.record[side])
        found[0].set_boot()

    def keep(self, side):
        # Without this the boot loader goes back to the other image at the next reset. It marks the image that is set
        # to start, which may be another than the one that runs: then it is left alone. Whether it could.
        if self.runs(side) and self.boots(side):
            try:
                again(esp32.Partition.mark_app_valid_cancel_rollback)
            except OSError as error:
                return error.args[0] == ESP_FAIL  # a boot loader without rollback
        return True


class Pycom:
    # `record`: `old`, the number of the slot, and `uname` before.

    lasts = False

    def __init__(self, record):
        self.record = record

    def runs(self, side):
        old = self.record["old"]
        if old is None:
            switched = list(os.uname()) != self.record["uname"]
        else:
            switched = pycom_slot() != old
        return switched == (side == "new")

    boots = runs

    def switch(self, side):
        if side == "new":
            pycom.ota_finish()
        else:
            pycom.bootmgr(boot_partition=self.record["old"])

    def keep(self, side):
        return True


def pycom_slot():
    # The number of the slot that boots, as bootmgr(boot_partition=) takes it; bootmgr() itself answers with a name.
    # None where the firmware cannot tell.
    try:
        return ("factory", "ota_0").index(pycom.bootmgr()[0].lower())
    except (AttributeError, TypeError, IndexError, ValueError):
        return None


END = True
