/** A thread beside the coordinator's own that makes pictures of the controller: tens of milliseconds each, which ranks that wait for phi must not feel. */
import { parentPort, workerData } from 'node:worker_threads'
import type { DataFacts } from '../../common/data-facts.js'
import { controllerOf, type LossJob } from '../../common/job/loss.js'
import { controllerSurface, type Surface } from '../../model/controller/surface.js'

export interface Painted extends Surface {
  /** Whose values the rows are for; null: fields among the controller's inputs at the mean of their embeddings. */
  readonly field: string | null
}

/** A field of more values is left out: nobody could read the picture. */
const mostValues = 32

const { loss, facts } = workerData as { loss: LossJob; facts: DataFacts }
const inputs = controllerOf(loss)!.inputs
const small = facts.fields.filter(({ name, values }) => inputs.includes(`field:${name}`) && values.length <= mostValues)

parentPort!.on('message', ({ phi, temperature }: { phi: Float32Array; temperature: number }) => {
  const paint = (field: string | null): Painted => ({
    field,
    ...rounded(controllerSurface({ loss, facts, phi, temperature, ...(field === null ? {} : { field }) })),
  })
  parentPort!.postMessage([null, ...small.map(({ name }) => name)].map(paint))
})

/** Six digits: more than a picture shows, and a third of the bytes. */
function rounded({ candidates, probabilities, rows }: Surface): Surface {
  const round = (values: readonly number[]) => values.map((value) => Number(value.toPrecision(6)))
  return { candidates, probabilities: round(probabilities), rows: rows.map((row) => ({ ...row, weights: row.weights.map(round) })) }
}
