"""The best `max_lr` at each pruning level, for a Lightning module, which itself prunes and reports.

python examples/own_training/with_lightning.py [--levels 3] [--seeds 1] [--max-lr 0.003 0.01 0.03]
"""

import argparse
import logging
import warnings

import torch
import torch.nn.functional as F
from lightning import LightningModule, Trainer
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import oracle
from scyc.pruning import Pruner

EPOCHS, BATCHES = 4, 32


def make_data(batches: int, seed: int) -> DataLoader:
    """Return points on a plane, and whether they are in a ring."""
    points = torch.randn(64 * batches, 2, generator=torch.Generator().manual_seed(seed))
    return DataLoader(TensorDataset(points, ((points.norm(dim=1) - 1.2).abs() < 0.4).long()), 64, shuffle=seed == 0)


class Classifier(LightningModule):
    """Trains by the trial's learning rate, and holds pruned weights at zero."""

    def __init__(self, trial: oracle.Trial) -> None:
        super().__init__()
        self.trial = trial
        self.network = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
        self.pruner = Pruner(self.network)
        if trial.parent:  # what the winner of the level before left for this seed
            left = torch.load(trial.parent / "network.pt")
            self.network.load_state_dict(left["weights"])
            self.pruner.load_state_dict(left["masks"])
            self.pruner.prune(rate=0.2, level=trial.level)

    def configure_optimizers(self):  # noqa: D102
        optimizer = torch.optim.Adam(self.network.parameters(), lr=1.0)  # times what the scheduler says
        self.pruner.attach(optimizer)
        scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda at: self.trial.lr_at(at / EPOCHS / BATCHES))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def training_step(self, batch):  # noqa: D102
        return F.cross_entropy(self.network(batch[0]), batch[1])

    def validation_step(self, batch):  # noqa: D102
        self.log("val", (self.network(batch[0]).argmax(1) == batch[1]).float().mean(), batch_size=len(batch[1]))

    def on_validation_epoch_end(self) -> None:  # noqa: D102
        self.trial.report(self.trainer.callback_metrics["val"], self.current_epoch)  # may raise oracle.Stop: let it


def train(trial: oracle.Trial) -> dict[str, float]:
    """Train one network."""
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", module="lightning")  # "consider more workers", and the like
    torch.manual_seed(trial.seed)
    module = Classifier(trial)
    quiet = dict.fromkeys(("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False)
    trainer = Trainer(max_epochs=EPOCHS, accelerator="cpu", num_sanity_val_steps=0, **quiet)
    trainer.fit(module, make_data(BATCHES, 0), make_data(16, 1))
    torch.save({"weights": module.network.state_dict(), "masks": module.pruner.state_dict()}, trial.out / "network.pt")
    return {"val": trainer.callback_metrics["val"]}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--levels", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--max-lr", type=float, nargs="+", default=[0.003, 0.01, 0.03])
    parser.add_argument("--executor", default="auto")
    study = oracle.search(train, name="with-lightning", budget=EPOCHS, **vars(parser.parse_args()))
    print(study.curve()[["level", "density", "winner", "val"]].to_string(index=False))
