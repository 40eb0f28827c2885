/** What workers compute on, by the job's word, their own and what they have; and which GPU of theirs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseJob } from '../common/job/parse-job.js'
import type { JoinRequest__Output as JoinRequest } from '../proto/generated/lossmith/v1/JoinRequest.js'
import { choosePlacement, dealGpus } from './choose-device.js'

const job = (...set: string[]) => parseJob('data: {train: a.tsv}', { file: 'a.yaml', set })
const gpu = (uuid: string, gpuClass = 'cuda sm_90') => ({ ordinal: 0, name: 'H200', uuid, gpuClass, memoryBytes: 2 ** 37 })
const request = (device: string, ...gpus: ReturnType<typeof gpu>[]) =>
  ({ device, gpus, noGpu: gpus.length === 0 ? 'no driver' : '' }) as unknown as JoinRequest
const withGpu = (device = 'auto') => request(device, gpu('a'))
const first = { name: 'w0', placement: { device: 'cuda' as const, gpus: [gpu('a')] } }
const firstOnCpu = { name: 'w0', placement: { device: 'cpu' as const, gpus: [] } }

test('auto: a GPU where there is one, else the CPU; a word of the job or the worker decides', () => {
  const deviceOf = (set: string[], worker: JoinRequest) => {
    const placement = choosePlacement(job(...set), worker, undefined)
    return 'code' in placement ? placement.code : placement.device
  }
  assert.equal(deviceOf([], withGpu()), 'cuda')
  assert.equal(deviceOf([], request('auto')), 'cpu')
  assert.equal(deviceOf([], withGpu('cpu')), 'cpu')
  assert.equal(deviceOf([], withGpu('cuda')), 'cuda')
  assert.equal(deviceOf(['cluster.device=cpu'], withGpu()), 'cpu')
  assert.equal(deviceOf(['cluster.device=cuda'], withGpu()), 'cuda')
  assert.equal(deviceOf(['cluster.device=cpu'], withGpu('cuda')), 'device-mismatch')
  assert.equal(deviceOf(['cluster.device=cuda'], withGpu('cpu')), 'device-mismatch')
  assert.equal(deviceOf(['cluster.device=cuda'], request('auto')), 'no-gpu')
})

test('what only GPUs can do is refused without one, with the reason why there is none', () => {
  const wanted = 'a GPU, for train.precision bf16 (float32 needs none)'
  assert.deepEqual(choosePlacement(job('train.precision=bf16'), request('auto'), undefined), { code: 'no-gpu', wanted, got: 'none: no driver' })
  const allreduce = choosePlacement(job('cluster.exchange=allreduce', 'train.determinism=false'), request('auto'), undefined)
  assert.deepEqual(allreduce, { code: 'no-gpu', wanted: 'a GPU, for cluster.exchange allreduce (tree needs none)', got: 'none: no driver' })
})

test('workers of a run are alike: never CPUs with GPUs, and GPUs of one class unless determinism is off', () => {
  const mixed = '(cluster.device: cpu makes all of them use the CPU)'
  assert.deepEqual(choosePlacement(job(), request('auto'), first), {
    code: 'device-mismatch',
    wanted: `a GPU as w0 has ${mixed}`,
    got: 'none: no driver',
  })
  assert.deepEqual(choosePlacement(job(), withGpu(), firstOnCpu), {
    code: 'device-mismatch',
    wanted: `the CPU as w0 has ${mixed}`,
    got: 'a GPU, H200',
  })
  const other = request('auto', gpu('b', 'cuda sm_80'))
  assert.deepEqual(choosePlacement(job(), other, first), {
    code: 'gpu-class-mismatch',
    wanted: 'GPU class "cuda sm_90" as w0 has (results would depend on who computes; train.determinism: false allows it)',
    got: '"cuda sm_80"',
  })
  assert.deepEqual(choosePlacement(job('train.determinism=false'), other, first), { device: 'cuda', gpus: other.gpus })
  const both = request('auto', gpu('b', 'cuda sm_80'), gpu('c'))
  assert.deepEqual(choosePlacement(job(), both, first), { device: 'cuda', gpus: [gpu('c')] })
})

test('GPUs are dealt evenly over the workers that may use them', () => {
  const uuids = (...candidates: string[][]) => dealGpus(candidates.map((names) => names.map((name) => gpu(name)))).map((one) => one?.uuid)
  assert.deepEqual(uuids(['a', 'b'], ['a', 'b'], ['a', 'b']), ['a', 'b', 'a'])
  assert.deepEqual(uuids(['b'], ['a', 'b'], ['c', 'd']), ['b', 'a', 'c'])
  assert.deepEqual(uuids([], []), [undefined, undefined])
})
