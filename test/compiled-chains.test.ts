/**
 * The source of every elementwise chain that a GPU would compile at run time: of all op samples and their gradients, random graphs, and the plans of
 * the built-in models. Compiled by g++ for the CPU it must give the bits of the CPU's kernel; by NVRTC, which needs no GPU, code of one.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { LossJob } from '../common/job/loss.js'
import { gradients } from '../model/autodiff.js'
import { buildTrainingPlan } from '../model/build-plan.js'
import { randomGraph } from '../model/compile/random-graph.test.support.js'
import { compile } from '../model/compile.js'
import { smallController } from '../model/controller/controller-job.test.support.js'
import { nodesOf, type Tensor } from '../model/graph.js'
import type { ModelChoice } from '../model/model.js'
import { ops } from '../model/ops/index.js'
import type { Instruction, Program } from '../model/program.js'
import { buildSample, nasty, normal, type Sample } from '../model/sample.js'
import type { KernelSource } from '../native/ts/binding.js'
import { loadNative } from '../native/ts/load.js'

type Chain = Extract<Instruction, { op: 'elementwise' }>

const root = fileURLToPath(new URL('../../', import.meta.url))
const native = loadNative()
const cuda = native.describeCuda({ libraries: true })
const noCuda = cuda.built ? false : 'this engine was built without CUDA'
const nvrtc = cuda.libraries.find(({ name }) => name === 'NVRTC')
const noNvrtc = noCuda || (nvrtc?.path ? false : `NVRTC is not here: ${nvrtc?.why}`)
const MAX_BATCH = 32
const folder = mkdtempSync(join(tmpdir(), 'lossmith-chains-'))
after(() => rmSync(folder, { recursive: true }))

/** Programs of one chain each, every chain once. */
const programs = noCuda ? [] : [...distinctChains()]
const sources = programs.map((program) => native.chainSources(program)[0] as KernelSource)

test('as host code: bits of the CPU', { skip: noCuda }, () => {
  assert.ok(programs.length > 100, `only ${programs.length} chains`)
  const runs = programs.flatMap((_, chain) => [
    { chain, batch: 7, apart: false, inPlace: false },
    { chain, batch: MAX_BATCH, apart: true, inPlace: false },
    { chain, batch: MAX_BATCH, apart: false, inPlace: true },
  ])
  const prepared = runs.map((run) => ({ ...run, values: valuesOf(programs[run.chain] as Program, run.batch) }))
  writeFileSync(join(folder, 'runs'), Buffer.concat(prepared.map(encode)))
  const program = buildHost()
  const { status, stderr } = spawnSync(program, [join(folder, 'runs'), join(folder, 'answers')], { encoding: 'utf8', timeout: 60_000 })
  assert.equal(status, 0, stderr)
  const answers = readFileSync(join(folder, 'answers'))
  let at = 0
  for (const { chain, batch, values } of prepared) {
    const program = programs[chain] as Program
    const { outputs } = native.runProgram(program, batch, { inputs: values, parameters: {}, tables: {}, seed: 0, step: 0, lane: 0 })
    for (const name of program.outputs) {
      const wanted = outputs[name] as Float32Array
      const got = new Float32Array(answers.buffer.slice(answers.byteOffset + at, answers.byteOffset + at + wanted.byteLength))
      at += wanted.byteLength
      sameBits(got, wanted, `${sources[chain]?.name}, batch ${batch}: ${name}\n${sources[chain]?.text}`)
    }
  }
  assert.equal(at, answers.length)
})

test('as code of a GPU: all compile for sm_90', { skip: noNvrtc }, () => {
  for (const source of sources) {
    const code = Buffer.from(native.compileKernel(source, 90, ''))
    assert.equal(code.toString('latin1', 1, 4), 'ELF', source.name)
    assert.equal(code.readUInt16LE(18), 190, 'machine: CUDA')
    assert.ok(code.includes(`.text.${source.name}`), `${source.name} is not in its code`)
  }
})

test('a GPU that NVRTC does not know yet gets PTX of an older one, which rounds each operation as the CPU does', { skip: noNvrtc }, () => {
  const some = sources.filter(({ name }) => /exp|log|tanh|sigmoid|softplus|pow|div|sqrt/.test(name)).slice(0, 12)
  for (const source of some) {
    const ptx = Buffer.from(native.compileKernel(source, 999, '')).toString()
    assert.match(ptx, /\.target sm_\d+[\s\S]*\.entry elementwise/)
    assert.doesNotMatch(ptx, /\bfma\.|\.ftz|\.approx/, source.name)
    assert.doesNotMatch(ptx, /\.local/, `${source.name}: all in registers`)
  }
})

test('source that does not compile is told in the words of the compiler', { skip: noNvrtc }, () => {
  const bad = { name: 'bad', text: 'extern "C" __global__ void bad() { missing(); }' }
  assert.throws(() => native.compileKernel(bad, 90, ''), { code: 'kernel-source', message: /identifier "missing" is undefined/ })
})

