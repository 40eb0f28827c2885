/** Writes the controller's surface into metrics.jsonl and tells whoever watches: over all examples, and by value of each small field among its inputs. */
import type { DataFacts } from '../../common/data-facts.js'
import { controllerOf } from '../../common/job/loss.js'
import { controllerSurface, type Surface } from '../../model/controller/surface.js'
import { temperatureAt } from '../../model/controller/temperature.js'
import type { ControllerPlan } from '../../model/plan.js'
import type { RunContext } from '../run-context.js'
import type { Snapshot } from './surfaces.js'

/** A field of more values is left out: nobody could read the picture. */
const mostValues = 32

export function recordSurface(
  { job: { loss }, directory, events }: RunContext,
  plan: ControllerPlan,
  facts: DataFacts,
  { step, version, phi }: Snapshot,
): void {
  const temperature = temperatureAt(plan.temperature, step)
  const inputs = controllerOf(loss)!.inputs
  const small = facts.fields.filter(({ name, values }) => inputs.includes(`field:${name}`) && values.length <= mostValues)
  for (const field of [null, ...small.map(({ name }) => name)]) {
    const surface = rounded(controllerSurface({ loss, facts, phi, temperature, ...(field === null ? {} : { field }) }))
    directory.addSurface({ step, version, field, ...surface })
    const { candidates, probabilities } = surface
    const rows = surface.rows.map(({ label, value, weights }) => ({ label, value: value ?? '', weights: weights.flat() }))
    events.emit({ surface: { step, version, field: field ?? '', candidates, probabilities, rows } })
  }
}

/** Six digits: more than a picture shows, and a third of the bytes. */
function rounded({ candidates, probabilities, rows }: Surface): Surface {
  const round = (values: readonly number[]) => values.map((value) => Number(value.toPrecision(6)))
  return { candidates, probabilities: round(probabilities), rows: rows.map((row) => ({ ...row, weights: row.weights.map(round) })) }
}
