"""What is done alike to all fields of a dataclass of tensors, some of which may be None."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import torch

Self = TypeVar("Self", bound="TensorFields")


@dataclass(frozen=True)
class TensorFields:
    """Base of dataclasses whose fields are tensors or None."""

    def map(self: Self, function: Callable[[torch.Tensor], torch.Tensor]) -> Self:
        """The same with `function` applied to every field that is not None."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return type(self)(**{k: None if t is None else function(t) for k, t in values.items()})

    def to(self: Self, *args: Any, **kwargs: Any) -> Self:
        """The same on another device or in another type, as `torch.Tensor.to`."""
        return self.map(lambda t: t.to(*args, **kwargs))

    @classmethod
    def cat(cls: type[Self], several: Sequence[Self]) -> Self:
        """Several with the same fields, one after the other along the first axis."""
        names = [f.name for f in fields(cls) if getattr(several[0], f.name) is not None]
        return cls(**{name: torch.cat([getattr(one, name) for one in several]) for name in names})
