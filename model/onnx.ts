/**
 * A forward graph as an ONNX model (opset 17, IR 8). The weights are not in memory: the file comes as pieces, bytes or the name of a
 * weight whose bytes belong there, so that a table of gigabytes is streamed. Past `externalFrom` bytes the weights go to a file beside it
 * (ONNX external data), since a protobuf message must stay below 2 GiB. No I/O here: coordinator/export-onnx.ts writes the pieces.
 */
import { brokenError } from '../common/errors.js'
import { innerSize, nameOf, nodesOf, type Shape, type Tensor } from './graph.js'
import { ATTRIBUTE_TYPE, DATA_TYPE, EXTERNAL, encode, FIELD, fieldHead } from './onnx/schema.js'
import type { OnnxNames, OnnxNode } from './op.js'
import { opNamed } from './ops/index.js'

const OPSET = 17
const IR_VERSION = 8
const LARGEST_FILE = 1.5 * 2 ** 30

export interface OnnxOptions {
  readonly name: string
  /** Declared in this order, also where the model does not use one. */
  readonly inputs: readonly Tensor[]
  readonly outputs: Readonly<Record<string, Tensor>>
  readonly metadata?: Readonly<Record<string, string>>
  readonly producerVersion: string
  /** Name of the file of external weights, as the model refers to it. */
  readonly externalName?: string
  readonly externalFrom?: number
}

/** A parameter or table, its bytes float32, row-major, little-endian. */
export interface OnnxWeight {
  readonly name: string
  readonly shape: readonly number[]
  readonly bytes: number
}

export interface OnnxFile {
  readonly pieces: readonly (Uint8Array | OnnxWeight)[]
  /** The weights of the file beside it, one after the other; empty when the model holds them. */
  readonly external: readonly OnnxWeight[]
}

export function onnxFile(options: OnnxOptions): OnnxFile {
  const { name, inputs, outputs, metadata = {}, producerVersion, externalName = 'model.onnx.data', externalFrom = LARGEST_FILE } = options
  const nodes = nodesOf(Object.values(outputs))
  const weights = nodes.filter(({ op }) => op === 'parameter' || op === 'table').map(weightOf)
  const body = writeNodes(nodes, inputs, outputs)
  const external = weights.reduce((sum, { bytes }) => sum + bytes, 0) >= externalFrom
  const graph = encode('Graph', {
    name,
    node: body.nodes.map(encodableNode),
    initializer: [...body.initializers, ...(external ? externalTensors(weights, externalName) : [])],
    input: inputs.map((input) => valueInfo(nameOf(input), input)),
    output: Object.entries(outputs).map(([output, tensor]) => valueInfo(output, tensor)),
  })
  const head = encode('Model', {
    irVersion: IR_VERSION,
    producerName: 'lossmith',
    producerVersion,
    opsetImport: [{ domain: '', version: OPSET }],
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
  })
  if (external) return { pieces: [head, fieldHead(FIELD.modelGraph, graph.length), graph], external: weights }
  const tensors = weights.map(inlineTensor)
  const total = graph.length + tensors.reduce((sum, { bytes }) => sum + bytes, 0)
  return { pieces: [head, fieldHead(FIELD.modelGraph, total), graph, ...tensors.flatMap(({ pieces }) => pieces)], external: [] }
}

interface Body {
  readonly nodes: OnnxNode[]
  readonly initializers: Record<string, unknown>[]
}

/** Leaves keep their own names, a result its output's, everything between gets a path that no leaf can have. */
function writeNodes(nodes: readonly Tensor[], inputs: readonly Tensor[], outputs: Readonly<Record<string, Tensor>>): Body {
  const body: Body = { nodes: [], initializers: [] }
  const names = new Map<Tensor, string>()
  const constants = new Constants(body, inputs)
  for (const tensor of nodes) {
    if (tensor.op === 'input' || tensor.op === 'parameter' || tensor.op === 'table') {
      names.set(tensor, nameOf(tensor))
      continue
    }
    const rule = opNamed(tensor.op).onnx
    if (!rule) throw brokenError('not-exportable', `[onnx] wanted ops of the forward pass, got ${tensor.op}, which is of training only`)
    const output = `/${names.size}/${tensor.op}`
    let temporaries = 0
    names.set(tensor, output)
    body.nodes.push(
      ...rule(tensor, {
        inputs: tensor.inputs.map((input) => names.get(input) as string),
        output,
        temporary: () => `${output}/${temporaries++}`,
        float: (value) => constants.float(value),
        ints: (values) => constants.ints(values),
        shape: (shape) => constants.shape(shape),
      } satisfies OnnxNames),
    )
  }
  for (const [output, tensor] of Object.entries(outputs)) {
    body.nodes.push({ opType: 'Identity', inputs: [names.get(tensor) as string], outputs: [output] })
  }
  return body
}

