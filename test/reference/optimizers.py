"""Reference values of optimizers: PyTorch's own, on given gradients. Makes optimizers.json, which native/ts/trainer.test.ts reads.

    python test/reference/optimizers.py > test/reference/optimizers.json && npx biome format --write test/reference
"""

import json

import torch

ROWS, WIDTH, FIELDS, STEPS = 5, 3, 4, 4
generator = torch.Generator().manual_seed(20)


def draw(*shape):
    return torch.randn(*shape, generator=generator)


def listed(tensor):
    return tensor.detach().flatten().tolist()


w0, rows0 = draw(FIELDS * WIDTH), draw(ROWS, WIDTH)
# Two examples a step; ids repeat within a step, and not every row is touched in every step.
ids = [[[0, 2, 2, 4], [4, 0, 2, 4]], [[1, 1, 1, 1], [0, 1, 1, 0]], [[3, 0, 4, 2], [2, 4, 0, 3]], [[2, 2, 2, 2], [2, 2, 2, 2]]]
numbers = [draw(2, FIELDS * WIDTH) for _ in range(STEPS)]


def run(dense_optimizer, table_optimizer):
    w, rows = w0.clone().requires_grad_(), rows0.clone().requires_grad_()
    dense, table = dense_optimizer([w]), table_optimizer([rows]) if table_optimizer else None
    states = []
    for step in range(STEPS):
        w.grad = numbers[step].mean(0)
        dense.step()
        if table:
            index = torch.tensor(ids[step]).reshape(1, -1)
            values = numbers[step].reshape(-1, WIDTH) / 2
            rows.grad = torch.sparse_coo_tensor(index, values, (ROWS, WIDTH)).coalesce()
            table.step()
        states.append({"w": listed(w), "rows": listed(rows) if table else None})
    return states


optim = torch.optim
cases = [
    ({"kind": "sgd", "rate": 0.1, "weightDecay": 0}, lambda p: optim.SGD(p, lr=0.1), lambda p: optim.SGD(p, lr=0.1)),
    ({"kind": "sgd", "rate": 0.1, "weightDecay": 0.3}, lambda p: optim.SGD(p, lr=0.1, weight_decay=0.3), None),
    (
        {"kind": "adagrad", "rate": 0.1, "epsilon": 1e-10, "initial": 0.1, "weightDecay": 0},
        lambda p: optim.Adagrad(p, lr=0.1, initial_accumulator_value=0.1),
        lambda p: optim.Adagrad(p, lr=0.1, initial_accumulator_value=0.1),
    ),
    (
        {"kind": "adagrad", "rate": 0.1, "epsilon": 1e-10, "initial": 0, "weightDecay": 0.3},
        lambda p: optim.Adagrad(p, lr=0.1, weight_decay=0.3),
        None,
    ),
    (
        {"kind": "adam", "rate": 0.01, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-3, "weightDecay": 0},
        lambda p: optim.Adam(p, lr=0.01, eps=1e-3),
        lambda p: optim.SparseAdam(p, lr=0.01, eps=1e-3),
    ),
    (
        {"kind": "adam", "rate": 0.01, "beta1": 0.8, "beta2": 0.95, "epsilon": 1e-8, "weightDecay": 0.3},
        lambda p: optim.Adam(p, lr=0.01, betas=(0.8, 0.95), weight_decay=0.3),
        None,
    ),
]
print(
    json.dumps(
        {
            "source": f"PyTorch {torch.__version__}, test/reference/optimizers.py",
            "rows": ROWS,
            "width": WIDTH,
            "fields": FIELDS,
            "initial": {"w": listed(w0), "rows": listed(rows0)},
            "ids": ids,
            "numbers": [listed(n) for n in numbers],
            "cases": [{"optimizer": spec, "states": run(dense, table)} for spec, dense, table in cases],
        }
    )
)