test('compiled once, kept, found again; damaged files are made again; many processes at once', { skip: noNvrtc }, async () => {
  const kept = join(folder, 'kept/kernels')
  const source = sources[0] as KernelSource
  const script = `process.argv[1] && import(process.argv[1]).then(({ loadNative }) => loadNative().compileKernel(${JSON.stringify(source)}, 90, ${JSON.stringify(kept)}))`
  const load = new URL('../native/ts/load.js', import.meta.url).href
  const codes = await Promise.all([1, 2, 3].map(() => exitOf(spawn(process.execPath, ['-e', script, load], { stdio: 'inherit' }))))
  assert.deepEqual(codes, [0, 0, 0])
  const [name, ...others] = readdirSync(kept)
  assert.deepEqual(others, [], 'one file, nothing half done')
  const file = join(kept, name as string)
  const whole = readFileSync(file)
  const fresh = Buffer.from(native.compileKernel(source, 90, ''))
  for (const damaged of [
    whole.subarray(0, 100),
    Buffer.concat([whole.subarray(0, -1), Buffer.from([1 + (whole.at(-1) as number)])]),
    Buffer.alloc(0),
  ]) {
    writeFileSync(file, damaged)
    assert.deepEqual(Buffer.from(native.compileKernel(source, 90, kept)), fresh)
    assert.deepEqual(readFileSync(file), whole)
  }
  // What is kept is what is used: a file that is whole is taken as it is.
  native.compileKernel(source, 80, kept)
  native.compileKernel({ ...source, text: `${source.text}\n` }, 90, kept)
  assert.equal(readdirSync(kept).length, 3, 'one file for each architecture and source')
  assert.deepEqual(Buffer.from(native.compileKernel(source, 90, '/proc/no/such/folder')), fresh, 'a folder that cannot be written')
})

function* distinctChains(): Iterable<Program> {
  const seen = new Set<string>()
  for (const program of allPrograms()) {
    for (const instruction of program.code) {
      if (instruction.op !== 'elementwise') continue
      const one = alone(program, instruction)
      const key = JSON.stringify([one.buffers, one.code])
      if (!seen.has(key)) yield one
      seen.add(key)
    }
  }
}

/** What the chain reads are inputs of the program, what it writes its outputs. */
function alone(program: Program, chain: Chain): Program {
  const reads = [...new Set(chain.inputs)]
  const writes = chain.outputs.map(({ buffer }) => buffer)
  const shape = (buffer: number) => {
    const { batch, inner } = program.buffers[buffer] as Program['buffers'][number]
    return { dtype: 'f32' as const, batch, inner }
  }
  return {
    name: 'one chain',
    maxBatch: MAX_BATCH,
    arenaBytes: 0,
    cut: 1,
    buffers: [
      ...reads.map((buffer, index) => ({ place: 'input' as const, index, ...shape(buffer) })),
      ...writes.map((buffer, index) => ({ place: 'output' as const, index, ...shape(buffer) })),
    ],
    code: [
      {
        ...chain,
        inputs: chain.inputs.map((buffer) => reads.indexOf(buffer)),
        outputs: chain.outputs.map(({ register }, o) => ({ buffer: reads.length + o, register })),
      },
    ],
    inputs: reads.map((_, i) => `in${i}`),
    parameters: [],
    tables: [],
    outputs: writes.map((_, o) => `out${o}`),
  }
}

function* allPrograms(): Iterable<Program> {
  for (const { samples } of ops) for (const sample of samples) yield* programsOf(sample)
  for (let seed = 100; seed < 110; seed++) {
    const { graph, outputs, gradients } = randomGraph(seed, 32)
    yield compile({ name: `random ${seed}`, graph, maxBatch: MAX_BATCH, outputs, gradients })
  }
  const candidates = [{ name: 'bce' }, { name: 'focal', gamma: 2 }, { name: 'hinge' }, { name: 'mse' }] as const
  const loss: LossJob = { mode: 'search', candidates: [...candidates], controller: { ...smallController, inputs: ['y', 'z', 'p', 'error'] } }
  const models: ModelChoice[] = [
    { kind: 'lr' },
    { kind: 'fm', embedding: 8 },
    { kind: 'deepfm', embedding: 8, hidden: [24, 16], dropout: 0.3 },
    { kind: 'wide-and-deep', embedding: 16, hidden: [25, 7], dropout: 0.3 },
    { kind: 'ipnn', embedding: 4, hidden: [24, 16], dropout: 0.3 },
    { kind: 'dcn-v2', embedding: 4, crosses: 2, hidden: [24, 16], dropout: 0 },
  ]
  for (const model of models) {
    const sizes = { fields: 6, numbers: 5, rows: 40 }
    const facts = { baseRate: 0.3, classShares: [], fields: [] }
    const plan = buildTrainingPlan({ model, sizes, loss, facts, optimizer: { kind: 'sgd', rate: 1, weightDecay: 0 }, laneBatch: MAX_BATCH })
    yield* [plan.train, plan.predict]
    if (plan.controller) for (const program of Object.values(plan.controller)) if (isProgram(program)) yield program
  }
}

