/**
 * The losses of a job: one candidate, several mixed by a rule, or several among which a controller searches for each example.
 * This is the resolved form that programs read; loss-schema.ts has the shorter ways to write it.
 */

export type LossJob =
  | { mode: 'one'; candidates: [CandidateJob] }
  /** Every candidate with the same weight. */
  | { mode: 'equal'; candidates: CandidateJob[] }
  /** One learned weight vector for all examples: a controller without inputs and without hidden units. */
  | { mode: 'static'; candidates: CandidateJob[]; controller: ControllerJob }
  | { mode: 'search'; candidates: CandidateJob[]; controller: ControllerJob }
  /** Each example by the value of a field: what somebody knows who was told. */
  | { mode: 'assigned'; field: string; values: { value: string; candidate: CandidateJob }[]; others: CandidateJob }

/** Formulas: model/losses. */
export type CandidateJob =
  | { name: 'bce' | 'ce' | 'hinge' | 'squared_hinge' | 'mse' }
  | { name: 'focal'; gamma: number }
  | { name: 'kl'; epsilon: number }
  | { name: 'bce_noisy'; rho: number }

export interface ControllerJob {
  /** Of y, z, p, error (|y − p|) and field:<name>. */
  inputs: string[]
  hidden: number[]
  /** Width of the embedding of a field among the inputs. */
  fieldWidth: number
  /** Of the coordinator's Adam. */
  rate: number
  /** The controller learns in every `period`-th step after the first `warmupSteps`, in which the weights stay as they begin. */
  period: number
  warmupSteps: number
  /** Bonus on the mean entropy of the weights: from `start`, linearly, to `end` at the last step of the last epoch. */
  entropy: { start: number; end: number }
  /** Largest norm of the controller's gradient; 0: any. */
  clip: number
  gumbel: boolean
  /** τ = max(floor, start − decay · step). */
  temperature: { start: number; decay: number; floor: number }
  lookahead: 'exact' | 'preconditioned' | 'sgd'
  objective: 'logloss' | 'auc'
  /** 0 to 1: which part of the look-ahead's mean over a lane's examples is taken away from each of them. */
  centre: number
  /** Validation examples of a controller step over all lanes; 0: as train.batch. */
  batch: number
  /** '' or the directory of the run whose controller is loaded. */
  from: string
  /** The controller does not learn; needs `from`. */
  frozen: boolean
}

/** The candidates of a loss, each once; of an assigned one in the order of its values, the others' last. */
export function candidatesOf(loss: LossJob): CandidateJob[] {
  if (loss.mode !== 'assigned') return loss.candidates
  const all = [...loss.values.map(({ candidate }) => candidate), loss.others]
  const texts = all.map((candidate) => JSON.stringify(candidate))
  return all.filter((_, i) => texts.indexOf(texts[i]!) === i)
}

/** null where nothing is learned about the losses. */
export function controllerOf(loss: LossJob): ControllerJob | null {
  return loss.mode === 'search' || loss.mode === 'static' ? loss.controller : null
}

/** A candidate as pictures and tables call it: `bce`, `focal(2)`. */
export function candidateLabel({ name, ...options }: CandidateJob): string {
  const values = Object.values(options)
  return values.length === 0 ? name : `${name}(${values.join(', ')})`
}
