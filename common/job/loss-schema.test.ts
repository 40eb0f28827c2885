import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LossmithError } from '../errors.js'
import { type CandidateJob, candidatesOf, controllerOf } from './loss.js'
import { parseJob, printJob } from './parse-job.js'

const log = 'data: {train: log.tsv}\n'
const parse = (text: string, set: string[] = []) => parseJob(text, { file: '/jobs/ads.yaml', set })
const lossOf = (yaml: string, set: string[] = []) => parse(`${log}loss: ${yaml}`, set).loss

function refusal(text: string, set: string[] = []): string {
  try {
    parse(text, set)
  } catch (error) {
    assert.ok(error instanceof LossmithError && error.code === 'job-invalid')
    return error.message
  }
  return assert.fail('the job was accepted')
}

const controller = {
  inputs: ['y', 'z', 'p', 'error'],
  hidden: [32, 32],
  fieldWidth: 4,
  rate: 0.003,
  period: 1,
  warmupSteps: 20,
  entropy: { start: 0, end: 0 },
  clip: 1,
  gumbel: false,
  temperature: { start: 1, decay: 0, floor: 0.01 },
  lookahead: 'preconditioned',
  objective: 'logloss',
  centre: 0,
  batch: 0,
  from: '',
  frozen: false,
}
const four: CandidateJob[] = [{ name: 'bce' }, { name: 'focal', gamma: 2 }, { name: 'kl', epsilon: 0.05 }, { name: 'hinge' }]

test('a loss is written short and read in one form', () => {
  assert.deepEqual(parse(log).loss, { mode: 'one', candidates: [{ name: 'bce' }] })
  assert.deepEqual(parse('data: {train: log.tsv, classes: 5}').loss, { mode: 'one', candidates: [{ name: 'ce' }] })
  assert.deepEqual(lossOf('focal'), { mode: 'one', candidates: [{ name: 'focal', gamma: 2 }] })
  assert.deepEqual(lossOf('{name: bce_noisy, rho: 0.3}'), { mode: 'one', candidates: [{ name: 'bce_noisy', rho: 0.3 }] })
  assert.deepEqual(lossOf('{search: [bce, focal, kl, hinge]}'), { mode: 'search', candidates: four, controller })
  assert.deepEqual(lossOf('{equal: [bce, {name: focal, gamma: 1}]}'), { mode: 'equal', candidates: [four[0], { name: 'focal', gamma: 1 }] })
  assert.deepEqual(lossOf('{static: [bce, hinge], controller: {rate: 0.01}}'), {
    mode: 'static',
    candidates: [four[0], four[3]],
    controller: { ...controller, inputs: [], hidden: [], rate: 0.01 },
  })
  assert.deepEqual(lossOf('{assigned: {field: slice, losses: {b: {name: bce_noisy, rho: 0.3}, a: mse}, others: bce}}'), {
    mode: 'assigned',
    field: 'slice',
    values: [
      { value: 'b', candidate: { name: 'bce_noisy', rho: 0.3 } },
      { value: 'a', candidate: { name: 'mse' } },
    ],
    others: { name: 'bce' },
  })
})

test('the controller of a search, key by key', () => {
  const loss = lossOf(
    '{search: [bce, kl], controller: {inputs: [y, p, field:slice], hidden: [], gumbel: true, temperature: {decay: 5e-5}, from: ../runs/a, frozen: true}}',
  )
  assert.deepEqual(controllerOf(loss), {
    ...controller,
    inputs: ['y', 'p', 'field:slice'],
    hidden: [],
    gumbel: true,
    temperature: { start: 1, decay: 5e-5, floor: 0.01 },
    from: '/runs/a',
    frozen: true,
  })
  assert.equal(controllerOf(lossOf('bce')), null)
})

test('candidates of an assigned loss stand once each, the others’ last', () => {
  const loss = lossOf('{assigned: {field: s, losses: {a: mse, b: bce, c: mse}, others: bce}}')
  assert.deepEqual(candidatesOf(loss), [{ name: 'mse' }, { name: 'bce' }])
})

test('a printed loss is valid input and the same loss', () => {
  const losses = [
    'focal',
    '{search: [bce, {name: focal, gamma: 0}, kl], controller: {inputs: [], from: a/b}}',
    '{equal: [bce, hinge]}',
    '{static: [bce, squared_hinge]}',
    '{assigned: {field: C1, losses: {1: kl, x y: mse}, others: bce}}',
  ]
  for (const loss of losses) {
    const job = parse(`${log}loss: ${loss}`)
    assert.deepEqual(parseJob(printJob(job), { file: '/elsewhere/other.yaml' }), job)
  }
})

test('--set replaces a loss or reaches into it', () => {
  assert.deepEqual(lossOf('{search: [bce, mse]}', ['loss=focal']), { mode: 'one', candidates: [{ name: 'focal', gamma: 2 }] })
  assert.deepEqual(lossOf('mse', ['loss={search: [bce, hinge]}']), { mode: 'search', candidates: [four[0], four[3]], controller })
  assert.equal(controllerOf(lossOf('{search: [bce, mse]}', ['loss.controller.period=7']))?.period, 7)
  const printed = printJob(parse(`${log}loss: {search: [bce, mse]}`))
  assert.equal(controllerOf(parse(printed, ['loss.controller.gumbel=true']).loss)?.gumbel, true)
})

