/**
 * Scores of all ranks in one ascending order of logits: from files of records of f64 logit, u64 negatives, u64 positives, each ascending. They are
 * merged as streams and counts are integers, so what is made of them does not depend on who scored what, and memory does not grow with the rows.
 */
import { type FileHandle, open } from 'node:fs/promises'
import { brokenError } from '../common/errors.js'

const recordBytes = 24

/** `take` is called once for each logit, ascending. */
export async function mergeRuns(paths: readonly string[], take: (logit: number, negatives: number, positives: number) => void): Promise<void> {
  const files = await Promise.all(paths.map((path) => ScoreFile.open(path)))
  try {
    for (;;) {
      let logit = Number.POSITIVE_INFINITY
      for (const file of files) if (!file.done && file.logit < logit) logit = file.logit
      let negatives = 0
      let positives = 0
      let found = false
      for (const file of files) {
        if (file.done || file.logit !== logit) continue
        found = true
        negatives += file.negatives
        positives += file.positives
        // Awaiting only where a file must be read keeps the loop at the speed of plain code.
        if (!file.step()) await file.refill()
      }
      if (!found) return
      take(logit, negatives, positives)
    }
  } finally {
    await Promise.all(files.map((file) => file.close()))
  }
}

/** AUC = (pairs ranked right + ties / 2) / (positives · negatives); NaN when there are no positives or no negatives. */
export async function mergeScores(paths: readonly string[]): Promise<{ auc: number; positives: number; negatives: number }> {
  let negatives = 0
  let positives = 0
  // Twice the number of pairs ranked right, exact: `pairs` is emptied into `total` before it passes 2^53.
  let total = 0n
  let pairs = 0
  await mergeRuns(paths, (_, tiedNegatives, tiedPositives) => {
    const added = tiedPositives * (2 * negatives + tiedNegatives)
    if (added > 2 ** 52) total += BigInt(tiedPositives) * BigInt(2 * negatives + tiedNegatives)
    else if (pairs + added > 2 ** 53) {
      total += BigInt(pairs)
      pairs = added
    } else pairs += added
    negatives += tiedNegatives
    positives += tiedPositives
  })
  total += BigInt(pairs)
  const all = 2n * BigInt(positives) * BigInt(negatives)
  return { auc: all === 0n ? Number.NaN : Number(total) / Number(all), positives, negatives }
}

class ScoreFile {
  done = false
  logit = Number.NEGATIVE_INFINITY
  negatives = 0
  positives = 0
  private readonly path: string
  private readonly file: FileHandle
  private readonly buffer = Buffer.alloc(recordBytes * 40_000)
  private filled = 0
  private at = 0
  private first = true

  private constructor(path: string, file: FileHandle) {
    this.path = path
    this.file = file
  }

  static async open(path: string): Promise<ScoreFile> {
    const scores = new ScoreFile(path, await open(path))
    await scores.refill()
    return scores
  }

  /** Goes to the next record of the buffer; false when the buffer is at its end. */
  step(): boolean {
    if (this.at === this.filled) return false
    const logit = this.buffer.readDoubleLE(this.at)
    if (!(this.first || logit > this.logit))
      throw brokenError('scores-unsorted', `[scores] ${this.path}: wanted ascending logits, got ${logit} after ${this.logit}`)
    if (Number.isNaN(logit)) throw brokenError('scores-unsorted', `[scores] ${this.path}: wanted numbers, got NaN`)
    this.first = false
    this.logit = logit
    this.negatives = this.buffer.readUInt32LE(this.at + 8) + this.buffer.readUInt32LE(this.at + 12) * 2 ** 32
    this.positives = this.buffer.readUInt32LE(this.at + 16) + this.buffer.readUInt32LE(this.at + 20) * 2 ** 32
    this.at += recordBytes
    return true
  }

  async refill(): Promise<void> {
    this.filled = 0
    while (this.filled < this.buffer.length) {
      const { bytesRead } = await this.file.read(this.buffer, this.filled, this.buffer.length - this.filled)
      if (bytesRead === 0) break
      this.filled += bytesRead
    }
    if (this.filled % recordBytes !== 0) throw brokenError('scores-size', `[scores] ${this.path}: wanted whole records of ${recordBytes} bytes`)
    this.at = 0
    this.done = !this.step()
  }

  close() {
    return this.file.close()
  }
}
