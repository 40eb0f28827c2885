/**
 * /metrics of a real run as Prometheus and people meet it: promtool finds no fault, what it tells stands in metrics.jsonl, and the dashboard, the
 * scrape configuration and the alerts in examples/ ask for metrics and labels that are there. TensorBoard's files of the run are read back.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { readEvents } from '../coordinator/metrics/read-events.test-support.js'
import { type Exposition, readExposition } from '../coordinator/metrics/read-exposition.test-support.js'
import { Processes } from './support/processes.js'
import { writeJob, writeLog } from './support/small-job.js'

const promtool = (words: string[], input = '') => spawnSync('promtool', words, { input, encoding: 'utf8', timeout: 20_000 })
const skip = promtool(['--version']).status === 0 ? false : 'no promtool here (Debian package prometheus)'
const example = (name: string) => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url))

const processes = new Processes()
let folder: string
/** While two workers trained, after an evaluation and a checkpoint. */
let text: string
let scrape: Exposition
let run: string

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lossmith-metrics-'))
  run = join(folder, 'ads')
  const log = await writeLog(folder, 6007)
  const job = writeJob(folder, log, {
    train: { epochs: 200 },
    loss: { search: ['bce', 'focal'], controller: { warmupSteps: 5 } },
    // Logloss after recalibration is of other splits than the one that it is fitted on.
    evaluate: { everyEpoch: ['validation', 'test'] },
    cluster: { lostAfterMs: 30_000 },
  })
  const train = processes.start(['train', job, '--run', run, '--workers', '2', '--threads', '1', '--metrics', '127.0.0.1:0', '--json'])
  const [, url] = await train.says(/"url":"(http:[^"]+)"/)
  const early = train.ended.then(({ stderr }) => Promise.reject(new Error(`the run ended before it was scraped: ${stderr}`)))
  early.catch(() => undefined)
  text = await Promise.race([scraped(url!), early])
  scrape = readExposition(text)
  process.kill(train.pid, 'SIGINT')
  const { code, stderr } = await train.ended
  assert.equal(code, 130, stderr)
})
afterEach(() => processes.allGone())
after(() => rmSync(folder, { recursive: true }))

async function scraped(url: string): Promise<string> {
  for (let waited = 0; ; waited += 50) {
    const text = await (await fetch(url)).text()
    const { value } = readExposition(text)
    if (
      value('lossmith_recalibrated_logloss') !== undefined &&
      value('lossmith_checkpoint_step') !== undefined &&
      value('lossmith_run_phase', { phase: 'training' })
    )
      return text
    assert.ok(waited < 60_000, text)
    await sleep(50)
  }
}

test('promtool finds no fault with the names of a run', { skip }, () => {
  const { status, stdout, stderr } = promtool(['check', 'metrics'], text)
  assert.deepEqual([status, stdout, stderr], [0, '', ''])
  const spoilt = text.replaceAll('lossmith_steps_total', 'lossmith_steps')
  assert.notEqual(promtool(['check', 'metrics'], spoilt).status, 0)
})

