/** The job's schema and the losses agree: the same names, options, defaults, bounds and labels, although neither knows the other. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noFacts } from '../common/data-facts.js'
import { type CandidateJob, candidateLabel } from '../common/job/loss.js'
import { lossSchema } from '../common/job/loss-schema.js'
import { parseJob } from '../common/job/parse-job.js'
import { candidateOf } from '../model/losses/candidate-of.js'
import { candidates, classCandidates } from '../model/losses/index.js'

const parse = (loss: CandidateJob, classes = 1) => parseJob(JSON.stringify({ data: { train: 'log', classes }, loss }), { file: '/job.yaml' }).loss
const named = lossSchema.forms.name!.schema
assert.ok(named.type === 'variant')
const { variants } = named

test('every candidate of a job is a loss, and every loss a candidate', () => {
  const both = [...Object.keys(candidates), ...Object.keys(classCandidates)]
  assert.deepEqual(new Set(Object.keys(variants)), new Set(both))
  const facts = { ...noFacts, classShares: [0.2, 0.3, 0.5] }
  for (const [name, { keys }] of Object.entries(variants)) {
    for (const [classes, known, data] of [
      [1, candidates, noFacts],
      [3, classCandidates, facts],
    ] as const) {
      const definition = known[name]
      if (definition === undefined) {
        assert.throws(() => parse({ name } as CandidateJob, classes), /loss: wanted one of/, name)
        continue
      }
      assert.deepEqual(Object.keys(keys), Object.keys(definition.options), name)
      const loss = parse({ name } as CandidateJob, classes)
      assert.ok(loss.mode === 'one')
      const [candidate] = loss.candidates
      assert.equal(candidateLabel(candidate), candidateOf(candidate, data).label)
    }
  }
})

test('options have the same defaults and bounds', () => {
  for (const [name, { options }] of Object.entries(candidates)) {
    for (const [option, range] of Object.entries(options)) {
      const schema = variants[name]!.keys[option]!
      assert.ok(schema.type === 'number', `${name}.${option}`)
      const { type: _, text: __, ...bounds } = schema
      assert.deepEqual(bounds, range, `${name}.${option}`)
    }
  }
})
