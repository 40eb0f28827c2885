/** Losses with a controller as a job resolves them, for tests. */
import type { DataFacts } from '../../common/data-facts.js'
import type { CandidateJob, ControllerJob, LossJob } from '../../common/job/loss.js'

export const clickCandidates: CandidateJob[] = [{ name: 'bce' }, { name: 'focal', gamma: 2 }, { name: 'hinge' }, { name: 'bce_noisy', rho: 0.2 }]
export const classCandidates: CandidateJob[] = [{ name: 'ce' }, { name: 'focal', gamma: 2 }, { name: 'hinge' }]

export const smallController: ControllerJob = {
  inputs: ['y', 'z', 'p', 'error', 'field:slice'],
  hidden: [4, 3],
  fieldWidth: 2,
  rate: 0.003,
  period: 1,
  warmupSteps: 0,
  entropy: { start: 0, end: 0 },
  clip: 0,
  gumbel: false,
  temperature: { start: 1, decay: 0, floor: 0.01 },
  lookahead: 'exact',
  objective: 'logloss',
  centre: 0,
  batch: 0,
  from: '',
  frozen: false,
}

export function searchOf(candidates: CandidateJob[], options: Partial<ControllerJob> = {}): LossJob {
  return { mode: 'search', candidates, controller: { ...smallController, ...options } }
}

/** Column 1 of the ids is the field 'slice', four of whose rows the survey saw. */
export const sliceFacts: DataFacts = {
  baseRate: 0.3,
  classShares: [],
  fields: [{ field: 1, name: 'slice', values: [0, 2, 3, 5].map((row) => ({ text: `s${row}`, row, count: row + 1 })) }],
}
