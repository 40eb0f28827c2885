/** Logs of a few thousand rows and a job that trains on them in seconds with everything that could depend on the number of workers. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { writeClickLog } from '../../scripts/synth/write-click-log.js'

export async function writeLog(folder: string, rows: number, name = 'log.tsv.gz'): Promise<string> {
  const out = join(folder, name)
  await writeClickLog({ rows, out, test: 0.1, seed: 5, fields: 10, values: 2000, positiveRate: 0.3, auc: 0.8 })
  return out
}

/** Puts a line without a label before every 700th line of a log. */
export function spoilLog(path: string): string {
  const gzip = path.endsWith('.gz')
  const bytes = readFileSync(path)
  const lines = (gzip ? gunzipSync(bytes) : bytes).toString('utf8').trimEnd().split('\n')
  const text = lines.map((line, i) => (i % 700 === 350 ? `no label\t1\n${line}\n` : `${line}\n`)).join('')
  writeFileSync(path, gzip ? gzipSync(text) : text)
  return path
}

/** DeepFM with dropout and shuffling; JSON is YAML. `changes` replace keys of a section, or a section of another kind. */
export function writeJob(folder: string, log: string, changes: Record<string, object> = {}, name = 'small'): string {
  const job: Record<string, object> = {
    data: { train: [log], shuffleRows: 100, split: { by: 'time', validation: 0.05, test: 0.1 } },
    features: { rows: 3000 },
    model: { kind: 'deepfm', embedding: 4, hidden: [16, 8], dropout: 0.3 },
    train: { batch: 128, lanes: 8, epochs: 2 },
    checkpoint: { everySteps: 25, keep: 0 },
  }
  for (const [section, change] of Object.entries(changes)) job[section] = 'kind' in change ? change : { ...job[section], ...change }
  const path = join(folder, `${name}.yaml`)
  writeFileSync(path, JSON.stringify(job, null, 2))
  return path
}
