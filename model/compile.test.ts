import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { gradients } from './autodiff.js'
import { interpretProgram } from './compile/interpret-program.test.support.js'
import { randomGraph } from './compile/random-graph.test.support.js'
import { compile } from './compile.js'
import { Graph, nameOf, nodesOf, type Tensor } from './graph.js'
import type { DenseValue, RowsValue } from './op.js'
import { broadcast } from './ops/broadcast.js'
import { dropoutMask } from './ops/dropout-mask.js'
import { ops } from './ops/index.js'
import { lookup } from './ops/lookup.js'
import { matmul } from './ops/matmul.js'
import { reduceSum } from './ops/reduce-sum.js'
import { reshape } from './ops/reshape.js'
import { add, mul, neg, relu, softplus, square, sub } from './ops/scalar-functions.js'
import { slice } from './ops/slice.js'
import type { Program } from './program.js'
import { evaluate } from './reference.js'
import { buildSample } from './sample.js'
import { forwardTangent } from './tangent.js'

const MAX_BATCH = 9
const INIT = { kind: 'zeros' } as const

describe('a compiled program computes what the reference computes', () => {
  for (const op of ops) {
    if (op.name === 'dropout_mask' || op.name === 'uniform') continue // the interpreter draws nothing; test/op-loop.test.ts compares the engine's
    test(op.name, () => {
      for (const sample of op.samples) {
        const { graph, output, values } = buildSample(sample)
        const rows = output.rowsOf !== undefined
        const gradients = new Map(rows ? [[output.rowsOf as string, output]] : [])
        const program = compile({ name: sample.title, graph, maxBatch: MAX_BATCH, outputs: rows ? {} : { output }, gradients })
        for (const batch of [1, 5, MAX_BATCH]) compareWithReference(program, batch, values(batch), rows ? {} : { output }, gradients)
      }
    })
  }

  test('fifty random graphs with their gradients', () => {
    for (let seed = 0; seed < 50; seed++) {
      const { graph, outputs, gradients, values } = randomGraph(seed)
      const program = compile({ name: `random ${seed}`, graph, maxBatch: MAX_BATCH, outputs, gradients })
      for (const batch of [1, 7]) compareWithReference(program, batch, values(batch), outputs, gradients)
    }
  })

  test('with tangents of all weights, in two phases', () => {
    for (let seed = 100; seed < 115; seed++) {
      const { graph, outputs, gradients, values } = randomGraph(seed)
      const used = nodesOf([outputs.loss as Tensor])
      const leaves = [...graph.parameters, ...graph.tables].filter((leaf) => used.includes(leaf))
      if (leaves.length === 0) continue
      const tangent = forwardTangent(outputs.loss as Tensor, new Map(leaves.map((leaf) => [leaf, graph.tangentOf(leaf)])))
      const program = compile({ name: `random ${seed}`, graph, maxBatch: MAX_BATCH, outputs: { ...outputs, tangent }, gradients })
      assert.ok(program.cut < program.code.length)
      const tangents = leaves.map((leaf): [string, DenseValue] => [nameOf(graph.tangentOf(leaf)), alternating(leaf.shape as number[])])
      compareWithReference(program, 7, new Map([...values(7), ...tangents]), { ...outputs, tangent }, gradients)
    }
  })

  test('without fusion, too', () => {
    for (let seed = 50; seed < 60; seed++) {
      const { graph, outputs, gradients, values } = randomGraph(seed)
      const program = compile({ name: `random ${seed}`, graph, maxBatch: MAX_BATCH, outputs, gradients, fused: false })
      compareWithReference(program, 5, values(5), outputs, gradients)
    }
  })

  test('outputs that are leaves, broadcasts, constants or one value twice are copied out', () => {
    const graph = new Graph()
    const x = graph.input('x', ['B'])
    const w = graph.parameter('w', [3], INIT)
    const outputs = { x, again: x, sum: add(x, 1), same: add(x, 1), wide: add(graph.input('y', ['B', 1]), mul(w, 0)) }
    const wanted = new Map([['w', gradients(reduceSum(x, 0), [w])[0] as Tensor]])
    const program = compile({ name: 'copies', graph, maxBatch: MAX_BATCH, outputs, gradients: wanted })
    const values = new Map([['x', dense([2], [1, 2])], ['y', dense([2, 1], [3, 4])], ['w', dense([3], [5, 6, 7])]]) // biome-ignore format: one line
    compareWithReference(program, 2, values, outputs, wanted)
  })
})