test('docs/monitoring.md lists the metrics that there are, and no others', () => {
  const listed = readFileSync(fileURLToPath(new URL('../../docs/monitoring.md', import.meta.url)), 'utf8').matchAll(/^\| (`lossmith_.*?) \|/gm)
  const names = [...listed].flatMap(([, cell]) => cell!.replaceAll('`', '').split(', '))
  const there = [...scrape.families.keys()].filter((name) => name.startsWith('lossmith_'))
  assert.deepEqual(names.sort(), there.sort())
})

test('loss, weights and scores are those of metrics.jsonl', () => {
  const lines = readFileSync(join(run, 'metrics.jsonl'), 'utf8').trimEnd().split('\n')
  const all = lines.map((line) => JSON.parse(line))
  const { value } = scrape
  const step = all.find((line) => line.step === value('lossmith_step') && line.loss !== undefined)
  assert.equal(value('lossmith_train_loss'), step.loss)
  assert.equal(value('lossmith_candidate_weight', { candidate: 'bce' }), step.weights[0])
  assert.equal(value('lossmith_candidate_loss', { candidate: 'focal(2)' }), step.losses[1])
  const scored = all.find((line) => line.split === 'validation' && line.step === value('lossmith_evaluation_step', { split: 'validation' }))
  assert.equal(value('lossmith_auc', { split: 'validation' }), scored.auc)
  assert.equal(value('lossmith_logloss', { split: 'validation' }), scored.logloss)
  assert.ok(existsSync(join(run, 'checkpoints')) && value('lossmith_checkpoint_step')! <= step.step)
  const spent = scrape.samples.filter(({ name }) => name === 'lossmith_step_phase_seconds_total')
  assert.equal(spent.length, 2 * 6)
  for (const phase of ['compute', 'exchange', 'update'])
    assert.ok(
      spent.every(({ labels, value }) => labels.phase !== phase || value > 0),
      phase,
    )

  const { scalars, images } = readEvents(join(run, 'tensorboard'))
  const losses = new Map(all.filter(({ loss }) => loss !== undefined).map(({ step, loss }) => [step, Math.fround(loss)]))
  assert.ok(scalars['train/loss']!.length >= 2)
  for (const [, at, loss] of scalars['train/loss']!) assert.equal(loss, losses.get(at))
  assert.equal(scalars['train/loss']!.at(-1)![1], Math.max(...losses.keys()))
  assert.equal(scalars['validation/auc']![0]![2], Math.fround(all.find(({ split }) => split === 'validation').auc))
  assert.deepEqual(Object.keys(images).sort(), ['surface/label_0: bce, focal(2)', 'surface/label_1: bce, focal(2)'])
})

/** Prometheus adds the first two to what it scrapes. */
const ownLabels = ['instance', 'job', 'run']

/** Metrics that an expression asks for exist, and every label it names is one of theirs. */
function assertExists(expression: string) {
  const names = [...expression.matchAll(/\b(?:lossmith|process|nodejs)_\w+/g)].map(([name]) => name)
  assert.ok(names.length > 0, expression)
  const labels = new Set(ownLabels)
  for (const name of names) {
    const series = scrape.samples.filter((sample) => sample.name === name)
    assert.ok(series.length > 0, `${name} of ${expression}`)
    for (const label of Object.keys(series[0]!.labels)) labels.add(label)
  }
  const matched = [...expression.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)].map(([, label]) => label!)
  const grouped = [...expression.matchAll(/\b(?:by|on|without|ignoring|group_left|group_right)\s*\(([^)]*)\)/g)].flatMap(([, list]) =>
    list!.split(',').map((label) => label.trim()),
  )
  for (const label of [...matched, ...grouped]) assert.ok(label === '' || labels.has(label), `label ${label} of ${expression}`)
}

interface Dashboard {
  title: string
  uid: string
  id: null
  schemaVersion: number
  templating: { list: { name: string; type: string; query: string | { query: string } }[] }
  panels: Panel[]
}
interface Panel {
  id: number
  type: string
  title: string
  datasource: { type: string; uid: string }
  gridPos: { x: number; y: number; w: number; h: number }
  targets: { refId: string; expr: string; legendFormat: string; datasource: { uid: string } }[]
}
const dashboard = JSON.parse(readFileSync(example('grafana-dashboard.json'), 'utf8')) as Dashboard

test('the dashboard asks for metrics and labels that are there', () => {
  assert.throws(() => assertExists('lossmith_nothing{run="x"}'))
  assert.throws(() => assertExists('lossmith_auc{candidate="x"}'))
  for (const { title, targets } of dashboard.panels)
    for (const { expr, legendFormat } of targets) {
      assertExists(expr)
      assert.match(expr, /run=~"\$run", instance=~"\$instance"/, title)
      for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) assertExists(`${/lossmith_\w+|process_\w+/.exec(expr)![0]}{${label}="x"}`)
    }
  for (const { type, query } of dashboard.templating.list)
    if (type === 'query') assertExists((query as { query: string }).query.replace(/label_values\((.*), (\w+)\)/, '$1 by ($2)'))
})

