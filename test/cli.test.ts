/** The command line: help, exit codes, what goes to stdout and stderr, Ctrl-C, and the separate commands. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { parse } from 'yaml'
import type { RunResult } from '../coordinator/start-coordinator.js'
import { lossmith, smallRun, startLossmith } from './lossmith-command.js'

let folder: string
let remove = () => {}
before(async () => {
  ;({ folder, remove } = await smallRun())
})
after(() => remove())

const checkpointBytes = (run: string) => {
  const last = readdirSync(join(run, 'checkpoints')).sort().at(-1)!
  const path = join(run, 'checkpoints', last)
  return readdirSync(path)
    .sort()
    .map((name) => `${name} ${readFileSync(join(path, name)).toString('base64')}`)
}

test('every command has help with an example', async () => {
  const { stdout, code } = await lossmith(['--help'])
  assert.equal(code, 0)
  const listed = stdout.slice(stdout.indexOf('Commands:'), stdout.indexOf('Examples:'))
  const commands = [...listed.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name!).filter((name) => name !== 'help')
  assert.deepEqual(commands.sort(), [
    'bench',
    'build',
    'compare',
    'control',
    'coordinator',
    'dashboard',
    'doctor',
    'evaluate',
    'explain',
    'synth',
    'train',
    'watch',
    'worker',
  ])
  const helps = await Promise.all(commands.map((name) => lossmith([name, '--help'])))
  helps.forEach((help, i) => {
    assert.equal(help.code, 0)
    assert.match(help.stdout, new RegExp(`Examples:\\n {2}\\$ lossmith ${commands[i]}`))
  })
  const { stdout: version } = await lossmith(['--version'])
  assert.match(version, /^\d+\.\d+\.\d+\n$/)
})

test('mistakes in arguments are told in one line, exit code 2', async () => {
  writeFileSync(join(folder, 'binary.gz'), gzipSync('no job'))
  for (const [args, words] of [
    [['trian'], /^lossmith: unknown command 'trian'.*\[usage\]\n$/s],
    [['train'], /^lossmith: wanted a job file, or --resume.*\[usage\]\n$/],
    [['train', 'none.yaml'], /^lossmith: wanted a job file at .*none\.yaml, found none \[job-missing\]\n$/],
    [['train', 'binary.gz'], /^lossmith: binary\.gz: wanted YAML, got a binary file \[job-invalid\]\n$/],
    [['evaluate', 'run', '--split', 'tst'], /'tst' is invalid\. Allowed choices are train, validation, test\. \[usage\]/],
    [['train', '--resume', 'nowhere'], /wanted the directory of a run, found no nowhere\/job\.yaml \[run-missing\]/],
    [['synth', '--out', 'x'], /wanted --rows, got none \[usage\]/],
    [['synth', '--rows', '9', '--out', 'x', '--flip-rate', '0.1'], /--flip-rate: wanted another kind than clicks \[usage\]/],
    [['synth', '--rows', '9', '--out', 'x', '--from', 'log.tsv'], /--from: wanted --kind noisy-slice, got clicks \[usage\]/],
    [['synth', '--rows', '0', '--out', 'x'], /wanted a whole number of at least 1\. \[usage\]/],
    [['worker', '--coordinator', '192.0.2.1:7070'], /192\.0\.2\.1:7070 in clear text.*\[insecure-address\]/],
    [['coordinator', 'job.yaml', '--listen', '0.0.0.0:0'], /0\.0\.0\.0:0 in clear text.*\[insecure-address\]/],
  ] as const) {
    const { code, stderr, stdout } = await lossmith(args, { cwd: folder })
    assert.equal(code, 2, stderr)
    assert.match(stderr, words)
    assert.equal(stdout, '')
  }
})

test('synth says when its last rows have no AUC', async () => {
  const { stdout, code } = await lossmith(['synth', '--rows', '1', '--test', '1', '--out', 'one.tsv'], { cwd: folder })
  assert.equal(code, 0)
  assert.match(stdout, /last 1 rows: AUC not defined \(they lack one of the labels\), logloss 0\.\d+/)
})

test('synth writes each kind', async () => {
  const write = (...words: string[]) => lossmith(['synth', '--rows', '2000', ...words], { cwd: folder })
  const noisy = await write('--kind', 'noisy-slice', '--out', 'noisy.csv')
  assert.equal(noisy.code, 0, noisy.stderr)
  assert.match(
    noisy.stdout,
    /2,000 rows in .* s, \d+ labels flipped in the slice\nbest reachable on the last 200 rows: AUC 0\.\d+, logloss 0\.\d+; with flip/,
  )
  const ratings = await write('--kind', 'ratings', '--out', 'ratings.csv')
  assert.match(ratings.stdout, /ratings 0 to 4: .*\nbest reachable on the last 200 rows: logloss 1\.\d+, accuracy 0\.\d+/)
  await write('--out', 'plain.tsv')
  const from = await write('--kind', 'noisy-slice', '--from', 'plain.tsv', '--slice-share', '1', '--flip-rate', '0.5', '--out', 'from.csv')
  assert.match(from.stdout, /2,000 rows in .* s, [78]\d\d labels flipped in the slice, 0 lines left out/)
})

test('--print-job shows a job that is valid input', async () => {
  const { stdout, code } = await lossmith(['train', 'job.yaml', '--print-job', '--workers', '2', '--set', 'seed=9'], { cwd: folder })
  assert.equal(code, 0)
  const job = parse(stdout) as { seed: number; cluster: { workers: number }; optimizer: object }
  assert.equal(job.seed, 9)
  assert.equal(job.cluster.workers, 2)
  assert.deepEqual(job.optimizer, { kind: 'adam', rate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 })
})

test('--json: one object on stdout, objects a line on stderr; evaluate finds the AUC of the run; resuming a finished run is no harm', async () => {
  const run = join(folder, 'json')
  const { code, stdout, stderr } = await lossmith(['train', 'job.yaml', '--workers', '2', '--threads', '1', '--run', run, '--json'], { cwd: folder })
  assert.equal(code, 0, stderr)
  const facts = JSON.parse(stdout) as RunResult & { ok: boolean }
  assert.equal(facts.ok, true)
  assert.equal(facts.world, 2)
  assert.deepEqual(facts.ledger, [
    { epoch: 1, read: 6000, trained: 4800, rejected: 0, heldOut: 1200, validation: 0, test: 1200, drawn: 0, balanced: true },
  ])
  assert.deepEqual(JSON.parse(readFileSync(join(run, 'result.json'), 'utf8')), facts)
  const events = stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { event: string })
  for (const event of ['listening', 'phase', 'step', 'metric'])
    assert.ok(
      events.some((line) => line.event === event),
      event,
    )

  const evaluated = await lossmith(['evaluate', run, '--workers', '1', '--threads', '1', '--json'], { cwd: folder })
  assert.equal(evaluated.code, 0, evaluated.stderr)
  const { auc } = JSON.parse(evaluated.stdout) as { auc: number }
  assert.equal(auc, facts.metrics.at(-1)!.auc)

  for (const [option, value, words] of [
    ['--checkpoint', 'step-1', /wanted step-1 in .*, found step-\d+ \[no-checkpoint\]/],
    ['--split', 'validation', /wanted a split that the job has, got validation.* \[split-empty\]/],
  ] as const) {
    const refused = await lossmith(['evaluate', run, option, value], { cwd: folder })
    assert.equal(refused.code, 2)
    assert.match(refused.stderr, words)
  }
  const files = await lossmith(['evaluate', run, '--threads', '1', '--json', '--files', 'log.tsv'], { cwd: folder })
  assert.equal(files.code, 0, files.stderr)
  const { split, examples } = JSON.parse(files.stdout) as RunResult['metrics'][number]
  assert.deepEqual({ split, examples }, { split: 'files', examples: 6000 })

  const before = checkpointBytes(run)
  const again = await lossmith(['train', '--resume', run, '--threads', '1', '--quiet'], { cwd: folder })
  assert.equal(again.code, 0, again.stderr)
  assert.deepEqual(checkpointBytes(run), before)
})

test('Ctrl-C writes a checkpoint and says how to go on; the resumed run ends with the same bytes; no worker stays', async () => {
  const options = ['--threads', '1', '--set', 'train.epochs=12']
  const whole = join(folder, 'whole')
  assert.equal((await lossmith(['train', 'job.yaml', '--run', whole, ...options], { cwd: folder })).code, 0)

  const run = join(folder, 'stopped')
  const { child, ended, saw } = startLossmith(['train', 'job.yaml', '--workers', '2', '--run', run, '--json', ...options], { cwd: folder })
  const pids = [await saw(/worker-1 \([^:]+:(\d+)\)/), await saw(/worker-2 \([^:]+:(\d+)\)/)].map(([, pid]) => Number(pid))
  await saw(/"event":"step"/)
  child.kill('SIGINT')
  const { code, stdout, stderr } = await ended
  assert.equal(code, 130, stderr)
  assert.match(stderr, /stopping/)
  const facts = JSON.parse(stdout) as RunResult
  assert.equal(facts.status, 'stopped')
  for (const pid of pids) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' })

  const resumed = await lossmith(['train', '--resume', run, '--workers', '3', '--threads', '1'], { cwd: folder })
  assert.equal(resumed.code, 0, resumed.stderr)
  assert.deepEqual(checkpointBytes(run), checkpointBytes(whole))
})

test('coordinator and workers as commands of their own', async () => {
  const run = join(folder, 'apart')
  const coordinator = startLossmith(['coordinator', 'job.yaml', '--workers', '2', '--listen', '127.0.0.1:0', '--run', run], { cwd: folder })
  const [, address] = await coordinator.saw(/coordinator listens on (\S+),/)
  const workers = await Promise.all(['b', 'a'].map((name) => lossmith(['worker', '--coordinator', address!, '--name', name, '--threads', '1'])))
  assert.deepEqual(
    workers.map(({ code }) => code),
    [0, 0],
    workers.map(({ stderr }) => stderr).join(''),
  )
  const { code, stdout } = await coordinator.ended
  assert.equal(code, 0)
  assert.match(stdout, /split +epoch +step +rows +AUC +accuracy +logloss +calibration/)
  assert.match(stdout, /1 +6,000 +4,800 +0 +0 +1,200 +balances/)
  assert.match(stdout, /done after 7\d steps with 2 workers/)
})

test('doctor says what was found', async () => {
  const { code, stdout } = await lossmith(['doctor', '--json'])
  const diagnosis = JSON.parse(stdout) as { ok: boolean; findings: { name: string; found: string | null }[] }
  assert.equal(code, diagnosis.ok ? 0 : 2)
  assert.equal(diagnosis.findings.find(({ name }) => name === 'node')?.found, process.version)
  const without = await lossmith(['doctor'], { env: { PATH: '/nowhere' } })
  assert.match(without.stdout, /! {2}g\+\+ +not found: apt install g\+\+/)
})
