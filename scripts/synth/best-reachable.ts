/**
 * AUC and logloss of true probabilities, in bounded memory: logits are counted in fine steps (2^-14), ties count half.
 * No model can do better on these rows but by luck.
 */
const steps = 1 << 19
const perUnit = 1 << 14

export class BestReachable {
  private readonly positives = new Uint32Array(steps)
  private readonly negatives = new Uint32Array(steps)
  private lossSum = 0
  rows = 0

  add(logit: number, label: number): void {
    const step = Math.min(steps - 1, Math.max(0, Math.floor(logit * perUnit) + steps / 2))
    const counts = label === 1 ? this.positives : this.negatives
    counts[step]!++
    const margin = label === 1 ? logit : -logit
    this.lossSum += margin > 0 ? Math.log1p(Math.exp(-margin)) : Math.log1p(Math.exp(margin)) - margin
    this.rows++
  }

  /** NaN until both labels were seen. */
  auc(): number {
    let below = 0
    let positives = 0
    let ordered = 0
    for (let i = 0; i < steps; i++) {
      ordered += this.positives[i]! * (below + this.negatives[i]! / 2)
      below += this.negatives[i]!
      positives += this.positives[i]!
    }
    return ordered / (positives * below)
  }

  logloss(): number {
    return this.lossSum / this.rows
  }
}
