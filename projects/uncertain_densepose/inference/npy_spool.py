"""Several arrays written to one archive at the same time, none of them whole in memory.

An archive takes one file after another. So arrays that are computed together, band by band, are
compressed into temporary files first, and these are copied.
"""

from __future__ import annotations

import io
import shutil
import tempfile
import zipfile
import zlib
from pathlib import Path

import numpy as np


class NpySpool:
    """An array on its way into an archive, as `np.savez_compressed` would write it.

    Args:
        name: of the array.
        shape, dtype: of the whole array.
        folder: where the temporary file is; it has no name there.
    """

    def __init__(self, name: str, shape: tuple[int, ...], dtype: np.dtype, folder: Path):
        self._name = f"{name}.npy"
        self._file = tempfile.TemporaryFile(dir=folder)
        # Raw, as in archives.
        self._compressor = zlib.compressobj(zlib.Z_DEFAULT_COMPRESSION, zlib.DEFLATED, -15)
        self._size = self._checksum = 0
        head = io.BytesIO()
        kind = np.lib.format.dtype_to_descr(dtype)
        np.lib.format.write_array_header_1_0(
            head, {"descr": kind, "fortran_order": False, "shape": shape}
        )
        self._append(head.getvalue())

    def __enter__(self) -> NpySpool:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, band: np.ndarray) -> None:
        """Append the next rows of the array."""
        if band.size:
            self._append(np.ascontiguousarray(band).data.cast("B"))

    def _append(self, content: bytes | memoryview) -> None:
        self._size += len(content)
        self._checksum = zlib.crc32(content, self._checksum)
        self._file.write(self._compressor.compress(content))

    def copy_into(self, archive: zipfile.ZipFile) -> None:
        """Write the array, of which nothing is missing, into an archive to which others were
        written."""
        self._file.write(self._compressor.flush())
        entry = zipfile.ZipInfo(self._name)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.file_size, entry.CRC = self._size, self._checksum
        entry.compress_size = self._file.tell()
        self._file.seek(0)
        target = archive.fp
        assert target is not None
        target.seek(archive.start_dir)
        entry.header_offset = target.tell()
        target.write(entry.FileHeader(zip64=True))
        shutil.copyfileobj(self._file, target)
        archive.filelist.append(entry)
        archive.NameToInfo[entry.filename] = entry
        archive.start_dir = target.tell()