describe('views and fusion at their limits', () => {
  const cases: [string, (x: Tensor, w: Tensor) => Record<string, Tensor>][] = [
    ['a broadcast reshaped across the repeated axis', (x) => ({ y: neg(reshape(broadcast(reshape(x, ['B', 1, 4]), ['B', 3, 4]), ['B', 12])) })],
    ['a broadcast reshaped beside the repeated axis', (x) => ({ y: neg(reshape(broadcast(reshape(x, ['B', 4, 1]), ['B', 4, 6]), ['B', 4, 3, 2])) })],
    ['a repeated last axis made one with the next', (x) => ({ y: neg(reshape(broadcast(reshape(x, ['B', 4, 1]), ['B', 4, 6]), ['B', 24])) })],
    ['a chain that needs another place of its own result', (x) => ({ y: sub(square(x), slice(square(x), 1, 0, 1)) })],
    ['a product that is read before and after its bias', (x, w) => ({ y: add(relu(add(matmul(x, w), slice(w, 0, 0, 1))), matmul(x, w)) })],
    ['a product that leaves and goes on', (x, w) => ({ z: matmul(x, w), y: relu(matmul(x, w)) })],
    ['a bias along the batch, which no product takes', (x, w) => ({ y: add(matmul(x, w), reduceSum(x, 1, { keepDims: true })) })],
    ['a column times a row, with what follows it', (x, w) => ({ y: relu(matmul(slice(x, 1, 1, 1), slice(w, 0, 2, 1))) })],
    ['two results of one number', (x) => ({ y: neg(x), again: reshape(neg(x), ['B', 2, 2]), sum: reduceSum(neg(x), 1) })],
  ]
  for (const [what, build] of cases) {
    test(what, () => {
      const graph = new Graph()
      const outputs = build(graph.input('x', ['B', 4]), graph.parameter('w', [4, 4], INIT))
      const program = compile({ name: what, graph, maxBatch: MAX_BATCH, outputs })
      const w = dense(
        [4, 4],
        Array.from({ length: 16 }, (_, i) => Math.cos(i)),
      )
      for (const batch of [0, 1, 3]) {
        const x = dense([batch, 4], Array.from({ length: batch * 4 }, (_, i) => Math.sin(i + 1))) // biome-ignore format: one line
        compareWithReference(program, batch, new Map([['x', x], ['w', w]]), outputs, new Map()) // biome-ignore format: one line
      }
    })
  }
})

describe('a program makes no needless passes', () => {
  test('bias and relu run inside the product, and the backward pass needs no sum before the relu', () => {
    const graph = new Graph()
    const w = graph.parameter('w', [6, 4], INIT)
    const b = graph.parameter('b', [4], INIT)
    const h = relu(add(matmul(graph.input('x', ['B', 6]), w), b))
    const loss = reduceSum(reduceSum(h, 1), 0)
    const grads = gradients(loss, [w, b])
    const program = compile({ name: 'layer', graph, maxBatch: 8, outputs: { loss }, gradients: new Map([['w', grads[0]!], ['b', grads[1]!]]) }) // biome-ignore format: one line
    assert.deepEqual(program.code.map(({ op }) => op).sort(), ['elementwise', 'matmul', 'matmul', 'reduce_sum', 'reduce_sum', 'reduce_sum'])
    assert.ok(program.code.some((c) => c.op === 'matmul' && c.activation === 'relu' && c.bias >= 0))
  })

  test('the gradient of a factorisation machine and of the layers above it is one pass over the embeddings', () => {
    const { program } = deepfmLike()
    const wide = program.code.filter((c) => c.op === 'elementwise' && c.outputs.some(({ buffer }) => program.buffers[buffer]?.inner === 5 * 4))
    assert.equal(wide.length, 2, 'squares forward, everything backward')
    const last = program.code.findLast((c) => c.op === 'elementwise' && c.dims.length === 3)
    assert.ok(last?.op === 'elementwise' && last.steps.length <= 4, 'three or four scalar functions')
  })

  test('a chain writes over an input that ends with it, and the arena is smaller than all buffers together', () => {
    const { program } = deepfmLike()
    const arena = program.buffers.filter(({ place }) => place === 'arena')
    const apart = arena.reduce((sum, { batch, inner }) => sum + (batch ? program.maxBatch : 1) * inner * 4, 0)
    assert.ok(program.arenaBytes < apart / 1.7, `${program.arenaBytes} of ${apart} bytes`)
  })

  test('the gradient of a last layer of one unit joins the pass of the relu before it', () => {
    const { program } = deepfmLike()
    const products = program.code.flatMap((c) => (c.op === 'matmul' ? [c] : []))
    assert.equal(products.length, 5, 'two forward, two of weights, one of the embeddings')
    assert.ok(products.every(({ k }) => k !== 1))
  })

  test('equal nodes are computed once', () => {
    const graph = new Graph()
    const x = graph.input('x', ['B', 3])
    const program = compile({ name: 'cse', graph, maxBatch: 4, outputs: { a: reduceSum(neg(x), 1), b: reduceSum(neg(x), 1) } })
    assert.equal(program.code.filter(({ op }) => op === 'reduce_sum').length, 1)
  })

  test('constants are folded', () => {
    const graph = new Graph()
    const x = graph.input('x', ['B'])
    const program = compile({ name: 'fold', graph, maxBatch: 4, outputs: { y: mul(mul(neg(x), 2), 0.5) } })
    const [chain] = program.code
    assert.ok(program.code.length === 1 && chain?.op === 'elementwise')
    assert.deepEqual(
      chain.steps.map(({ f }) => f),
      ['neg'],
    )
  })

  test('a chain holds no more registers and dimensions than the engine', () => {
    const graph = new Graph()
    const inputs = Array.from({ length: 40 }, (_, i) => graph.input(`x${i}`, ['B', 3]))
    const program = compile({ name: 'long', graph, maxBatch: 4, outputs: { y: inputs.reduce((a, b) => add(a, b)) } })
    const chains = program.code.flatMap((c) => (c.op === 'elementwise' ? [c] : []))
    assert.ok(chains.length > 1 && chains.length < 6, `${chains.length} chains`)
    assert.ok(chains.every(({ registers, dims }) => registers <= 16 && dims.length <= 4))
    const values = new Map(inputs.map((leaf, i) => [nameOf(leaf), dense([1, 3], [i, 2 * i, 3 * i])]))
    assert.deepEqual(
      [...(interpretProgram(program, 1, new Map([...values].map(([name, v]) => [name, v.data]))).outputs.get('y') ?? [])],
      [780, 1560, 2340],
    )
  })

  test('a program is plain JSON', () => {
    const { program } = deepfmLike()
    assert.deepEqual(JSON.parse(JSON.stringify(program)), program)
  })
})

