"""One training a folder."""

from __future__ import annotations

from pathlib import Path

from detectron2.engine import HookBase
from detectron2.utils import comm
from filelock import FileLock, Timeout

from ..atomic_file import remove_leftovers
from ..errors import UserError

LOCK_FILE = ".training.lock"


class FolderInUse(UserError, RuntimeError):
    """Another process trains in a folder."""


class FolderLock(HookBase):
    """Keeps other trainings out of the output folder, until this one or its process ends.

    It comes before hooks that write. What killed processes left half-written there is removed.

    Args:
        folder: made if absent.

    Raises:
        FolderInUse: by `before_train`, when another training has the folder.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._lock = FileLock(folder / LOCK_FILE, timeout=0)

    def before_train(self) -> None:
        if not comm.is_main_process():
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire()
        except Timeout:
            raise FolderInUse(
                f"{self._folder}: another training writes here; wait for it, or choose another "
                "OUTPUT_DIR"
            ) from None
        remove_leftovers(self._folder)

    def after_train(self) -> None:
        self._lock.release()
