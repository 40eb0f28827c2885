/**
 * The sides of a comparison, made from one job that searches losses: each candidate alone, all with equal weights, one learned weight vector,
 * the search as the job has it, with another period and with the paper's noise; and whatever losses the user adds.
 */
import { configError } from '../../common/errors.js'
import type { Job } from '../../common/job/job.js'
import { candidateLabel, type LossJob } from '../../common/job/loss.js'
import { nearestName } from '../../common/job/nearest-name.js'

export interface Arm {
  /** Stands in tables and names its runs' directories. */
  readonly name: string
  readonly loss: LossJob
}

/** Noise as in Zhao et al., KDD 2021. */
const paperNoise = { gumbel: true, temperature: { start: 1, decay: 5e-5, floor: 0.01 } }

/** Without a choice all of them. Config error compare-arms names what there is. */
export function armsOf(job: Job, chosen: readonly string[] | undefined, own: readonly Arm[]): Arm[] {
  const all = [...defaultArms(job.loss), ...own]
  const names = all.map(({ name }) => name)
  const twice = names.find((name, i) => names.indexOf(name) < i)
  if (twice !== undefined) throw configError('compare-arms', `--arm: wanted a name of its own, got ${twice}, which is taken`)
  if (chosen === undefined) return all
  const picked = chosen.map((wanted) => {
    const arm = all.find(({ name }) => name === wanted) ?? all.find(({ loss }) => loss.mode === 'one' && loss.candidates[0].name === wanted)
    if (arm !== undefined) return arm
    const near = nearestName(wanted, [...names, ...all.flatMap(({ loss }) => (loss.mode === 'one' ? loss.candidates[0].name : []))])
    throw configError('compare-arms', `--arms: wanted some of ${names.join(', ')}, got ${wanted}${near === null ? '' : `; did you mean ${near}?`}`)
  })
  return [...new Set([...picked, ...own])]
}

function defaultArms(loss: LossJob): Arm[] {
  if (loss.mode !== 'search')
    throw configError(
      'compare-arms',
      `wanted a job that searches losses, such as loss: {search: [bce, focal, kl, hinge]}, got loss.mode ${loss.mode}`,
    )
  const { candidates, controller } = loss
  const searched = (name: string, changes: Partial<typeof controller>): Arm => ({
    name,
    loss: { ...loss, controller: { ...controller, ...changes } },
  })
  const periods = [1, 7].filter((period) => period !== controller.period)
  return [
    ...candidates.map((candidate): Arm => ({ name: fileName(candidateLabel(candidate)), loss: { mode: 'one', candidates: [candidate] } })),
    { name: 'equal', loss: { mode: 'equal', candidates } },
    // What a static weight vector does not have: inputs, hidden units, a controller of another run.
    { name: 'static', loss: { mode: 'static', candidates, controller: { ...controller, inputs: [], hidden: [], from: '', frozen: false } } },
    searched('search', {}),
    ...(controller.frozen ? [] : periods.map((period) => searched(`search-${period}`, { period }))),
    ...(controller.gumbel ? [] : [searched('search-gumbel', paperNoise)]),
  ]
}

/** The arm that the others are compared with: plain cross-entropy where there is one, else the first. */
export function baselineOf(arms: readonly Arm[]): Arm {
  return arms.find(({ loss }) => loss.mode === 'one' && (loss.candidates[0].name === 'bce' || loss.candidates[0].name === 'ce')) ?? arms[0]!
}

/** `bce_noisy(0.3)` as a directory is called: bce_noisy-0.3. */
const fileName = (label: string) => label.replace(/\)$/, '').replace(/[^\w.-]+/g, '-')