/** Initializers that ONNX rules ask for, each written once, and shapes with the batch in them. */
class Constants {
  readonly #body: Body
  readonly #inputs: readonly Tensor[]
  readonly #known = new Set<string>()

  constructor(body: Body, inputs: readonly Tensor[]) {
    this.#body = body
    this.#inputs = inputs
  }

  float(value: number): string {
    return this.#initializer(`/float/${Object.is(value, -0) ? '-0' : value}`, [], DATA_TYPE.float, new Float32Array([value]))
  }

  ints(values: readonly number[]): string {
    return this.#initializer(`/ints/${values.join()}`, [values.length], DATA_TYPE.int64, new BigInt64Array(values.map(BigInt)))
  }

  shape(shape: Shape): string {
    if (shape[0] !== 'B') return this.ints(shape as number[])
    const rest = shape.slice(1) as number[]
    return rest.length === 0 ? this.#batch() : this.#node(`/shape/${shape.join()}`, 'Concat', [this.#batch(), this.ints(rest)], { axis: { int: 0 } })
  }

  #batch(): string {
    const input = this.#inputs.find(({ shape }) => shape[0] === 'B')
    if (!input) throw brokenError('not-exportable', '[onnx] wanted an input whose first dimension is the batch, got none')
    return this.#node('/batch', 'Shape', [nameOf(input)], { start: { int: 0 }, end: { int: 1 } })
  }

  #node(name: string, opType: string, inputs: string[], attributes: NonNullable<OnnxNode['attributes']>): string {
    if (!this.#known.has(name)) this.#body.nodes.push({ opType, inputs, outputs: [name], attributes })
    this.#known.add(name)
    return name
  }

  #initializer(name: string, dims: number[], dataType: number, values: Float32Array | BigInt64Array): string {
    if (!this.#known.has(name)) this.#body.initializers.push({ name, dims, dataType, rawData: new Uint8Array(values.buffer) })
    this.#known.add(name)
    return name
  }
}

function encodableNode({ opType, inputs, outputs, attributes = {} }: OnnxNode): Record<string, unknown> {
  const attribute = Object.entries(attributes).map(([name, value]) => {
    if ('int' in value) return { name, i: value.int, type: ATTRIBUTE_TYPE.int }
    if ('ints' in value) return { name, ints: value.ints, type: ATTRIBUTE_TYPE.ints }
    return { name, f: value.float, type: ATTRIBUTE_TYPE.float }
  })
  return { opType, input: inputs, output: outputs, name: outputs[0], attribute }
}

function weightOf(leaf: Tensor): OnnxWeight {
  return { name: nameOf(leaf), shape: leaf.shape as number[], bytes: innerSize(leaf.shape) * 4 }
}

function valueInfo(name: string, { shape, dtype }: Tensor): Record<string, unknown> {
  const dim = shape.map((size) => (size === 'B' ? { dimParam: 'batch' } : { dimValue: size }))
  return { name, type: { tensorType: { elemType: dtype === 'i64' ? DATA_TYPE.int64 : DATA_TYPE.float, shape: { dim } } } }
}

/** One initializer field of the graph: its key and length, the tensor's own fields, then its data. */
function inlineTensor(weight: OnnxWeight): { pieces: (Uint8Array | OnnxWeight)[]; bytes: number } {
  const { name, shape, bytes } = weight
  const tensor = encode('Tensor', { dims: shape, dataType: DATA_TYPE.float, name })
  const data = fieldHead(FIELD.tensorRawData, bytes)
  const head = fieldHead(FIELD.graphInitializer, tensor.length + data.length + bytes)
  return { pieces: [head, tensor, data, weight], bytes: head.length + tensor.length + data.length + bytes }
}

function externalTensors(weights: readonly OnnxWeight[], location: string): Record<string, unknown>[] {
  let offset = 0
  return weights.map(({ name, shape, bytes }) => {
    const externalData = Object.entries({ location, offset: `${offset}`, length: `${bytes}` }).map(([key, value]) => ({ key, value }))
    offset += bytes
    return { name, dims: shape, dataType: DATA_TYPE.float, externalData, dataLocation: EXTERNAL }
  })
}
