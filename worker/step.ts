/**
 * One step of one rank, as DESIGN.md §4 tells it. Every native call below runs on the engine's own threads; this thread only waits, so
 * heartbeats go on. Where the losses are searched, some steps also ask: which mixture of them would have made this very update better for
 * examples that are never trained on? What the lanes find goes to the coordinator, whose answer is waited for before the next compute only.
 */
import { configError } from '../common/errors.js'
import { temperatureAt } from '../model/controller/temperature.js'
import type { StepSummary, ValidationLane } from '../native/ts/binding.js'
import type { Commit, Lesson, StepParts } from './commit.js'

/**
 * `order`: ask all ranks to yield after this step.
 * @throws config `loss-not-finite`, `no-validation-rows`, and whatever the engine meets; then nothing was updated
 */
export async function step(number: number, order: boolean, parts: StepParts): Promise<Commit> {
  const { trainer, feed, controller } = parts
  const start = performance.now()

  // controller: the answer to what was last sent; every lane of every rank weighs its losses with it from here on
  const answer = await controller?.learning?.link.answer()
  if (answer) trainer.setController(answer.phi, answer.version)
  const ready = performance.now()

  // read + compute: each own lane takes its next B/L examples: forward, loss, backward; gradients of the lane's sum, no weight moves
  const learns = teaches(number, parts)
  const lanes = await trainer.compute(number, feed, {
    search: learns,
    temperature: controller ? temperatureAt(controller.plan.temperature, number) : 1,
  })
  const computed = performance.now()

  // exchange: dense gradients by the lane tree, table gradients as (row, gradient), cursors, counts, finite flags
  const sum = await trainer.exchange(order)
  const exchanged = performance.now()

  // finite agreement: all ranks see the same flags, so all go on or all stop here
  requireFinite(number, sum.notFinite, 'loss and gradient')

  // search: what this step's weights and gradient would have done to validation examples under other mixtures
  const lesson = learns && sum.examples > 0 ? await teach(number, parts) : null
  const searched = performance.now()

  // update: the summed gradient times 1/N of the global count; the end of an epoch may have rejects and no example at all
  if (sum.examples > 0) await trainer.update(number)

  // commit: this rank has finished the step
  const times = {
    controllerWaitMs: ready - start,
    computeMs: computed - ready,
    exchangeMs: exchanged - computed,
    searchMs: searched - exchanged,
    updateMs: performance.now() - searched,
  }
  return { step: number, lanes, sum, lesson, times }
}

/** The controller learns in every period-th step after its warm-up. */
function teaches(number: number, { controller }: StepParts): boolean {
  if (!controller?.learning) return false
  const { period, warmupSteps } = controller.plan
  return number > warmupSteps && number % period === 0
}

async function teach(number: number, { trainer, controller }: StepParts): Promise<Lesson> {
  const { feed, link } = controller!.learning!

  // validate: each own lane takes its next validation examples: forward without dropout, objective, backward
  const lanes = await trainer.validate(number, feed)

  // exchange: as above; of table rows only those that this step's update will touch
  const { examples, lossSum, notFinite } = await trainer.exchangeValidation()
  requireFinite(number, notFinite, 'validation loss and gradient')
  requireExamples(number, examples, lanes)

  // tangents: one number an example, how the validation loss changes with the pull of this example; from them the controller's gradient
  link.send(number, await trainer.tangents(number))
  return { examples, lossSum, cursors: lanes.map(({ lane, cursor }) => ({ lane, cursor })) }
}

function requireFinite(number: number, notFinite: StepSummary['notFinite'], what: string): void {
  if (notFinite.length === 0) return
  const lanes = `${notFinite.length === 1 ? 'lane' : 'lanes'} ${notFinite.join(', ')}`
  throw configError(
    'loss-not-finite',
    `[step ${number}] wanted a finite ${what}, got NaN or infinity in ${lanes}; step ${number} was not applied. A lower optimizer.rate is the usual cure`,
  )
}

function requireExamples(number: number, examples: number, lanes: readonly ValidationLane[]): void {
  if (examples > 0) return
  const rejected = lanes.reduce((sum, lane) => sum + lane.rejected, 0)
  throw configError(
    'no-validation-rows',
    `[step ${number}] wanted validation examples for the controller to learn from, got none: ${rejected} malformed lines in this rank's share of the validation split`,
  )
}