/** Two fields of a factorisation machine, a hidden layer with dropout, the loss, all gradients. */
function deepfmLike(): { program: Program } {
  const graph = new Graph()
  const e = lookup(graph.table('table', 30, 4, INIT), graph.input('ids', ['B', 5], 'i64'))
  const s = reduceSum(e, 1)
  const fm = mul(reduceSum(sub(square(s), reduceSum(square(e), 1)), 1), 0.5)
  const h = mul(
    relu(add(matmul(reshape(e, ['B', 20]), graph.parameter('w0', [20, 8], INIT)), graph.parameter('b0', [8], INIT))),
    dropoutMask(8, 0.2, 'dropout/h'),
  )
  const z = add(fm, reshape(matmul(h, graph.parameter('w1', [8, 1], INIT)), ['B']))
  const loss = reduceSum(sub(softplus(z), mul(z, graph.input('labels', ['B']))), 0)
  const wrt = [...graph.parameters, ...graph.tables]
  const grads = new Map(gradients(loss, wrt).map((gradient, i) => [nameOf(wrt[i] as Tensor), gradient]))
  return { program: compile({ name: 'train', graph, maxBatch: 64, outputs: { loss, logits: z }, gradients: grads }) }
}

function compareWithReference(
  program: Program,
  batch: number,
  values: ReadonlyMap<string, DenseValue>,
  outputs: Readonly<Record<string, Tensor>>,
  gradients: ReadonlyMap<string, Tensor>,
): void {
  const numbers = new Map([...values].map(([name, { data }]) => [name, data]))
  const tangents = [...numbers]
    .filter(([name]) => name.startsWith('tangent of '))
    .map(([name, data]) => [name.replace('tangent of ', ''), data] as const)
  const got = interpretProgram(program, batch, numbers, new Map(tangents))
  const names = Object.keys(outputs)
  const wanted = evaluate([...Object.values(outputs), ...gradients.values()], { values, batch })
  for (const [i, name] of names.entries()) compareNumbers(`${program.name}: ${name}`, got.outputs.get(name), (wanted[i] as DenseValue).data)
  for (const [i, [name, tensor]] of [...gradients].entries()) {
    const value = wanted[names.length + i]
    if (tensor.rowsOf === undefined) {
      compareNumbers(`${program.name}: gradient of ${name}`, got.gradients.get(name), (value as DenseValue).data)
      continue
    }
    const rows = (value as RowsValue).rows
    assert.deepEqual([...(got.rows.get(name)?.keys() ?? [])].sort(), [...rows.keys()].sort(), `${program.name}: rows of ${name}`)
    for (const [row, numbers] of rows) compareNumbers(`${program.name}: row ${row} of ${name}`, got.rows.get(name)?.get(row), numbers)
  }
}

/** Both are float64; they differ by the order of sums and by constants that the compiler multiplied together. */
function compareNumbers(what: string, got: Float64Array | undefined, wanted: Float64Array): void {
  assert.equal(got?.length, wanted.length, `${what}: elements`)
  wanted.forEach((number, i) => {
    const other = got?.[i] as number
    const fits = Object.is(other, number) || other === number || Math.abs(other - number) <= 1e-9 * (1 + Math.abs(number))
    assert.ok(fits, `${what}[${i}]: wanted ${number}, got ${other}`)
  })
}

function alternating(shape: number[]): DenseValue {
  return { shape, data: Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.cos(2 * i)) }
}

function dense(shape: number[], data: number[]): DenseValue {
  return { shape, data: Float64Array.from(data) }
}
