"""Trains the built-in models in PyTorch for fifty steps and writes parity-torch.json, which test/parity-torch.test.ts holds Lossmith against.

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
    "wide-and-deep": {"fields": 26, "numbers": 13, "rows": 260, "rate": 0.01,
                      "model": {"kind": "wide-and-deep", "embedding": 4, "hidden": [32, 16], "dropout": 0}},
    "ipnn": {"fields": 10, "numbers": 3, "rows": 100, "rate": 0.01,
             "model": {"kind": "ipnn", "embedding": 4, "hidden": [32, 16], "dropout": 0}},
    "dcn-v2": {"fields": 10, "numbers": 3, "rows": 100, "rate": 0.01,
               "model": {"kind": "dcn-v2", "embedding": 4, "crosses": 2, "hidden": [32, 16], "dropout": 0}},
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


def embedding_of(case, tables, dense):
    """e [B, F + N, D] of ids and numbers."""
    width = case["model"]["embedding"]
    tables["embedding"] = weights("embedding", (case["rows"], width), "normal", 0.01)
    if case["numbers"]:
        dense["embedding.numbers"] = weights("embedding.numbers", (case["numbers"], width), "normal", 0.01)

    def embed(ids, x):
        e = F.embedding(ids, tables["embedding"], sparse=True)
        return torch.cat([e, x[:, :, None] * dense["embedding.numbers"]], 1) if case["numbers"] else e

    return embed


def linear_of(case, tables, dense):
    tables["first"] = weights("first", (case["rows"], 1), "zeros")
    dense["bias"] = weights("bias", (1,), "zeros")
    if case["numbers"]:
        dense["first.numbers"] = weights("first.numbers", (case["numbers"], 1), "zeros")

    def linear(ids, x):
        z = F.embedding(ids, tables["first"], sparse=True).squeeze(-1).sum(1) + dense["bias"]
        return z + (x @ dense["first.numbers"]).squeeze(-1) if case["numbers"] else z

    return linear


def layer_of(dense, name, fan_in, units, numbers=(0, 0)):
    """x [B, in] · weight + bias. The weights of the numbers of a first layer are a parameter of their own, [N, D, units]; here it is one product."""
    bound, split = 1 / math.sqrt(fan_in), math.prod(numbers)
    dense[f"{name}.weight"] = weights(f"{name}.weight", (fan_in - split, units), "uniform", bound)
    if split:
        dense[f"{name}.numbers"] = weights(f"{name}.numbers", (*numbers, units), "uniform", bound)
    dense[f"{name}.bias"] = weights(f"{name}.bias", (units,), "uniform", bound)

    def layer(x):
        weight = dense[f"{name}.weight"]
        weight = torch.cat([weight, dense[f"{name}.numbers"].flatten(0, 1)]) if split else weight
        return x @ weight + dense[f"{name}.bias"]

    return layer


def mlp_of(dense, fan_in, sizes, numbers=(0, 0)):
    """Layers of these sizes, relu after each of them."""
    layers = []
    for i, size in enumerate(sizes):
        layers.append(layer_of(dense, f"mlp.{i}", fan_in, size, numbers if i == 0 else (0, 0)))
        fan_in = size

    def mlp(x, last_relu=False):
        for i, layer in enumerate(layers):
            x = layer(x)
            x = F.relu(x) if last_relu or i < len(layers) - 1 else x
        return x

    return mlp


def build(case):
    model, tables, dense = case["model"], {}, {}
    kind = model["kind"]
    linear = linear_of(case, tables, dense) if kind in ("lr", "deepfm", "wide-and-deep") else None
    if kind == "lr":
        return tables, dense, linear
    embed = embedding_of(case, tables, dense)
    places, width = case["fields"] + case["numbers"], model["embedding"]
    d, hidden, numbers = places * width, model["hidden"], (case["numbers"], width)

    if kind == "ipnn":
        pairs = torch.triu_indices(places, places, 1)
        mlp = mlp_of(dense, d + pairs.shape[1], [*hidden, 1])

        def logits(ids, x):
            e = embed(ids, x)
            dots = (e @ e.transpose(1, 2))[:, pairs[0], pairs[1]]
            return mlp(torch.cat([e.flatten(1), dots], 1)).squeeze(-1)
    elif kind == "dcn-v2":
        crosses = [layer_of(dense, f"cross.{i}", d, d) for i in range(model["crosses"])]
        mlp = mlp_of(dense, d, hidden)
        out = layer_of(dense, "out", d + hidden[-1], 1)

        def logits(ids, x):
            x0 = embed(ids, x).flatten(1)
            crossed = x0
            for cross in crosses:
                crossed = x0 * cross(crossed) + crossed
            return out(torch.cat([crossed, mlp(x0, last_relu=True)], 1)).squeeze(-1)
    else:
        mlp = mlp_of(dense, d, [*hidden, 1], numbers)

        def logits(ids, x):
            e = embed(ids, x)
            z = linear(ids, x) + mlp(e.flatten(1)).squeeze(-1)
            if kind == "deepfm":
                s = e.sum(1)
                z = z + 0.5 * (s * s - (e * e).sum(1)).sum(1)
            return z

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
