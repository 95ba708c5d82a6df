"""Zip files by hand, right or wrong in any field."""

import hashlib
import json
import struct
import zlib

STORED, DEFLATED = 0, 8
MODE = 0o100644


class Entry:
    """One entry; every field can be given, and `local` those of the local header alone."""

    def __init__(self, name, data=b"", method=STORED, mode=MODE, **fields):
        self.name = name if isinstance(name, bytes) else name.encode()
        self.data = data
        self.fields = dict(method=method, flags=0, time=0, date=33, mode=mode, dos=0,
                           extra=b"", central_extra=b"", comment=b"", disk=0)
        self.local = fields.pop("local", {})
        self.fields.update(fields)
        packed = data
        if method == DEFLATED:
            squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
            packed = squeeze.compress(data) + squeeze.flush()
        self.packed = self.fields.pop("packed_data", packed)
        self.fields.setdefault("crc", zlib.crc32(data))
        self.fields.setdefault("packed", len(self.packed))
        self.fields.setdefault("size", len(data))

    def _common(self, fields, name, extra):
        return struct.pack("<HHHHIIIHH", fields["flags"], fields["method"], fields["time"],
                           fields["date"], fields["crc"], fields["packed"], fields["size"],
                           len(name), len(extra))

    def header(self):
        fields = {**self.fields, **self.local}
        name = fields.get("name", self.name)
        return (struct.pack("<IH", 0x04034B50, 20) + self._common(fields, name, fields["extra"]) +
                name + fields["extra"])

    def row(self, start):
        fields = self.fields
        extra = fields["central_extra"]
        return (struct.pack("<IHH", 0x02014B50, 0x0314, 20) +
                self._common(fields, self.name, extra) +
                struct.pack("<HHHII", len(fields["comment"]), fields["disk"], 0,
                            fields["mode"] << 16 | fields["dos"], start) +
                self.name + extra + fields["comment"])


def make(entries, prefix=b"", between=b"", suffix=b"", comment=b"", starts=None, count=None,
         directory_start=None):
    """The bytes of a zip file. `starts` replaces what the directory says of local headers."""
    body, offsets = prefix, []
    for entry in entries:
        offsets.append(len(body))
        body += entry.header() + entry.packed + between
    directory = b"".join(entry.row(start) for entry, start in zip(entries, starts or offsets))
    start = len(body) if directory_start is None else directory_start
    number = len(entries) if count is None else count
    return (body + directory +
            struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, number, number, len(directory), start,
                        len(comment)) + comment + suffix)


def manifest(files, **keys):
    """tenon.json for resources: {name: bytes}; keys replace or are added."""
    text = dict(format=1, name="x", version="1", main="x",
                entries=[dict(path=name, size=len(data),
                              sha256=hashlib.sha256(data).hexdigest())
                         for name, data in files.items()])
    text.update(keys)
    return json.dumps(text).encode()


def put_signature(path, signature):
    """Puts tenon.sig into the bundle at `path`, or another one there."""
    import zipfile
    with zipfile.ZipFile(path) as file:
        entries = [Entry(info.filename, file.read(info), info.compress_type)
                   for info in file.infolist() if info.filename != "tenon.sig"]
    with open(path, "wb") as file:
        file.write(make(entries + [Entry("tenon.sig", signature)]))
