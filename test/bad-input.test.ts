/** Bad input, as users meet it: through the command line. Each gets a message that helps, an exit code, and no process or half-written file stays. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { credentials } from '@grpc/grpc-js'
import type { RunResult } from '../coordinator/start-coordinator.js'
import { contracts } from '../proto/load.js'
import { lossmith, smallRun, startLossmith } from './lossmith-command.js'

let folder: string
let remove = () => {}
let rows: string[]
before(async () => {
  ;({ folder, remove } = await smallRun())
  rows = readFileSync(join(folder, 'log.tsv'), 'utf8').trimEnd().split('\n')
})
after(() => remove())

let runs = 0
/** Trains on a file with these bytes; a run directory of its own. */
async function trainOn(bytes: string | Uint8Array, options: { name?: string; set?: string[] } = {}) {
  const name = options.name ?? `input-${++runs}.tsv`
  writeFileSync(join(folder, name), bytes)
  return train(`data.train=${name}`, ...(options.set ?? []))
}
async function train(...set: string[]) {
  const run = join(folder, `run-${++runs}`)
  const result = await lossmith(['train', 'job.yaml', '--threads', '1', '--json', '--run', run, ...set.flatMap((value) => ['--set', value])], {
    cwd: folder,
  })
  const facts = JSON.parse(result.stdout) as RunResult & { ok: boolean; error?: { code: string; message: string } }
  return { ...result, run, facts }
}
const lines = (changed: readonly string[]) => `${changed.join('\n')}\n`

test('a missing and an empty file are refused before anything starts', async () => {
  for (const [file, words] of [
    ['none.tsv', /data\.train\[0\]: wanted a file, found none at .*none\.tsv/],
    ['empty.tsv', /data\.train\[0\]: wanted rows, got an empty file at .*empty\.tsv/],
  ] as const) {
    writeFileSync(join(folder, 'empty.tsv'), '')
    const { code, facts, stderr, run } = await train(`data.train=${file}`)
    assert.equal(code, 2)
    assert.match(stderr, words)
    assert.equal(facts.error?.code, 'file-unusable')
    assert.ok(!existsSync(run))
  }
})

test('a truncated gzip is refused, naming the file', async () => {
  const whole = gzipSync(lines(rows))
  const { code, stderr } = await trainOn(whole.subarray(0, whole.length - 5000), { name: 'cut.tsv.gz' })
  assert.equal(code, 2, stderr)
  assert.match(stderr, /cut\.tsv\.gz/)
  assert.match(stderr, /truncated|ends|incomplete/i)
})