function isProgram(value: unknown): value is Program {
  return typeof value === 'object' && value !== null && 'code' in value && 'buffers' in value
}

function* programsOf(sample: Sample): Iterable<Program> {
  const { graph, output } = buildSample(sample)
  if (output.rowsOf !== undefined) return
  yield compile({ name: sample.title, graph, maxBatch: MAX_BATCH, outputs: { output } })
  if (sample.differentiable === false) return
  const added: { cotangent?: Tensor } = {}
  const again = buildSample({
    ...sample,
    build(make) {
      const made = sample.build(make)
      added.cotangent = make.input(made.shape)
      return made
    },
  })
  const reached = new Set(nodesOf([again.output]))
  const leaves = again.graph.inputs.filter((leaf) => leaf.dtype === 'f32' && leaf !== added.cotangent && reached.has(leaf))
  if (!added.cotangent || leaves.length === 0) return
  const made = gradients(again.output, leaves, added.cotangent)
  const outputs = Object.fromEntries(made.map((gradient, i) => [`d${i}`, gradient]))
  yield compile({ name: `gradient of ${sample.title}`, graph: again.graph, maxBatch: MAX_BATCH, outputs })
}

/** Numbers of all kinds. */
function valuesOf(program: Program, batch: number): Record<string, Float32Array> {
  let state = 1
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  const sizes = program.buffers.filter(({ place }) => place === 'input').map(({ inner, batch: by }) => inner * (by ? batch : 1))
  const draw = (_: unknown, i: number) => (uniform() < 0.2 ? nasty(uniform, i) : normal(uniform, i))
  return Object.fromEntries(program.inputs.map((name, i) => [name, Float32Array.from({ length: sizes[i] as number }, draw)]))
}

interface HostRun {
  readonly chain: number
  readonly batch: number
  readonly apart: boolean
  readonly inPlace: boolean
  readonly values: Record<string, Float32Array>
}

/** As runOne of chain_host.h reads it. */
function encode({ chain, batch, apart, inPlace, values }: HostRun): Buffer {
  const { code, inputs } = programs[chain] as Program
  const { dims, strides, inputs: reads, outputs } = code[0] as Chain
  const sizes = dims.map((size) => (size < 0 ? -size * batch : size))
  const elements = sizes.reduce((product, size) => product * size, 1)
  const dense = sizes.map((_, d) => sizes.slice(d + 1).reduce((product, size) => product * size, 1))
  const taken = strides.findIndex((walk, i) => walk.every((s, d) => s === dense[d]) && reads.filter((buffer) => buffer === reads[i]).length === 1)
  const given = reads.map((buffer) => values[inputs[buffer] as string] as Float32Array)
  const place = inPlace && taken >= 0 && given[taken]?.length === elements ? taken + 1 : 0
  const head = Uint32Array.from([chain, reads.length, outputs.length, elements, Number(apart), place, ...[0, 1, 2, 3].map((d) => sizes[d] ?? 1)])
  return Buffer.concat([head, ...given.flatMap((numbers) => [Uint32Array.of(numbers.length), numbers])].map((part) => Buffer.from(part.buffer)))
}

/** One program of all chains, each in a namespace of its own. */
function buildHost(): string {
  const texts = sources.map(({ name, text }, i) =>
    text
      .replace('namespace lossmith {', `namespace lossmith::chain${i} {`)
      .replace('extern "C" ', '')
      .replace(/#include .*\n/, '')
      .replaceAll(name, 'kernel'),
  )
  const launches = sources.map((_, i) => `[](const std::vector<uint64_t>& words) { launch(words, lossmith::chain${i}::kernel); },\n`)
  writeFileSync(
    join(folder, 'host.cc'),
    `#include "support/chain_host.h"\n#include "engine/cuda/elementwise_pieces.h"\n${texts.join('')}
int main(int argc, char** argv) { return answer(argc, argv, {${launches.join('')}}); }\n`,
  )
  const flags = ['-std=c++20', '-O1', '-ffp-contract=off', '-fno-math-errno', '-I', join(root, 'test'), '-I', join(root, 'native')]
  const { status, stderr } = spawnSync('g++', [...flags, join(folder, 'host.cc'), '-o', join(folder, 'host')], { encoding: 'utf8', timeout: 300_000 })
  assert.equal(status, 0, stderr)
  return join(folder, 'host')
}

/** Any NaN is as good as another. */
function sameBits(got: Float32Array, wanted: Float32Array, what: string): void {
  const [a, b] = [got, wanted].map(({ buffer, byteOffset, length }) => new Uint32Array(buffer, byteOffset, length)) as [Uint32Array, Uint32Array]
  for (let i = 0; i < wanted.length; i++) {
    const same = a[i] === b[i] || (Number.isNaN(got[i]) && Number.isNaN(wanted[i]))
    if (!same) assert.fail(`wanted ${wanted[i]}, got ${got[i]} at ${i} of ${what}`)
  }
}

const exitOf = (child: ReturnType<typeof spawn>) => new Promise<number | null>((resolve) => child.once('exit', resolve))
