"""Reference quality on the head of Criteo's display-advertising sample in PyTorch: LR, FM and DeepFM, first 90 % of the rows to train, last 10 % to test.

Numbers as categories by floor(ln(v)^2) for v > 2, categories seen fewer than 4 times in the training rows as one, every
(field, value) hashed into 2^18 rows; Adam 1e-3 (LR 5e-3), batch 512, embedding 16, MLP 128-128, dropout 0.2.
Tables are updated by SparseAdam (only the rows of the batch, as ours) unless --dense.
Prints test AUC/logloss after each of four epochs, then the mean. Usage: criteo_quality_torch.py FILE [SEEDS] [--dense]
"""
import gzip, math, sys, zlib
from collections import Counter
import numpy as np, torch, torch.nn as nn, torch.nn.functional as F

ROWS = 1 << 18

def read(path):
    rows = [l.rstrip("\n").split("\t") for l in gzip.open(path, "rt")]
    n, train = len(rows), int(len(rows) * 0.9)
    seen = [Counter(r[14 + j] for r in rows[:train]) for j in range(26)]
    ids = np.zeros((n, 39), np.int64)
    for i, r in enumerate(rows):
        for j in range(13):
            v = r[1 + j]
            x = int(v) if v else None
            token = "NA" if x is None else str(int(math.log(x) ** 2)) if x > 2 else f"S{x}"
            ids[i, j] = zlib.crc32(f"I{j}:{token}".encode()) % ROWS
        for j in range(26):
            v = r[14 + j]
            ids[i, 13 + j] = zlib.crc32(f"C{j}:{v if seen[j][v] >= 4 else 'RARE'}".encode()) % ROWS
    return torch.from_numpy(ids), torch.tensor([float(r[0]) for r in rows]), train

def auc(p, y):
    _, inverse, count = np.unique(p, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[inverse]
    pos = y.sum()
    return (rank[y == 1].sum() - pos * (pos + 1) / 2) / (pos * (len(y) - pos))

LAZY = "--dense" not in sys.argv
SEEDS = int(sys.argv[2]) if len(sys.argv) > 2 and sys.argv[2].isdigit() else 2

class Model(nn.Module):
    def __init__(self, kind, width=16, hidden=(128, 128), dropout=0.2):
        super().__init__()
        self.kind, self.first, self.bias = kind, nn.Embedding(ROWS, 1, sparse=LAZY), nn.Parameter(torch.zeros(1))
        nn.init.zeros_(self.first.weight)
        if kind != "lr":
            self.table = nn.Embedding(ROWS, width, sparse=LAZY); nn.init.normal_(self.table.weight, std=0.01)
        if kind == "deepfm":
            layers, d = [], 39 * width
            for h in hidden: layers += [nn.Linear(d, h), nn.ReLU(), nn.Dropout(dropout)]; d = h
            self.mlp = nn.Sequential(*layers, nn.Linear(d, 1))
    def forward(self, ids):
        z = self.first(ids).squeeze(-1).sum(1) + self.bias
        if self.kind == "lr": return z
        e = self.table(ids); s = e.sum(1); z = z + 0.5 * (s * s - (e * e).sum(1)).sum(1)
        return z + self.mlp(e.flatten(1)).squeeze(-1) if self.kind == "deepfm" else z

def optimizers(model, lr):
    tables = [p for n, p in model.named_parameters() if n.startswith(("first.", "table."))]
    dense = [p for n, p in model.named_parameters() if not n.startswith(("first.", "table."))]
    return [torch.optim.SparseAdam(tables, lr), torch.optim.Adam(dense, lr)] if LAZY else [torch.optim.Adam(tables + dense, lr)]

ids, y, train = read(sys.argv[1])
for kind in ("lr", "fm", "deepfm"):
    runs = []
    for seed in range(SEEDS):
        torch.manual_seed(seed); order = np.random.default_rng(seed)
        model = Model(kind); opts = optimizers(model, 5e-3 if kind == "lr" else 1e-3); out = []
        for _ in range(4):
            model.train(); perm = order.permutation(train)
            for k in range(0, train, 512):
                b = perm[k:k + 512]; loss = F.binary_cross_entropy_with_logits(model(ids[b]), y[b])
                for opt in opts: opt.zero_grad()
                loss.backward()
                for opt in opts: opt.step()
            model.eval()
            with torch.no_grad(): z = model(ids[train:])
            out.append((auc(z.numpy(), y[train:].numpy()), F.binary_cross_entropy_with_logits(z, y[train:]).item()))
        runs.append(out); print(kind, "seed", seed, *(f"{a:.4f}/{l:.4f}" for a, l in out), flush=True)
    runs = np.array(runs)
    print(kind, "mean  ", *(f"{a:.4f}±{s:.4f}/{l:.4f}" for a, s, l in zip(runs[:, :, 0].mean(0), runs[:, :, 0].std(0), runs[:, :, 1].mean(0))), flush=True)
