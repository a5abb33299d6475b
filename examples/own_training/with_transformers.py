"""The best `max_lr` at each pruning level, for a causal language model and Hugging Face's Trainer, by perplexity.

Between two levels, the weights with the lowest |weight| x norm of the inputs are pruned, as by Wanda. Needs accelerate.
"""

import argparse
import math
import random
from dataclasses import dataclass

import torch
from transformers import LlamaConfig, LlamaForCausalLM, PrinterCallback, Trainer, TrainerCallback, TrainingArguments

import oracle
from scyc.pruning import Pruner

STEPS, LENGTH = 60, 32
WORDS = (["a cat", "the dog", "one bird"], ["sees", "likes", "follows"], ["you", "me", "a fish"], ["now. ", "often. "])


def make_text(count: int, seed: int) -> list[dict[str, torch.Tensor]]:
    """Return pieces of a text of simple sentences, byte by byte."""
    choice = random.Random(seed).choice
    text = "".join(" ".join(map(choice, WORDS)) for _ in range(2 * count)).encode()
    return [{"input_ids": piece, "labels": piece} for piece in torch.tensor(list(text)).split(LENGTH)[:count]]


def wanda(pruner: Pruner, pieces: list[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """Return |weight| x norm of its inputs for every weight that is pruned, by parameter name."""
    seen: dict[torch.nn.Module, tuple[torch.Tensor, ...]] = {}
    with torch.nn.modules.module.register_module_forward_pre_hook(lambda layer, inputs: seen.update({layer: inputs})):
        pruner.model(torch.stack([piece["input_ids"] for piece in pieces]))
    layers = {name: pruner.model.get_submodule(name.removesuffix(".weight")) for name in pruner.state_dict()}
    return {name: layer.weight.detach().abs() * seen[layer][0].norm(dim=(0, 1)) for name, layer in layers.items()}


@dataclass
class Report(TrainerCallback):
    """Reports whenever the Trainer evaluates."""

    trial: oracle.Trial

    def on_evaluate(self, _args, state, _control, metrics, **_) -> None:  # noqa: D102
        self.trial.report(math.exp(metrics["eval_loss"]), state.global_step - 1, val_loss=metrics["eval_loss"])


def train(trial: oracle.Trial) -> dict[str, float]:
    """Train one model."""
    torch.manual_seed(trial.seed)
    training, sizes = make_text(256, seed=0), {"num_hidden_layers": 2, "num_attention_heads": 2}
    model = LlamaForCausalLM(LlamaConfig(vocab_size=128, hidden_size=32, intermediate_size=64, **sizes))
    pruner = Pruner(model)
    if trial.parent:  # what the winner of the level before left for this seed
        left = torch.load(trial.parent / "model.pt")
        model.load_state_dict(left["weights"])
        pruner.load_state_dict(left["masks"])
        pruner.prune(rate=0.2, level=trial.level, scores=wanda(pruner, training[:32]), scope="layer")
    optimizer = torch.optim.AdamW(model.parameters(), lr=1.0)  # times what the scheduler says
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: trial.lr_at(step / STEPS))
    pruner.attach(optimizer)
    settings = {"max_steps": STEPS, "eval_strategy": "steps", "eval_steps": STEPS // 4, "disable_tqdm": True}
    settings |= {"report_to": "none", "save_strategy": "no", "dataloader_pin_memory": False}
    arguments = TrainingArguments(str(trial.out), seed=trial.seed, use_cpu=True, **settings)
    parts = {"optimizers": (optimizer, scheduler), "callbacks": [Report(trial)]}
    trainer = Trainer(model, arguments, train_dataset=training, eval_dataset=make_text(128, seed=1), **parts)
    trainer.remove_callback(PrinterCallback)
    trainer.train()  # may raise oracle.Stop: let it
    torch.save({"weights": model.state_dict(), "masks": pruner.state_dict()}, trial.out / "model.pt")
    return {"val": trial.points[-1].val or math.nan}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--levels", type=int, default=3)
    parser.add_argument("--max-lr", type=float, nargs="+", default=[0.003, 0.01, 0.03])
    parser.add_argument("--executor", default="auto")
    metric = oracle.Metric("perplexity", goal="min", tolerance=0.02)
    options = {"metric": metric, "unit": "steps", "budget": STEPS, "seeds": 1, **vars(parser.parse_args())}
    print(oracle.search(train, name="with-transformers", **options).curve()[["level", "density", "winner", "val"]])