test('the dashboard is what Grafana imports: no data source of somebody else, panels that lie side by side', () => {
  const { uid, id, schemaVersion, panels, templating } = dashboard
  assert.deepEqual([uid, id], ['lossmith', null])
  // Of Grafana 10; later ones bring it up to date themselves.
  assert.ok(schemaVersion >= 36 && schemaVersion <= 39)
  assert.deepEqual(
    templating.list.map(({ name, type }) => [name, type]),
    [
      ['datasource', 'datasource'],
      ['run', 'query'],
      ['instance', 'query'],
    ],
  )
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
  const taken = new Set<string>()
  for (const { type, title, gridPos, datasource, targets } of panels) {
    assert.ok(['timeseries', 'stat'].includes(type) && title !== '')
    for (const of of [datasource, ...targets.map((target) => target.datasource)]) assert.equal(of.uid, `\${datasource}`)
    assert.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length)
    const { x, y, w, h } = gridPos
    assert.ok(x >= 0 && x + w <= 24, title)
    for (let column = x; column < x + w; column++)
      for (let row = y; row < y + h; row++) {
        assert.ok(!taken.has(`${column},${row}`), `${title} lies on another panel`)
        taken.add(`${column},${row}`)
      }
  }
})

test('promtool accepts the scrape configuration, the alerts and the queries of the dashboard', { skip }, () => {
  const checked = promtool(['check', 'config', example('prometheus.yml')])
  assert.equal(checked.status, 0, checked.stderr)
  const expressions = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr.replaceAll('$__rate_interval', '1m')))
  const rules = join(folder, 'queries.yml')
  const group = { name: 'queries', rules: expressions.map((expr, i) => ({ record: `query_${i}`, expr })) }
  writeFileSync(rules, JSON.stringify({ groups: [group] }))
  const { status, stderr } = promtool(['check', 'rules', rules])
  assert.equal(status, 0, stderr)
})

test('the alerts ask for what is there, and fire when they should', { skip }, () => {
  const { groups } = parse(readFileSync(example('prometheus-rules.yml'), 'utf8')) as { groups: { rules: { alert: string; expr: string }[] }[] }
  for (const { expr } of groups[0]!.rules) assertExists(expr)
  const series = (name: string, labels: string, values: string) => ({ series: `lossmith_${name}{run="ads",instance="here"${labels}}`, values })
  const own = { run: 'ads', instance: 'here' }
  const times = (rank: number, each: number) => series('step_phase_seconds_total', `,rank="${rank}",phase="compute"`, `0+${each}x40`)
  const silent = (at: string, alertname: string) => ({ eval_time: at, alertname, exp_alerts: [] })
  const firing = (at: string, alertname: string, labels: Record<string, string>, summary: string) => ({
    ...{ eval_time: at, alertname },
    exp_alerts: [{ exp_labels: { severity: 'warning', ...own, ...labels }, exp_annotations: { summary } }],
  })
  const stuck = { phase: 'training', severity: 'critical' }
  const unit = {
    rule_files: [example('prometheus-rules.yml')],
    evaluation_interval: '1m',
    tests: [
      {
        interval: '1m',
        input_series: [
          series('run_phase', ',phase="training"', '1x40'),
          series('steps_total', '', '0+60x10 600x30'),
          series('worker_heartbeat_age_seconds', ',worker="a",rank="0",device="cpu"', '1x10 9x30'),
          series('rows_total', ',outcome="trained"', '0+1000x40'),
          series('rows_total', ',outcome="rejected"', '0+2x20 40+50x20'),
          series('log_messages_total', ',level="error"', '0x20 1x20'),
          ...[times(0, 10), times(1, 11), times(2, 30)],
        ],
        alert_rule_test: [
          ...['LossmithNoProgress', 'LossmithWorkerSilent', 'LossmithRejects', 'LossmithErrors'].map((name) => silent('9m', name)),
          firing('25m', 'LossmithNoProgress', stuck, 'ads trains, but has committed no step for 5 minutes'),
          firing('25m', 'LossmithWorkerSilent', { worker: 'a', rank: '0', device: 'cpu' }, 'a (rank 0) of ads was not heard for 9s'),
          firing('25m', 'LossmithStraggler', { rank: '2' }, 'rank 2 of ads takes 2.727 times as long as the middle rank'),
          firing('35m', 'LossmithRejects', {}, '4.762% of the rows of ads are malformed: see rejects.tsv'),
          firing('22m', 'LossmithErrors', { level: 'error' }, 'ads said an error'),
        ],
      },
    ],
  }
  const file = join(folder, 'alerts.test.yml')
  writeFileSync(file, JSON.stringify(unit))
  const { status, stdout, stderr } = promtool(['test', 'rules', file])
  assert.equal(status, 0, stdout + stderr)
})
