/** The schema of a job's loss: the forms it may be written in, each resolved to a LossJob (loss.ts), and what one key alone cannot show. */
import type { Job } from './job.js'
import { type CandidateJob, candidatesOf, controllerOf, type LossJob } from './loss.js'
import { nearestName } from './nearest-name.js'
import type { FormsSchema, ListSchema, NumberSchema, ObjectSchema, Schema, VariantSchema } from './schema.js'

const object = (text: string, keys: Record<string, Schema>, explained?: string): ObjectSchema => ({
  type: 'object',
  text,
  keys,
  ...(explained !== undefined && { explained }),
})
const atLeast = (min: number, fallback: number, text: string): NumberSchema => ({ type: 'number', min, default: fallback, text })
const above = (fallback: number, text: string): NumberSchema => ({ type: 'number', above: 0, default: fallback, text })
const whole = (min: number, fallback: number, text: string): NumberSchema => ({
  type: 'integer',
  min,
  max: Number.MAX_SAFE_INTEGER,
  default: fallback,
  text,
})

const candidate: VariantSchema = {
  type: 'variant',
  tag: 'name',
  text: 'One loss for all examples; `loss: bce` is enough where its options are the defaults. Without `loss`: bce, with several classes ce.',
  orTag: true,
  variants: {
    bce: object('Binary cross-entropy.', {}),
    ce: object('Cross-entropy over several classes (`data.classes`).', {}),
    focal: object('−(1−p)^γ log p of the label’s probability p: less for examples that are easy.', {
      gamma: { type: 'number', min: 0, max: 10, default: 2, text: 'γ; 0 is cross-entropy.' },
    }),
    kl: object('Kullback-Leibler divergence of the smoothed label (1−ε)y + ε/2 and the prediction.', {
      epsilon: { type: 'number', min: 0, below: 1, default: 0.05, text: 'ε; 0 is cross-entropy.' },
    }),
    hinge: object('max(0, 1 − s·z) of the logit z with s = ±1.', {}),
    squared_hinge: object('max(0, 1 − s·z)².', {}),
    mse: object('(y − p)², the Brier score.', {}),
    bce_noisy: object('Cross-entropy of a label that is flipped with probability ρ: −log of the probability of the label seen.', {
      rho: { type: 'number', above: 0, below: 0.5, default: 0.1, text: 'ρ.' },
    }),
  },
}

const candidates = (text: string): ListSchema => ({ type: 'list', item: candidate, minItems: 2, distinct: true, text })

const inputNames = ['y', 'z', 'p', 'error']
const controllerKeys: Record<string, Schema> = {
  inputs: {
    type: 'list',
    item: {
      type: 'text',
      pattern: { expression: /^(y|z|p|error|field:\S.*)$/, wanted: 'y, z, p, error or field:NAME', near: inputNames },
      text: 'an input',
    },
    distinct: true,
    default: inputNames,
    text: 'What the weights of an example depend on: label, logit, probability, |y − p|, fields of the log.',
  },
  hidden: {
    type: 'list',
    item: { type: 'integer', min: 1, max: 4096, text: 'units' },
    default: [32, 32],
    text: 'Units of the hidden layers.',
  },
  fieldWidth: { type: 'integer', min: 1, max: 256, default: 4, text: 'Width of the embedding of a field among the inputs.' },
  rate: above(0.003, 'Learning rate of the controller’s Adam.'),
  period: whole(1, 1, 'Steps from one update of the controller to the next.'),
  warmupSteps: whole(0, 20, 'First steps, in which the controller does not learn; a new one weighs all candidates the same.'),
  entropy: object('Bonus on the mean entropy of the weights, linear from start to end: choices are kept open at first and made in the end.', {
    start: atLeast(0, 0, 'Bonus at step 0.'),
    end: atLeast(0, 0, 'Bonus at the last step of the last epoch.'),
  }),
  clip: atLeast(0, 1, 'Largest norm of the controller’s gradient; 0 for any.'),
  gumbel: { type: 'boolean', default: false, text: 'Gumbel noise on the logarithms of the weights.' },
  temperature: object('τ = max(floor, start − decay · step) divides the logarithms of the weights.', {
    start: above(1, 'τ at step 0.'),
    decay: atLeast(0, 0, 'Less τ with every step.'),
    floor: above(0.01, 'Smallest τ.'),
  }),
  lookahead: {
    type: 'choice',
    of: ['exact', 'preconditioned', 'sgd'],
    default: 'preconditioned',
    text: 'How the optimizer’s step enters the derivative of the validation loss: docs/autoloss.md.',
  },
  objective: {
    type: 'choice',
    of: ['logloss', 'auc'],
    default: 'logloss',
    text: 'What the validation examples measure; auc is a smooth pairwise surrogate inside a lane.',
  },
  centre: {
    type: 'number',
    min: 0,
    max: 1,
    default: 0,
    text: 'Part of what the examples of a lane have in common in the look-ahead that the controller does not see: docs/autoloss.md.',
  },
  batch: { ...whole(0, 0, 'Validation examples of an update, over all lanes; 0: as `train.batch`.'), max: 1 << 24 },
  from: { type: 'text', path: true, orEmpty: true, default: '', text: 'Directory of the run whose controller is loaded; empty for a new one.' },
  frozen: { type: 'boolean', default: false, text: 'Keep the loaded controller as it is.' },
}
const controller = object('The network that weighs the candidates.', controllerKeys)
const noInput = (list: Schema): Schema => ({ ...(list as ListSchema), default: [], maxItems: 0 })
const staticController = object(
  '',
  { ...controllerKeys, inputs: noInput(controllerKeys.inputs!), hidden: noInput(controllerKeys.hidden!) },
  'as `loss.controller` of a search; inputs and hidden stay empty',
)
const field: Schema = { type: 'text', text: 'Field of the log by whose value an example gets its loss.' }
const others: VariantSchema = { ...candidate, text: 'Loss of all other examples.', explained: 'as an item of `loss.search`' }

