/** The controller's surfaces that a run's store keeps, as one panel shows them: of one field, or of all examples. */
import type { SurfaceEvent } from '../../messages.js'

/** Rows by label and value ('' for all examples), each with weights [K, P]. */
export type Surface = Pick<SurfaceEvent, 'step' | 'candidates' | 'probabilities' | 'rows'>

/** Ascending by step; '': of all examples. */
export function surfacesOf(byStep: readonly (readonly SurfaceEvent[])[], field: string): SurfaceEvent[] {
  return byStep.flatMap((surfaces) => surfaces.filter((surface) => surface.field === field))
}

/** Of whose values there are surfaces, in the order of the controller's inputs. Those of one step may come one by one. */
export function fieldsOf(byStep: readonly (readonly SurfaceEvent[])[]): string[] {
  return [...new Set(byStep.flatMap((surfaces) => surfaces.map(({ field }) => field)))].filter((field) => field !== '')
}
