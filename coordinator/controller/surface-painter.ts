/** Pictures of the controller, made by a thread of their own (surface-thread.ts): asked here, written into metrics.jsonl and told to watchers when they come. */
import { Worker } from 'node:worker_threads'
import type { DataFacts } from '../../common/data-facts.js'
import { asLossmithError } from '../../common/rpc/status.js'
import { temperatureAt } from '../../model/controller/temperature.js'
import type { ControllerPlan } from '../../model/plan.js'
import type { RunContext } from '../run-context.js'
import type { Painted } from './surface-thread.js'
import type { Snapshot } from './surfaces.js'

export class SurfacePainter {
  private readonly context: RunContext
  private readonly plan: ControllerPlan
  private readonly thread: Worker
  /** In the order of asking, which is that of answers. */
  private readonly asked: ((surfaces: Painted[]) => void)[] = []
  private painting: Promise<void> = Promise.resolve()

  constructor(context: RunContext, plan: ControllerPlan, facts: DataFacts) {
    this.context = context
    this.plan = plan
    this.thread = new Worker(new URL('./surface-thread.js', import.meta.url), { workerData: { loss: context.job.loss, facts } })
    this.thread.unref()
    this.thread.on('message', (surfaces: Painted[]) => this.asked.shift()?.(surfaces))
    this.thread.on('error', (error) => context.control.fail(asLossmithError(error)))
  }

  /** Its lines keep the place that they have now. */
  paint({ step, version, phi }: Snapshot): void {
    const { directory, events, control } = this.context
    const fill = directory.reserveLines()
    const come = new Promise<Painted[]>((resolve) => this.asked.push(resolve))
    this.thread.postMessage({ phi, temperature: temperatureAt(this.plan.temperature, step) })
    const written = come.then((surfaces) => {
      fill(surfaces.map(({ field, ...surface }) => ({ surface: { step, version, field, ...surface } })))
      for (const { field, candidates, probabilities, rows } of surfaces) {
        const flat = rows.map(({ label, value, weights }) => ({ label, value: value ?? '', weights: weights.flat() }))
        events.emit({ surface: { step, version, field: field ?? '', candidates, probabilities, rows: flat } })
      }
    })
    this.painting = Promise.all([this.painting, written.catch((error) => control.fail(asLossmithError(error)))]).then(() => undefined)
  }

  /** When all that was asked for is written. */
  settled(): Promise<void> {
    return this.context.control.guard(this.painting)
  }

  close(): void {
    void this.thread.terminate()
  }
}