const resolved: VariantSchema = {
  type: 'variant',
  tag: 'mode',
  text: 'The form that `--print-job` shows.',
  variants: {
    one: object('', { candidates: { type: 'list', item: candidate, minItems: 1, maxItems: 1, text: '' } }, '`loss: NAME`'),
    equal: object('', { candidates: candidates('') }, '`loss: {equal: …}`'),
    static: object('', { candidates: candidates(''), controller: staticController }, '`loss: {static: …}`'),
    search: object('', { candidates: candidates(''), controller }, '`loss: {search: …}`'),
    assigned: object(
      '',
      {
        field,
        values: {
          type: 'list',
          item: object('', { value: { type: 'text', text: 'a value' }, candidate }),
          minItems: 1,
          text: '',
        },
        others,
      },
      '`loss: {assigned: …}`',
    ),
  },
}

interface Controlled {
  controller: unknown
}
interface Assigned {
  assigned: { field: string; losses: Record<string, CandidateJob>; others: CandidateJob }
}

export const lossSchema: FormsSchema = {
  type: 'forms',
  text: 'What the examples are trained with: one loss, or several.',
  computed: 'bce, with several classes ce',
  textForm: 'name',
  forms: {
    name: { schema: candidate, resolve: (one: CandidateJob) => ({ mode: 'one', candidates: [one] }) },
    search: {
      schema: object('A controller learns, from validation examples, which weight each candidate has for each example.', {
        search: candidates('Names, or keys and values with the name and its options.'),
        controller,
      }),
      resolve: ({ search, controller }: Controlled & { search: unknown }) => ({ mode: 'search', candidates: search, controller }),
    },
    equal: {
      schema: object('The mean of the candidates.', { equal: candidates('As with search.') }),
      resolve: ({ equal }: { equal: unknown }) => ({ mode: 'equal', candidates: equal }),
    },
    static: {
      schema: object('One weight vector for all examples, learned as with search.', {
        static: candidates('As with search.'),
        controller: staticController,
      }),
      resolve: (value: Controlled & { static: unknown }) => ({ mode: 'static', candidates: value.static, controller: value.controller }),
    },
    assigned: {
      schema: object('Each example by the value of a field.', {
        assigned: object('', {
          field,
          losses: {
            type: 'map',
            item: candidate,
            text: 'Loss by value of the field, each by its formula: without the scales that make the candidates of a search alike.',
          },
          others,
        }),
      }),
      resolve: ({ assigned: { field, losses, others } }: Assigned) => {
        const values = Object.entries(losses).map(([value, candidate]) => ({ value, candidate }))
        return { mode: 'assigned', field, values, others }
      },
    },
    mode: { schema: resolved, resolve: (loss: LossJob) => loss },
  },
}

const ofClasses = ['ce', 'focal', 'kl', 'hinge']

/** What the loss wants of the rest of the job. */
export function lossProblems({ loss, data, train }: Job): string[] {
  const problems: string[] = []
  const valid = data.classes === 1 ? Object.keys(candidate.variants).filter((name) => name !== 'ce') : ofClasses
  for (const { name } of candidatesOf(loss)) {
    if (valid.includes(name)) continue
    const near = name === 'ce' ? 'bce' : name.startsWith('bce') ? 'ce' : nearestName(name, valid)
    problems.push(
      `loss: wanted one of ${valid.join(', ')} because data.classes is ${data.classes}, got ${name}${near === null ? '' : `; did you mean ${near}?`}`,
    )
  }
  if (loss.mode === 'assigned') {
    const values = loss.values.map(({ value }) => value)
    const twice = values.find((value, i) => values.indexOf(value) < i)
    if (twice !== undefined) problems.push(`loss.values: wanted each value once, got ${twice} twice`)
  }
  const controller = controllerOf(loss)
  if (controller === null) return problems
  if (controller.frozen && controller.from === '')
    problems.push('loss.controller.from: wanted the directory of a run because loss.controller.frozen is true, got nothing')
  if (controller.objective === 'auc' && data.classes > 1)
    problems.push(`loss.controller.objective: wanted logloss because data.classes is ${data.classes}, got auc`)
  if (controller.batch % train.lanes !== 0)
    problems.push(`loss.controller.batch: wanted a multiple of train.lanes (${train.lanes}), got ${controller.batch}`)
  if (!controller.frozen) problems.push(...validationProblems(loss.mode, data))
  return problems
}

function validationProblems(mode: string, { split, validation }: Job['data']): string[] {
  if (split.by === 'files') {
    return validation.length > 0 ? [] : [`data.validation: wanted at least one file because loss.mode is ${mode}, got none`]
  }
  return split.validation > 0
    ? []
    : [`data.split.validation: wanted a number above 0 because loss.mode is ${mode} and its controller learns from validation rows, got 0`]
}
