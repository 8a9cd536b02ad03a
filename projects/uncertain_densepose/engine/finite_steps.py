"""Training steps that a loss or a gradient which is not finite cannot spoil."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

import torch
from detectron2.engine import AMPTrainer, SimpleTrainer
from detectron2.utils import comm
from detectron2.utils.events import get_event_storage

from ..errors import UserError
from .parallel import any_process

logger = logging.getLogger(f"detectron2.{__name__}")


class DivergedError(UserError, FloatingPointError):
    """Step after step has losses or gradients that are not finite."""


class OptimizerMismatch(UserError, ValueError):
    """The checkpoint to go on from belongs to another optimiser, or to other parameters."""


def all_finite(tensors: Iterable[torch.Tensor]) -> bool:
    """Whether no tensor has a NaN or an infinity, in any of the processes that train together."""
    flags = [torch.isfinite(tensor.detach()).all() for tensor in tensors]
    return not any_process(bool(flags) and not torch.stack(flags).all())


class FiniteTrainer(SimpleTrainer):
    """`SimpleTrainer` that skips steps which are not finite.

    A step with a loss or a gradient that is not finite changes nothing and is counted, as
    "skipped_steps" among the metrics. `max_skipped` of them in a row end the training.

    Args:
        max_skipped: at least 1.
    """

    def __init__(self, *args, max_skipped: int, **kwargs):
        super().__init__(*args, **kwargs)
        self.max_skipped = max_skipped
        self.skipped, self._in_a_row = 0, 0

    def run_step(self) -> None:
        try:
            super().run_step()
        except FloatingPointError as error:
            # Detectron2's proposals, which are not finite. Other processes would wait in vain.
            if isinstance(error, DivergedError) or comm.get_world_size() > 1:
                raise
            self._skip(str(error))

    def _write_metrics(
        self,
        loss_dict: Mapping[str, torch.Tensor],
        data_time: float,
        prefix: str = "",
        iter: int | None = None,  # noqa: A002 - Detectron2's name
    ) -> None:
        # The one place between the gradients and the optimiser that also knows the losses.
        gradients = [p.grad for p in self.model.parameters() if p.grad is not None]
        if all_finite([*loss_dict.values(), *gradients]):
            self._in_a_row = 0
            super()._write_metrics(loss_dict, data_time, prefix, iter)
            return
        wrong = [name for name, loss in loss_dict.items() if not torch.isfinite(loss).all()]
        self._drop_gradients()
        self._skip(f"{', '.join(wrong) or 'a gradient'} not finite")

    def _skip(self, reason: str) -> None:
        self.skipped += 1
        self._in_a_row += 1
        logger.warning(
            f"iteration {self.iter} is skipped, {self._in_a_row} in a row, {self.skipped} in all: "
            f"{reason}"
        )
        get_event_storage().put_scalar("skipped_steps", self.skipped, smoothing_hint=False)
        if self._in_a_row >= self.max_skipped:
            raise DivergedError(
                f"iteration {self.iter}: {reason}, and {self._in_a_row - 1} before it likewise; "
                "the checkpoints so far are good. Lower SOLVER.BASE_LR or turn on "
                "SOLVER.CLIP_GRADIENTS, and go on with --resume"
            )

    def _drop_gradients(self) -> None:
        # An optimiser passes over parameters without a gradient: no momentum, no weight decay.
        self.optimizer.zero_grad(set_to_none=True)

    def load_state_dict(self, state_dict: dict) -> None:
        """See :class:`SimpleTrainer`.

        Raises:
            OptimizerMismatch: the state is that of another optimiser.
        """
        _check_optimizer_state(self.optimizer, state_dict["optimizer"])
        super().load_state_dict(state_dict)


class FiniteAMPTrainer(FiniteTrainer, AMPTrainer):
    """`AMPTrainer` likewise. Its scaler skips such steps by itself and lowers the scale."""

    def _drop_gradients(self) -> None:
        pass


def _check_optimizer_state(optimizer: torch.optim.Optimizer, state: dict) -> None:
    ours, theirs = optimizer.state_dict()["param_groups"], state["param_groups"]
    sizes = [[len(group["params"]) for group in groups] for groups in (ours, theirs)]
    # A scheduler adds its own when it is made, which may be later.
    names = [set().union(*groups) - {"initial_lr"} for groups in (ours, theirs)]
    if sizes[0] != sizes[1] or names[0] != names[1]:
        raise OptimizerMismatch(
            "the checkpoint to resume from was trained with another optimiser (SOLVER.OPTIMIZER) "
            "or another model; resume with the config that it was trained with, or start a new "
            "training from it with MODEL.WEIGHTS and another OUTPUT_DIR"
        )
