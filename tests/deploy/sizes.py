"""Prints the size of each function as a zip, as SAM uploads it, and checks its architecture.

    sizes.py ARCHITECTURE FOLDER…
"""

import io
import struct
import sys
import zipfile
from pathlib import Path

ELF_MACHINE = {"arm64": 183, "x86-64": 62}


def zipped(bootstrap):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bootstrap", bootstrap)
    return len(out.getvalue())


def main(architecture, folder):
    files = sorted(Path(folder).glob("*/bootstrap"))
    if not files:
        sys.exit(f"nothing was built for {architecture}")
    for file in files:
        bootstrap = file.read_bytes()
        (machine,) = struct.unpack_from("<H", bootstrap, 18)
        if machine != ELF_MACHINE[architecture]:
            sys.exit(f"{file} was built for another machine than {architecture}: {machine}")
        print(f"  {architecture:6} {file.parent.name:14} {zipped(bootstrap):9,} bytes zipped, {len(bootstrap):9,} bytes")


for architecture, folder in zip(sys.argv[1::2], sys.argv[2::2]):
    main(architecture, folder)
