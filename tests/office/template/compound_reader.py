"""Reads an OLE compound file and the MS-OVBA compression, written from the specifications apart from the builder."""
import struct

END = 0xFFFFFFFE


def read_compound(data):
    """{"storage/stream": bytes}; fails on anything a strict reader would refuse."""
    assert data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" and len(data) % 512 == 0
    minor, major, order, shift, mini_shift = struct.unpack_from("<5H", data, 24)
    assert (major, order, shift, mini_shift) == (3, 0xFFFE, 9, 6), (minor, major)
    directories, fats, directory, _, cutoff, mini_fat, mini_fats, difat, difats = struct.unpack_from("<9I", data, 40)
    assert directories == 0 and cutoff == 4096 and (difat, difats) == (END, 0)
    fat_sectors = [s for s in struct.unpack_from("<109I", data, 76) if s != 0xFFFFFFFF]
    assert len(fat_sectors) == fats
    sectors = len(data) // 512 - 1

    def sector(number):
        assert number < sectors, f"sector {number} of {sectors}"
        return data[512 * (number + 1):512 * (number + 2)]
    fat = [value for s in fat_sectors for value in struct.unpack("<128I", sector(s))]
    assert all(fat[s] == 0xFFFFFFFD for s in fat_sectors)
    used = set(fat_sectors)

    def chain(start):
        out = []
        while start != END:
            assert start not in used, f"sector {start} belongs to two chains"
            used.add(start)
            out.append(sector(start))
            start = fat[start]
        return b"".join(out)
    minis = struct.unpack(f"<{128 * mini_fats}I", chain(mini_fat)) if mini_fats else ()
    raw = chain(directory)
    entries = [struct.unpack_from("<64sHBBIII16xI16xIQ", raw, at) for at in range(0, len(raw), 128)]
    mini_stream = chain(entries[0][8])[:entries[0][9]]
    found = {}

    def content(entry):
        start, size = entry[8], entry[9]
        if size >= 4096:
            return chain(start)[:size]
        out = b""
        while start != END:
            out += mini_stream[64 * start:64 * start + 64]
            start = minis[start]
        return out[:size]

    def visit(index, prefix, low, high, parent_red):
        """Each node between its neighbours, no red child of a red node; gives the black height."""
        if index == 0xFFFFFFFF:
            return 1
        entry = entries[index]
        name = entry[0][:entry[1] - 2].decode("utf-16-le")
        key = (entry[1], name.upper())
        assert (low is None or key > low) and (high is None or key < high), f"{name} stands in the wrong place"
        assert not (parent_red and entry[3] == 0), f"{name}: red under red"
        heights = {visit(entry[4], prefix, low, key, entry[3] == 0), visit(entry[5], prefix, key, high, entry[3] == 0)}
        assert len(heights) == 1, f"{name}: the tree is not balanced"
        if entry[2] == 2:
            found[prefix + name] = content(entry)
        else:
            assert entry[2] == 1
            visit(entry[6], prefix + name + "/", None, None, False)
        return heights.pop() + (entry[3] == 1)
    assert entries[0][2] == 5
    visit(entries[0][6], "", None, None, False)
    assert used == set(range(sectors)), "sectors that belong to nothing"
    return found


def decompress(data):
    assert data[0] == 1
    out, at = bytearray(), 1
    while at < len(data):
        header, = struct.unpack_from("<H", data, at)
        assert header >> 12 & 7 == 3
        end, at, start = at + (header & 0xFFF) + 3, at + 2, len(out)
        if not header & 0x8000:
            out += data[at:at + 4096]
            at = end
            continue
        while at < end:
            flags, at = data[at], at + 1
            for bit in range(8):
                if at >= end:
                    break
                if not flags >> bit & 1:
                    out.append(data[at])
                    at += 1
                    continue
                token, = struct.unpack_from("<H", data, at)
                at += 2
                bits = max(4, (len(out) - start - 1).bit_length())
                offset, length = (token >> (16 - bits)) + 1, (token & (0xFFFF >> bits)) + 3
                assert offset <= len(out) - start
                for _ in range(length):
                    out.append(out[-offset])
        assert len(out) - start <= 4096
    return bytes(out)


def reveal(text, project_id):
    """The data of a protection field of the PROJECT stream."""
    data = bytes.fromhex(text)
    key = sum(project_id.encode()) & 0xFF
    seed = data[0]
    assert data[1] ^ seed == 2 and data[2] ^ seed == key
    before, last, plain, out = data[1], data[2], key, []
    for byte in data[3:]:
        plain, before, last = byte ^ ((before + plain) & 0xFF), last, byte
        out.append(plain)
    out = out[(seed & 6) // 2:]
    size = int.from_bytes(bytes(out[:4]), "little")
    assert size == len(out) - 4
    return bytes(out[4:])
