"""Writes an OLE compound file ([MS-CFB], version 3): a tree of storages (dict) and streams (bytes) in 512-byte sectors."""
import struct

SECTOR, MINI_SECTOR, MINI_LIMIT = 512, 64, 4096
END, FAT, FREE, NONE = 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF, 0xFFFFFFFF
ROOT, STORAGE, STREAM = 5, 1, 2
RED, BLACK = 0, 1


class _Entry:
    def __init__(self, name, kind, data=b""):
        self.name, self.kind, self.data = name, kind, data
        self.left = self.right = self.child = NONE
        self.colour, self.start = BLACK, 0

    def packed(self, size):
        name = self.name.encode("utf-16-le") + b"\0\0"
        return struct.pack("<64sHBBIII16xI16xIQ", name, len(name), self.kind, self.colour, self.left, self.right,
                           self.child, 0, self.start, size)


def _sort_key(entry):
    # Siblings are ordered by the length of their name first, then without case.
    return len(entry.name.encode("utf-16-le")), entry.name.upper()


def _entries(tree):
    entries = [_Entry("Root Entry", ROOT)]

    def fill(index, node):
        numbers = []
        for name, value in node.items():
            numbers.append(len(entries))
            if isinstance(value, dict):
                entries.append(_Entry(name, STORAGE))
                fill(numbers[-1], value)
            else:
                entries.append(_Entry(name, STREAM, value))
        numbers.sort(key=lambda i: _sort_key(entries[i]))
        entries[index].child = _balanced(entries, numbers, len(numbers).bit_length())

    fill(0, tree)
    return entries


def _balanced(entries, numbers, levels):
    """A search tree over sorted siblings; red are the leaves of an incomplete last level, so that it is a red-black one."""
    if not numbers:
        return NONE
    middle = len(numbers) // 2
    entry = entries[numbers[middle]]
    entry.left = _balanced(entries, numbers[:middle], levels - 1)
    entry.right = _balanced(entries, numbers[middle + 1:], levels - 1)
    entry.colour = RED if levels == 1 and len(numbers) == 1 else BLACK
    return numbers[middle]


def _chain(first, count):
    return [first + i + 1 for i in range(count - 1)] + [END] if count else []


def compound_file(tree):
    """The bytes of the file that holds `tree`: {"name": bytes or another dict}."""
    entries, sectors, fat = _entries(tree), [], []

    def put(data):
        if not data:
            return END
        first, count = len(sectors), -(-len(data) // SECTOR)
        padded = data.ljust(count * SECTOR, b"\0")
        sectors.extend(padded[i * SECTOR:(i + 1) * SECTOR] for i in range(count))
        fat.extend(_chain(first, count))
        return first

    mini, mini_fat = bytearray(), []
    for entry in entries:
        if entry.kind != STREAM:
            continue
        if len(entry.data) >= MINI_LIMIT:
            entry.start = put(entry.data)
        elif not entry.data:
            entry.start = END
        else:
            entry.start, count = len(mini) // MINI_SECTOR, -(-len(entry.data) // MINI_SECTOR)
            mini += entry.data.ljust(count * MINI_SECTOR, b"\0")
            mini_fat += _chain(entry.start, count)
    entries[0].start = put(bytes(mini))

    mini_fat += [FREE] * (-len(mini_fat) % (SECTOR // 4))
    mini_fat_start = put(struct.pack(f"<{len(mini_fat)}I", *mini_fat))
    directory = b"".join(e.packed(len(mini) if e.kind == ROOT else len(e.data)) for e in entries)
    empty = struct.pack("<64sHBBIII16xI16xIQ", b"", 0, 0, 0, NONE, NONE, NONE, 0, 0, 0)
    directory += empty * (-len(entries) % (SECTOR // len(empty)))
    directory_start = put(directory)

    count = 1   # sectors of the FAT, which has entries for itself
    while count * (SECTOR // 4) < len(sectors) + count:
        count += 1
    if count > 109:
        raise ValueError(f"a compound file of {len(sectors)} sectors needs a DIFAT; expected at most 7 MB")
    first_fat = len(sectors)
    fat += [FAT] * count
    fat += [FREE] * (count * (SECTOR // 4) - len(fat))
    sectors.append(struct.pack(f"<{len(fat)}I", *fat))

    header = struct.pack("<8s16xHHHHH6xIIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6, 0, count,
                         directory_start, 0, MINI_LIMIT, mini_fat_start, len(mini_fat) // (SECTOR // 4), END, 0, first_fat)
    difat = [first_fat + i for i in range(1, count)] + [FREE] * (109 - count)
    return header + struct.pack("<108I", *difat) + b"".join(sectors)
