"""Trains LR and DeepFM in PyTorch for fifty steps and writes parity-torch.json, which test/parity-torch.test.ts holds Lossmith against.

First weights and batches are functions of Philox (native/engine/philox.h), written again here, so nothing but results is stored.
Tables by SparseAdam, the rest by Adam; float32; no dropout. Made with torch 2.13:
python3 test/reference/parity-torch.py && npm run format
"""
import json
import math
import pathlib

import torch
import torch.nn.functional as F

MASK = (1 << 64) - 1
SEED = 20260
STEPS = 50
BATCH = 64
CASES = {
    "lr": {"fields": 39, "numbers": 0, "rows": 390, "rate": 0.02, "model": {"kind": "lr"}},
    "deepfm": {"fields": 26, "numbers": 13, "rows": 260, "rate": 0.01,
               "model": {"kind": "deepfm", "embedding": 4, "hidden": [32, 16], "dropout": 0}},
}


def key_of(purpose):
    h = 0xCBF29CE484222325
    for c in purpose.encode():
        h = ((h ^ c) * 0x100000001B3) & MASK
    x = ((SEED ^ h) + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    x ^= x >> 31
    return x & 0xFFFFFFFF, x >> 32


def philox(counter, key):
    c0, c1, c2, c3 = counter
    low, high = key
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ low, p1 & 0xFFFFFFFF, (p0 >> 32) ^ c3 ^ high, p0 & 0xFFFFFFFF
        low, high = (low + 0x9E3779B9) & 0xFFFFFFFF, (high + 0xBB67AE85) & 0xFFFFFFFF
    return c0, c1, c2, c3


def uniform(word):
    return (word >> 8) * 2.0**-24


def weights(name, shape, kind, scale=0.0):
    """Rows and columns of a first weight: columns are the last dimension, a vector is one row."""
    rows, columns = math.prod(shape[:-1]), shape[-1]
    key, out = key_of("init/" + name), []
    for r in range(rows):
        for c in range(columns):
            words = philox((c >> 2, 0, r, 0), key)
            if kind == "uniform":
                out.append(scale * (2 * uniform(words[c & 3]) - 1))
            elif kind == "normal":
                pair = c & 2
                radius = math.sqrt(-2 * math.log(((words[pair] >> 8) + 1) * 2.0**-24))
                angle = 2 * math.pi * uniform(words[pair + 1])
                out.append(scale * radius * (math.sin(angle) if c & 1 else math.cos(angle)))
            else:
                out.append(0.0)
    return torch.tensor(out, dtype=torch.float64).float().reshape(shape).requires_grad_()


def batch(step, fields, numbers, rows):
    keys = {purpose: key_of("parity/" + purpose) for purpose in ("ids", "numbers", "labels")}
    draw = lambda purpose, example, unit: uniform(philox((example, step, unit, 0), keys[purpose])[0])
    each = rows // fields  # every field has its own rows
    ids = [[f * each + math.floor(draw("ids", i, f) ** 2 * each) for f in range(fields)] for i in range(BATCH)]
    x = [[2 * draw("numbers", i, n) - 1 for n in range(numbers)] for i in range(BATCH)]
    y = [float(draw("labels", i, 0) < 0.1 + 0.8 * (ids[i][0] % 2)) for i in range(BATCH)]
    return torch.tensor(ids), torch.tensor(x, dtype=torch.float32), torch.tensor(y)


def build(case):
    fields, numbers, rows, model = case["fields"], case["numbers"], case["rows"], case["model"]
    tables = {"first": weights("first", (rows, 1), "zeros")}
    dense = {"bias": weights("bias", (1,), "zeros")}
    if numbers:
        dense["first.numbers"] = weights("first.numbers", (numbers, 1), "zeros")
    if model["kind"] == "deepfm":
        width = model["embedding"]
        tables["embedding"] = weights("embedding", (rows, width), "normal", 0.01)
        if numbers:
            dense["embedding.numbers"] = weights("embedding.numbers", (numbers, width), "normal", 0.01)
        d = (fields + numbers) * width
        for i, h in enumerate([*model["hidden"], 1]):
            # The first layer's weights of the numbers are a parameter of their own; here the layer is one product over all of e.
            split = numbers * width if i == 0 else 0
            dense[f"mlp.{i}.weight"] = weights(f"mlp.{i}.weight", (d - split, h), "uniform", 1 / math.sqrt(d))
            if split:
                dense["mlp.0.numbers"] = weights("mlp.0.numbers", (numbers, width, h), "uniform", 1 / math.sqrt(d))
            dense[f"mlp.{i}.bias"] = weights(f"mlp.{i}.bias", (h,), "uniform", 1 / math.sqrt(d))
            d = h

    def logits(ids, x):
        z = F.embedding(ids, tables["first"], sparse=True).squeeze(-1).sum(1) + dense["bias"]
        if numbers:
            z = z + (x @ dense["first.numbers"]).squeeze(-1)
        if model["kind"] == "lr":
            return z
        e = F.embedding(ids, tables["embedding"], sparse=True)
        if numbers:
            e = torch.cat([e, x[:, :, None] * dense["embedding.numbers"]], 1)
        s = e.sum(1)
        z = z + 0.5 * (s * s - (e * e).sum(1)).sum(1)
        h, layers = e.flatten(1), len(model["hidden"])
        for i in range(layers + 1):
            weight = dense[f"mlp.{i}.weight"]
            if i == 0 and numbers:
                weight = torch.cat([weight, dense["mlp.0.numbers"].flatten(0, 1)])
            h = h @ weight + dense[f"mlp.{i}.bias"]
            h = F.relu(h) if i < layers else h
        return z + h.squeeze(-1)

    return tables, dense, logits


def train(case):
    tables, dense, logits = build(case)
    optimizers = [torch.optim.SparseAdam(list(tables.values()), case["rate"]), torch.optim.Adam(list(dense.values()), case["rate"])]
    losses = []
    for step in range(STEPS):
        ids, x, y = batch(step, case["fields"], case["numbers"], case["rows"])
        loss = F.binary_cross_entropy_with_logits(logits(ids, x), y)
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
        losses.append(float(f"{loss.item():.9g}"))
    final = {}
    for name, value in {**tables, **dense}.items():
        w = value.detach().double().flatten()
        # Two checksums: the length of the vector, and a sum in which every place counts otherwise.
        place = torch.cos(torch.arange(len(w), dtype=torch.float64))
        final[name] = {"norm": w.norm().item(), "sum": (w * place).sum().item()}
    return {**case, "losses": losses, "final": final}


if __name__ == "__main__":
    torch.set_num_threads(1)
    result = {"torch": torch.__version__, "seed": SEED, "batch": BATCH, "cases": {name: train(case) for name, case in CASES.items()}}
    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(result) + "\n")
    print(f"wrote {path}: last losses " + ", ".join(f"{name} {case['losses'][-1]:.4f}" for name, case in result["cases"].items()))
