/**
 * The compiler: from the tensors that leave a graph to the program that the engine runs.
 *   lower      nodes to instructions, each computation once; reshape and broadcast become ways to read
 *   absorb     matrix products take bias and relu
 *   fuse       elementwise instructions become chains, one pass over memory each
 *   schedule   an order, without what nothing needs; what needs a tangent comes last, behind the cut
 *   place      buffers in the arena, results where they belong
 */
import { absorbIntoMatmuls } from './compile/absorb.js'
import { checkProgram } from './compile/check-program.js'
import { fuse } from './compile/fuse.js'
import { lower } from './compile/lower.js'
import { secondPhase } from './compile/phases.js'
import { placeBuffers } from './compile/place-buffers.js'
import { schedule } from './compile/schedule.js'
import { type Graph, nameOf, type Tensor } from './graph.js'
import type { Program } from './program.js'

export interface CompileOptions {
  readonly name: string
  /** Its inputs, parameters and tables, in their order, are the program's; also those that nothing reads. */
  readonly graph: Graph
  readonly maxBatch: number
  readonly outputs: Readonly<Record<string, Tensor>>
  /** By name of parameter (dense) or table (row-sparse). */
  readonly gradients?: ReadonlyMap<string, Tensor>
  /** False: one instruction per op. The results differ by rounding only. */
  readonly fused?: boolean
}

export function compile({ name, graph, maxBatch, outputs, gradients = new Map(), fused = true }: CompileOptions): Program {
  const names = { inputs: graph.inputs.map(nameOf), parameters: graph.parameters.map(nameOf), tables: graph.tables.map(nameOf) }
  const draft = lower(Object.values(outputs), gradients, names)
  const optimised = fused ? fuse(absorbIntoMatmuls(schedule(draft))) : draft
  const scheduled = schedule(optimised)
  const isSecond = secondPhase(scheduled)
  const cut = scheduled.code.filter((c) => !isSecond(c)).length
  const program = { name, maxBatch, ...placeBuffers(scheduled, maxBatch), cut, ...names, outputs: Object.keys(outputs) }
  checkProgram(program)
  return program
}