test('validation rows are set aside for a controller that learns', () => {
  const part = (text: string) => {
    const { split } = parse(text).data
    return split.by === 'files' ? null : split.validation
  }
  assert.equal(part(log), 0)
  assert.equal(part(`${log}loss: {equal: [bce, mse]}`), 0)
  assert.equal(part(`${log}loss: {search: [bce, mse]}`), 0.1)
  assert.equal(part(`${log}loss: {static: [bce, mse]}`), 0.1)
  assert.equal(part('data: {train: a, split: {by: fraction, validation: 0.02}}\nloss: {search: [bce, mse]}'), 0.02)
  assert.deepEqual(parse(`${log}loss: {search: [bce, mse]}`).evaluate.everyEpoch, ['validation'])
})

const search = (controller: string) => `${log}loss: {search: [bce, mse], controller: {${controller}}}`
const classes = (loss: string) => `data: {train: a, classes: 5}\nloss: ${loss}`
const names = 'bce, ce, focal, kl, hinge, squared_hinge, mse, bce_noisy'
const refusals: [string, string, RegExp][] = [
  ['a name', `${log}loss: focl`, new RegExp(`yaml: loss: wanted one of ${names}, got the text "focl"; did you mean focal\\?`)],
  ['a candidate', `${log}loss: {search: [bce, focl]}`, /loss\.search\[1\]: wanted one of bce, .*got the text "focl"; did you mean focal\?/],
  ['a candidate with options', `${log}loss: {equal: [bce, {name: kll}]}`, /loss\.equal\[1\]\.name: wanted one of .*did you mean kl\?/],
  ['no name', `${log}loss: {equal: [bce, {rho: 0.1}]}`, /loss\.equal\[1\]\.name: wanted one of bce, .*, got nothing/],
  ['an option of another', `${log}loss: {name: kl, gamma: 2}`, /loss\.gamma: unknown key when loss\.name is kl, wanted one of name, epsilon/],
  ['a form', `${log}loss: {serch: [bce, mse]}`, /loss: wanted a name, or .*name, search, .*, got the keys serch; did you mean search\?/],
  ['a list', `${log}loss: [bce]`, /loss: wanted a name, or keys and values with one of .*, got a list of 1/],
  ['two forms', `${log}loss: {search: [bce, mse], equal: [bce, mse]}`, /loss\.equal: unknown key, wanted one of search, controller/],
  ['one candidate', `${log}loss: {search: [bce]}`, /loss\.search: wanted a list of at least 2, .*got a list of 1/],
  ['twice', `${log}loss: {search: [kl, bce, {name: kl}]}`, /loss\.search\[2\]: wanted each item once, got the same as in loss\.search\[0\]/],
  ['rho', `${log}loss: {name: bce_noisy, rho: 0.5}`, /loss\.rho: wanted a number above 0 below 0\.5, got 0\.5/],
  ['gamma', `${log}loss: {name: focal, gamma: -1}`, /loss\.gamma: wanted a number from 0 to 10, got -1/],
  ['epsilon', `${log}loss: {name: kl, epsilon: 1}`, /loss\.epsilon: wanted a number from 0 below 1, got 1/],
  ['a key of the controller', search('perid: 2'), /loss\.controller\.perid: unknown key.*did you mean period\?/],
  [
    'an input',
    search('inputs: [y, eror]'),
    /loss\.controller\.inputs\[1\]: wanted y, z, p, error or field:NAME, got the text "eror"; did you mean error\?/,
  ],
  ['an input twice', search('inputs: [y, p, y]'), /loss\.controller\.inputs\[2\]: wanted each item once/],
  ['the temperature', search('temperature: {floor: 0}'), /loss\.controller\.temperature\.floor: wanted a number above 0, got 0/],
  ['a batch', search('batch: 20'), /loss\.controller\.batch: wanted a multiple of train\.lanes \(8\), got 20/],
  ['frozen without a run', search('frozen: true'), /loss\.controller\.from: wanted the directory of a run because loss\.controller\.frozen is true/],
  [
    'a static one with inputs',
    `${log}loss: {static: [bce, mse], controller: {inputs: [y]}}`,
    /loss\.controller\.inputs: wanted an empty list, got a list of 1/,
  ],
  ['equal weights with a controller', `${log}loss: {equal: [bce, mse], controller: {}}`, /loss\.controller: unknown key, wanted one of equal/],
  ['a value without a loss', `${log}loss: {assigned: {field: s, losses: {}, others: bce}}`, /loss\.assigned\.losses: wanted keys, each .*got no key/],
  [
    'a loss of a value',
    `${log}loss: {assigned: {field: s, losses: {a: bc}, others: bce}}`,
    /loss\.assigned\.losses\.a: wanted one of .*did you mean bce\?/,
  ],
  ['no others', `${log}loss: {assigned: {field: s, losses: {a: mse}}}`, /loss\.assigned\.others: wanted one of .*this key is required/],
  [
    'no validation',
    'data: {train: a, split: {validation: 0}}\nloss: {search: [bce, mse]}',
    /data\.split\.validation: wanted a number above 0 because loss\.mode is search/,
  ],
  [
    'no files of validation',
    'data: {train: a, test: b, split: {by: files}}\nloss: {static: [bce, mse]}',
    /data\.validation: wanted at least one file because loss\.mode is static/,
  ],
  ['of one class', `${log}loss: {search: [bce, ce]}`, /loss: wanted one of bce, focal, .* because data\.classes is 1, got ce; did you mean bce\?/],
  [
    'of five classes',
    classes('{search: [ce, bce_noisy]}'),
    /loss: wanted one of ce, focal, kl, hinge because data\.classes is 5, got bce_noisy; did you mean ce\?/,
  ],
  [
    'auc of classes',
    classes('{search: [ce, kl], controller: {objective: auc}}'),
    /loss\.controller\.objective: wanted logloss because data\.classes is 5, got auc/,
  ],
]
for (const [name, text, expected] of refusals) {
  test(`refused: ${name}`, () => assert.match(refusal(text), expected))
}
