import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jobNumber } from '../../job-number.js'
import { yamlLines } from './yaml-tokens.js'

const job = `name: ads
data:
  delimiter: ","
  train:
    - /logs/a b.tsv
    - "-1"
  split: { by: time }
loss:
  mode: search
  candidates:
    - name: focal
      gamma: 2
    - name: bce
  controller:
    rate: 0.003
optimizer:
  epsilon: 1e-8
  amsgrad: false # not ours
`

const kinds = (line: string) =>
  yamlLines(line)[0]!
    .tokens.filter(({ kind }) => kind !== 'space')
    .map(({ kind, text }) => [kind, text])

test('every letter of a job is in a token', () => {
  const lines = yamlLines(job)
  assert.equal(lines.map(({ tokens }) => tokens.map(({ text }) => text).join('')).join('\n'), job.trimEnd())
})

test('keys, strings, numbers, words and comments', () => {
  assert.deepEqual(kinds('name: ads'), [
    ['key', 'name'],
    ['mark', ':'],
    ['string', 'ads'],
  ])
  assert.deepEqual(kinds('  epsilon: 1e-8'), [
    ['key', 'epsilon'],
    ['mark', ':'],
    ['number', '1e-8'],
  ])
  assert.deepEqual(kinds('  amsgrad: false # not ours'), [
    ['key', 'amsgrad'],
    ['mark', ':'],
    ['word', 'false'],
    ['comment', ' # not ours'],
  ])
  assert.deepEqual(kinds('    - "a: #b"'), [
    ['mark', '- '],
    ['string', '"a: #b"'],
  ])
  assert.deepEqual(kinds('    - name: focal'), [
    ['mark', '- '],
    ['key', 'name'],
    ['mark', ':'],
    ['string', 'focal'],
  ])
})

test('the candidates of a search stand out, nothing else', () => {
  const marked = yamlLines(job).flatMap(({ tokens, candidate }) =>
    candidate
      ? [
          tokens
            .map(({ text }) => text)
            .join('')
            .trim(),
        ]
      : [],
  )
  assert.deepEqual(marked, ['- name: focal', 'gamma: 2', '- name: bce'])
})

test('a number of a job by its key', () => {
  assert.equal(jobNumber(job, 'rate'), 0.003)
  assert.equal(jobNumber(job, 'epsilon'), 1e-8)
  assert.equal(jobNumber(job, 'name'), undefined)
  assert.equal(jobNumber(undefined, 'rate'), undefined)
})
