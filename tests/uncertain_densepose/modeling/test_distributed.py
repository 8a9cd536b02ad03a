"""Two workers, one of them without labels, train as one worker with the joined batch."""

import os
import socket

import pytest
import torch
from detectron2.structures import Boxes, Instances
from detectron2.utils.events import EventStorage
from torch import distributed, multiprocessing, nn
from torch.nn.parallel import DistributedDataParallel

from tests.model_factory import make_config, make_model, make_points
from uncertain_densepose.structures import PointAnnotationsList

STEPS = 10
CHANNELS, SIDE = 16, 14
NAMES = ("loss_densepose_UV", "loss_densepose_I", "loss_densepose_S")


class Branch(nn.Module):
    """Head, predictor and losses of the dense-pose branch, on pooled features."""

    def __init__(self, noise_model):
        super().__init__()
        # Part masks rather than instance masks: the proposals here have no others.
        key = "MODEL.ROI_DENSEPOSE_HEAD.COARSE_SEGM_TRAINED_BY_MASKS"
        heads = make_model(make_config(noise_model, key, False)).roi_heads
        self.head, self.predictor = heads.densepose_head, heads.densepose_predictor
        self.loss = heads.densepose_loss

    def forward(self, features, proposals):
        return self.loss(proposals, self.predictor(self.head(features)))


def images(step):
    """Features (R, C, s, s) and proposals of two images; the second is often without labels."""
    people = [[make_points(12 + step, seed=step, coarse=True)] * 2, []]
    if step % 3 == 2:
        people[1] = [make_points(5, seed=100 + step, coarse=True)]
    made = []
    for k, labelled in enumerate(people):
        generator = torch.Generator().manual_seed(10 * step + k)
        image = Instances((96, 96))
        image.proposal_boxes = Boxes(
            torch.tensor([[2.0, 3.0, 60.0, 90.0]]).repeat(len(labelled), 1)
        )
        image.gt_boxes = Boxes(torch.tensor([[4.0, 6.0, 58.0, 88.0]]).repeat(len(labelled), 1))
        image.gt_densepose = PointAnnotationsList(labelled)
        features = torch.randn(len(labelled), CHANNELS, SIDE, SIDE, generator=generator)
        made.append((features, image))
    return made


def train(branch, batch_of):
    """Ten steps of SGD; the loss names of every step and what was logged last."""
    optimizer = torch.optim.SGD(branch.parameters(), lr=0.01, momentum=0.9)
    names = []
    with EventStorage(0) as storage:
        for step in range(STEPS):
            features, proposals = batch_of(step)
            losses = branch(features, proposals)
            names.append(tuple(sorted(losses)))
            optimizer.zero_grad()
            sum(losses.values()).backward()
            optimizer.step()
            storage.step()
        logged = {name: value[0] for name, value in storage.latest().items()}
    return names, logged


def work(rank, port, noise_model, folder):
    torch.set_num_threads(1)
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    distributed.init_process_group("gloo", rank=rank, world_size=2)
    branch = DistributedDataParallel(Branch(noise_model))

    def own(step):
        features, image = images(step)[rank]
        return features, [image]

    names, logged = train(branch, own)
    torch.save((branch.module.state_dict(), names, logged), f"{folder}/{rank}.pth")
    distributed.destroy_process_group()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.parametrize("noise_model", ["full", "mse"])
def test_two_workers_train_as_one(noise_model, tmp_path):
    multiprocessing.spawn(work, (free_port(), noise_model, str(tmp_path)), nprocs=2)
    alone = Branch(noise_model)

    def joined(step):
        (first, a), (second, b) = images(step)
        return torch.cat([first, second]), [a, b]

    expected_names, _ = train(alone, joined)
    start = Branch(noise_model).state_dict()
    for rank in (0, 1):
        state, names, logged = torch.load(tmp_path / f"{rank}.pth")
        assert names == expected_names == [tuple(sorted(NAMES))] * STEPS
        # Three of the ten batches of the second worker have labels.
        assert logged["densepose/num_skipped_batches"] == (7 if rank else 0)
        for key, value in alone.state_dict().items():
            torch.testing.assert_close(state[key], value, rtol=1e-5, atol=1e-5, msg=key)
    moved = [key for key, value in alone.state_dict().items() if not value.equal(start[key])]
    assert len(moved) == len(start)