test('malformed lines are counted, told with file and line, and the ledger balances', async () => {
  const bad = [...rows.slice(0, 4000)]
  const cells = (line: number) => bad[line]!.split('\t')
  bad[100] = `${bad[100]}\tone more`
  bad[200] = cells(200).slice(0, 12).join('\t')
  bad[300] = ['2', ...cells(300).slice(1)].join('\t')
  bad[400] = ['1', 'many', ...cells(400).slice(2)].join('\t')
  bad[500] = `1\t${'x'.repeat(10 << 20)}`
  const { code, facts, run, stderr } = await trainOn(lines(bad))
  assert.equal(code, 0, stderr)
  const [ledger] = facts.ledger
  assert.deepEqual(
    { ...ledger },
    {
      epoch: 1,
      read: 4000,
      trained: 3195,
      rejected: 5,
      heldOut: 800,
      validation: 0,
      test: 800,
      drawn: 0,
      balanced: true,
    },
  )
  const rejects = readFileSync(join(run, 'rejects.tsv'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'))
  assert.deepEqual(
    rejects.map(([, line]) => Number(line)).sort((a, b) => a - b),
    [101, 201, 301, 401, 501],
  )
  assert.ok(rejects.every(([file, , reason, text]) => file?.endsWith('.tsv') && reason !== '' && text!.length <= 400))
})

test('a log of malformed lines alone, and a test split of one label', async () => {
  const none = await trainOn('no log\nno log\nno log\n')
  assert.equal(none.code, 2, none.stderr)
  assert.equal(none.facts.error?.code, 'no-training-rows')
  assert.match(none.stderr, /wanted rows to train on, got none of 3 .*input-\d+\.tsv:1: wanted 40 columns, got 1/s)

  const one = await trainOn(lines(rows.filter((row) => row.startsWith('0')).slice(0, 500)))
  assert.equal(one.code, 0, one.stderr)
  assert.match(one.stderr, /test has 0 clicked and 100 other rows: its AUC wants both/)
  const [metric] = one.facts.metrics
  assert.equal(metric!.auc, null, 'JSON has no NaN')
  assert.ok(metric!.logloss > 0)
})

test('tables that this machine has no memory for', async () => {
  const { code, stderr } = await train('features.rows=400000000000')
  assert.equal(code, 2, stderr)
  assert.match(
    stderr,
    /\[memory\] worker-1 on .* GiB \(tables .*\), free are .* GiB; lower features\.rows \(now 400000000000\) .*\[memory-too-small\]/,
  )
})

test('too many malformed lines stop the run', async () => {
  const { code, stderr } = await trainOn(lines(rows.map((line, i) => (i % 10 === 0 ? 'no log' : line))), { set: ['data.maxRejects=20'] })
  assert.equal(code, 2, stderr)
  assert.match(stderr, /maxRejects/)
  assert.match(stderr, /20/)
})

test('CRLF ends lines as LF does', async () => {
  const plain = await trainOn(lines(rows))
  const windows = await trainOn(`${rows.join('\r\n')}\r\n`)
  assert.equal(windows.code, 0, windows.stderr)
  assert.deepEqual(windows.facts.ledger, plain.facts.ledger)
  assert.equal(windows.facts.metrics.length, 1)
  assert.ok(windows.facts.metrics[0]!.auc > 0.5)
})

test('a job with an unknown key, a wrong type, a batch below the lanes, more workers than lanes', async () => {
  for (const [set, words] of [
    ['train.lane=4', /train\.lane: unknown key, wanted one of .*; did you mean lanes\?/],
    ['train.batch=many', /train\.batch: wanted a whole number .*, got the text "many"/],
    ['train.batch=2', /train\.batch: wanted at least train\.lanes \(4\), got 2/],
    ['cluster.workers=5', /cluster\.workers: wanted at most train\.lanes \(4\), got 5/],
  ] as const) {
    const { code, stderr, run } = await train(set)
    assert.equal(code, 2)
    assert.match(stderr, words)
    assert.match(stderr, /^lossmith: .*job\.yaml: .*\[job-invalid\]$/m)
    assert.doesNotMatch(stderr, /^\s+at /m, 'no stack')
    assert.ok(!existsSync(run))
  }
})

test('a checkpoint with a flipped byte is not resumed', async () => {
  const { run, code } = await train('train.maxSteps=10')
  assert.equal(code, 0)
  const [step] = readdirSync(join(run, 'checkpoints'))
  const checkpoint = join(run, 'checkpoints', step!)
  const name = readdirSync(checkpoint).find((file) => file.endsWith('.safetensors'))!
  const bytes = readFileSync(join(checkpoint, name))
  bytes[bytes.length - 100]! ^= 1
  writeFileSync(join(checkpoint, name), bytes)
  const { code: resumed, stderr } = await lossmith(['train', '--resume', run, '--threads', '1'], { cwd: folder })
  assert.equal(resumed, 2, stderr)
  assert.match(stderr, new RegExp(name.replace('.', '\\.')))
  assert.match(stderr, /hash|sha256|damaged/i)
})

test('a loss that is not finite stops the run before the update, with step and lane', async () => {
  const { code, stderr, run } = await train('optimizer.kind=sgd', 'optimizer.rate=1.0e+20')
  assert.equal(code, 2, stderr)
  assert.match(stderr, /step \d+/)
  assert.match(stderr, /lanes? \d+/)
  assert.deepEqual(
    readdirSync(join(run, 'checkpoints')).filter((name) => name.startsWith('step-')),
    [],
  )
})

test('a port in use', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const run = join(folder, 'port-run')
  const { code, stderr } = await lossmith(['train', 'job.yaml', '--listen', `127.0.0.1:${port}`, '--run', run], { cwd: folder })
  server.close()
  assert.equal(code, 2)
  assert.match(stderr, new RegExp(`127\\.0\\.0\\.1:${port}.*in use`))
  assert.ok(!existsSync(run))
})

test('a full disk ends the run without a half-written checkpoint', async (t) => {
  const disk = join(folder, 'disk')
  mkdirSync(disk)
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=300k', 'tmpfs', disk]).status !== 0) return t.skip('mounting a tmpfs needs root')
  try {
    const run = join(disk, 'run')
    const { code, stderr } = await lossmith(['train', 'job.yaml', '--threads', '1', '--run', run, '--set', 'features.rows=65536'], { cwd: folder })
    assert.equal(code, 3, stderr)
    assert.match(stderr, /wanted room to write, got ENOSPC; free some space and resume the run.*\[disk-full\]/)
    const whole = readdirSync(join(run, 'checkpoints')).filter((name) => /^step-\d+$/.test(name))
    assert.deepEqual(whole, [])
    const log = join(disk, 'log.tsv')
    const synth = await lossmith(['synth', '--rows', '20000', '--out', log])
    assert.equal(synth.code, 2)
    assert.match(synth.stderr, /the disk is full/)
    assert.ok(!readdirSync(disk).some((name) => name.startsWith('log.tsv')))
  } finally {
    spawnSync('umount', [disk])
  }
})

test('a worker of another version is refused, told which versions', async () => {
  const run = join(folder, 'version-run')
  const { child, ended, saw } = startLossmith(['coordinator', 'job.yaml', '--listen', '127.0.0.1:0', '--run', run], { cwd: folder })
  const [, address] = await saw(/coordinator listens on (\S+),/)
  const client = new contracts.lossmith.v1.Training(address!, credentials.createInsecure())
  const request = { host: 'h', pid: 1, version: '99.0.0', cpuClass: 'x', threads: 1, device: 'cpu', name: 'old' }
  const message = await new Promise<string>((resolve) =>
    client.join(request, { deadline: Date.now() + 5000 }, (error) => resolve(error === null ? 'it was admitted' : error.message)),
  )
  client.close()
  assert.match(message, /99\.0\.0/)
  assert.match(message, /wanted .*0\.\d+\.\d+/)
  child.kill('SIGINT')
  assert.equal((await ended).code, 130)
})
