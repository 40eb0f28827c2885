/** What runs wrote, compared byte for byte. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'

/** Names, oldest first. */
export const checkpointsOf = (run: string): string[] => readdirSync(join(run, 'checkpoints')).sort()

export function sameCheckpoint(run: string, reference: string, name: string): void {
  const wanted = hashes(join(reference, 'checkpoints', name))
  assert.ok(Object.keys(wanted).length >= 2, 'a checkpoint holds tensors and a manifest')
  assert.deepEqual(hashes(join(run, 'checkpoints', name)), wanted, `${name} of ${run} is that of ${reference}`)
}

/** Losses and metrics of every step, rejected lines, the exported model. */
export function sameRecords(run: string, reference: string): void {
  for (const file of ['metrics.jsonl', 'rejects.tsv', 'model.onnx']) {
    assert.ok(readFileSync(join(run, file)).equals(readFileSync(join(reference, file))), `${file} of ${run} is that of ${reference}`)
  }
}

export function hashes(folder: string): Record<string, string> {
  const files = (at: string): string[] =>
    readdirSync(at)
      .map((name) => join(at, name))
      .flatMap((path) => (statSync(path).isDirectory() ? files(path) : [path]))
  return Object.fromEntries(
    files(folder)
      .sort()
      .map((path) => [relative(folder, path), createHash('sha256').update(readFileSync(path)).digest('hex')]),
  )
}
