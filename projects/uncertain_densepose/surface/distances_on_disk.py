"""A table of distances that stays on disk, for tables too big to be held in memory.

The distances of 27 554 vertices take 759 MB. A lookup reads the pages of the file that its entries
lie on; what was read stays in the system's file cache, which is nobody's resident memory. Mapping
the file would not do: how much one page fault makes resident is the kernel's choice, and a thousand
lookups were seen to bring in half of the file.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ..archives import array_header
from ..atomic_file import replacing

_ENTRY_TYPE = np.dtype(np.float16)
_PAGE_ENTRIES = 2048
"""Entries read at once: 4 KB, what the system keeps its files in."""

_PAGES_AT_ONCE = 4096
"""Pages held while entries are taken from them: 16 MB."""


class DistancesOnDisk:
    """Distances in a ``.npy`` file of their own, indexed like the array that it holds.

    Args:
        path: a ``.npy`` of float16, one axis, metres, as `write` makes it.

    Attributes:
        path: absolute.
        dtype, shape: of the array in the file.

    Raises:
        OSError: the file cannot be read.
        ValueError: it holds no float16 array of one axis, or is truncated.
    """

    def __init__(self, path: str | os.PathLike[str]):
        self.path = Path(path).absolute()
        with open(self.path, "rb") as file:
            self.shape, self.dtype = array_header(file)
            self._start = file.tell()
            size = file.seek(0, os.SEEK_END) - self._start
        if self.dtype != _ENTRY_TYPE or len(self.shape) != 1:
            raise ValueError(
                f"holds {self.dtype} of shape {self.shape}, expected float16 of one axis"
            )
        if size != len(self) * self.dtype.itemsize:
            raise ValueError(f"holds {size} bytes, expected {len(self) * self.dtype.itemsize}")

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: np.ndarray) -> np.ndarray:
        """The entries at integer positions (...), not negative, as an array in memory (...).

        Raises:
            IndexError: a position is beyond the table.
        """
        index = np.asarray(index)
        if index.size and index.max() >= len(self):
            raise IndexError(f"entry {index.max()} of a table of {len(self)}")
        order = np.argsort(index, axis=None)
        page, column = np.divmod(index.ravel()[order], _PAGE_ENTRIES)
        row = np.cumsum(np.diff(page, prepend=page[:1]) != 0)
        found = np.empty(len(order), dtype=self.dtype)
        batches = np.flatnonzero(np.diff(row // _PAGES_AT_ONCE)) + 1
        for batch in np.split(np.arange(len(order)), batches):
            first_row = row[batch[:1]]
            pages = self._read(page[batch[np.diff(row[batch], prepend=-1) != 0]])
            found[order[batch]] = pages[row[batch] - first_row, column[batch]]
        return found.reshape(index.shape)

    def _read(self, pages: np.ndarray) -> np.ndarray:
        """(N, entries of a page) at pages (N,); what is beyond the end of the file is undefined."""
        content = np.empty((len(pages), _PAGE_ENTRIES), dtype=self.dtype)
        with open(self.path, "rb", buffering=0) as file:
            for target, page in zip(content.view(np.uint8), pages.tolist(), strict=True):
                file.seek(self._start + page * _PAGE_ENTRIES * self.dtype.itemsize)
                file.readinto(target)
        return content

    @staticmethod
    def write(
        path: str | os.PathLike[str], blocks: Iterable[np.ndarray], count: int
    ) -> DistancesOnDisk:
        """Write a table block by block, atomically, and open it.

        Args:
            path: of the new ``.npy``.
            blocks: arrays (...) of distances in metres, of any floating-point type, one after the
                other.
            count: how many entries they have in all.

        Raises:
            ValueError: a distance is negative, not finite or above 65 504 m (float16's largest), or
                the blocks have another number of entries.
        """
        path = Path(path)
        header = {"descr": _ENTRY_TYPE.str, "fortran_order": False, "shape": (count,)}
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.lib.format.write_array_header_1_0(file, header)
            written = 0
            for block in blocks:
                with np.errstate(over="ignore"):
                    entries = np.asarray(block).ravel().astype(_ENTRY_TYPE)
                if not ((entries >= 0) & (entries < np.inf)).all():
                    raise ValueError("has distances that are negative or not finite")
                file.write(entries.data)
                written += len(entries)
            if written != count:
                raise ValueError(f"has {written} distances, expected {count}")
        return DistancesOnDisk(path)
