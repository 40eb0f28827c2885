/** The schema of a job: keys, types, bounds, defaults, one line each. job.ts is its TypeScript type; docs/job.md is made from it. */
import { lossSchema } from './loss-schema.js'
import type { NumberSchema, ObjectSchema, Schema } from './schema.js'

const object = (text: string, keys: Record<string, Schema>): ObjectSchema => ({ type: 'object', text, keys })
const paths = (text: string, fallback?: readonly string[]): Schema => ({
  type: 'list',
  item: { type: 'text', path: true, text: 'a path' },
  orOne: true,
  text,
  ...(fallback === undefined ? { minItems: 1 } : { default: fallback }),
})
const count = (text: string, fallback: number, min = 1, max = Number.MAX_SAFE_INTEGER): NumberSchema => ({
  type: 'integer',
  min,
  max,
  default: fallback,
  text,
})
const fraction = (text: string, fallback: number): NumberSchema => ({ type: 'number', min: 0, below: 1, default: fallback, text })

const columns = (text: string, computed: string): Schema => ({
  type: 'list',
  item: { type: 'text', text: 'a name of the header' },
  orOne: true,
  distinct: true,
  default: [],
  text: `${text} Empty: ${computed}.`,
})

const rate = (fallback: number): NumberSchema => ({ type: 'number', above: 0, default: fallback, text: 'Learning rate.' })
const epsilon = (fallback: number): NumberSchema => ({
  type: 'number',
  above: 0,
  default: fallback,
  text: 'Added to the denominator of the update.',
})
const weightDecay: NumberSchema = {
  type: 'number',
  min: 0,
  default: 0,
  text: 'Times the weight, added to the reduced gradient; on tables only on the rows of the step.',
}
const embedding = count('Width of a row of the embedding table.', 16, 1, 4096)
const hidden: Schema = {
  type: 'list',
  item: { type: 'integer', min: 1, max: 1 << 16, text: 'units' },
  default: [128, 128],
  minItems: 1,
  text: 'Units of the hidden layers.',
}
const dropout = fraction('Part of the hidden units dropped in training.', 0.2)
const validationPart: NumberSchema = {
  type: 'number',
  min: 0,
  below: 1,
  computed: '0.1 when `loss` learns from validation rows (search, static), else 0',
  text: 'Part of the rows for validation.',
}

export const jobSchema = object('', {
  name: {
    type: 'text',
    computed: "the job file's name",
    pattern: { expression: /^[\w.-]{1,100}$/, wanted: 'letters, digits, ".", "-" and "_", at most 100' },
    text: 'Name of the run; stands in its folder and its reports.',
  },
  seed: count('Seed of first weights, order of blocks, shuffling, dropout and splits by fraction.', 1, 0),
  data: {
    type: 'variant',
    tag: 'format',
    defaultTag: 'criteo',
    text: 'How the lines of a log are read; docs/data.md.',
    variants: {
      criteo: object('Label, 13 number columns, 26 category columns, tab-separated, no header.', {}),
      delimited: object('CSV, TSV and the like, with a header line that names the columns.', {
        delimiter: {
          type: 'text',
          pattern: { expression: /^[\t !#-~]$/, wanted: 'one character, no quote' },
          computed: 'tab for `.tsv`, else a comma',
          text: 'Between cells.',
        },
        label: { type: 'text', text: 'Column of the label.' },
        numbers: columns('Columns of numbers.', 'none'),
        categories: columns('Columns of categories.', 'all that no other key names'),
        ignore: columns('Columns that are not used.', 'none'),
      }),
      libsvm: object('`label index:1 index:1 …`; the j-th entry is field j, its category the index.', {
        fields: { type: 'integer', min: 1, max: 10_000, text: 'Entries of a line.' },
      }),
    },
    shared: {
      classes: count('1: clicks, labels 0 and 1. From 2: so many classes, labels from `data.firstClass` on, such as ratings.', 1, 1, 1000),
      firstClass: { type: 'integer', min: -1_000_000, max: 1_000_000, default: 0, text: 'The smallest label, where there are classes.' },
      train: paths('Log files as every worker sees them. `.gz` is gzip.'),
      validation: paths('Files of the validation split, when `split.by` is files.', []),
      test: paths('Files of the test split, when `split.by` is files.', []),
      split: {
        type: 'variant',
        tag: 'by',
        defaultTag: 'time',
        text: 'Where each row goes.',
        variants: {
          time: object('The log is in time order: its last rows are test, those before them validation.', {
            validation: validationPart,
            test: fraction('Part of the rows for the test.', 0.1),
          }),
          fraction: object('Each row by a draw from the seed, its file and its line.', {
            validation: validationPart,
            test: fraction('Part of the rows for the test.', 0.1),
          }),
          files: object('Separate files: `data.train`, `data.validation`, `data.test`.', {}),
        },
      },
      maxRejects: count('Malformed lines before the run stops.', 100, 0),
      shuffleRows: count('Window of the shuffle inside a lane, in examples; 0 keeps the order of a block.', 4096, 0, 1 << 24),
      blockBytes: count('Largest block of input, in bytes of text; blocks are smaller when the input is small.', 4 << 20, 1 << 10, 1 << 30),
      maxLineBytes: count('Longest line, in bytes; longer ones are malformed.', 1 << 20, 64, 1 << 28),
    },
  },
  features: object('How columns become inputs.', {
    numbers: {
      type: 'choice',
      of: ['log-bins', 'normalised'],
      default: 'log-bins',
      text: 'Numbers as categories floor(ln(v)²), or as numbers ln(1 + v) with mean 0 and deviation 1.',
    },
    minCount: count('Values seen fewer times in the training rows share one id; 1 keeps all.', 1, 1, 2 ** 31),
    rows: count('Rows of the embedding tables; (field, value) hashes into them.', 1 << 20, 1, 2 ** 40),
  }),
  model: {
    type: 'variant',
    tag: 'kind',
    defaultTag: 'deepfm',
    text: 'What is trained.',
    variants: {
      lr: object('Logistic regression.', {}),
      fm: object('Factorization machine.', { embedding }),
      deepfm: object('Factorization machine and a multi-layer perceptron over the same embeddings.', {
        embedding,
        hidden,
        dropout,
      }),
      'wide-and-deep': object('A linear model and a multi-layer perceptron side by side.', { embedding, hidden, dropout }),
      ipnn: object('Products of all pairs of embeddings, with the embeddings, into a multi-layer perceptron.', { embedding, hidden, dropout }),
      'dcn-v2': object('Cross layers with full matrices and a multi-layer perceptron side by side.', {
        embedding,
        crosses: count('Cross layers.', 3, 1, 64),
        hidden,
        dropout,
      }),
      file: object('A TypeScript file that exports a model function.', {
        path: { type: 'text', path: true, text: "The file, relative to the job file's folder." },
        options: { type: 'any', default: {}, text: 'Handed to the model function as they are.' },
      }),
    },
  },
  loss: lossSchema,
  optimizer: {
    type: 'variant',
    tag: 'kind',
    defaultTag: 'adam',
    text: 'How weights follow gradients. Tables are updated on the rows of the step only.',
    variants: {
      sgd: object('w ← w − rate · g.', { rate: rate(0.1), weightDecay }),
      adagrad: object('As torch.optim.Adagrad.', {
        rate: rate(0.01),
        epsilon: epsilon(1e-10),
        initial: { type: 'number', min: 0, default: 0, text: 'First value of the sum of squares.' },
        weightDecay,
      }),
      adam: object('As torch.optim.Adam, on tables as torch.optim.SparseAdam.', {
        rate: rate(0.001),
        beta1: fraction('Decay of the mean of gradients.', 0.9),
        beta2: fraction('Decay of the mean of squared gradients.', 0.999),
        epsilon: epsilon(1e-8),
        weightDecay,
      }),
    },
  },
  train: object('How long, and in which portions.', {
    batch: count('Examples of a step over all workers; a multiple of `train.lanes`.', 2048, 1, 1 << 24),
    lanes: {
      type: 'integer',
      min: 1,
      max: 4096,
      powerOfTwo: true,
      default: 8,
      text: 'Streams a batch is cut into, whoever works on them. Results depend on this number, never on the number of workers.',
    },
    epochs: count('Passes over the training rows.', 1),
    maxSteps: count('Steps at most; 0 trains to the end of the epochs.', 0, 0),
    determinism: {
      type: 'boolean',
      default: true,
      text: 'The same weights, bit for bit, for any number of workers. Without it, workers of different CPU classes, or of different GPUs, may join.',
    },
    precision: {
      type: 'choice',
      of: ['float32', 'tf32', 'bf16'],
      default: 'float32',
      text: 'In which numbers a GPU multiplies matrices; weights, gradients and sums are float32 in all of them. CPUs know float32 only.',
    },
  }),
  evaluate: object('When splits are scored.', {
    everyEpoch: {
      type: 'list',
      item: { type: 'choice', of: ['validation', 'test'], text: 'a split' },
      computed: '[validation] when there is such a split, else []',
      text: 'Splits scored after every epoch. The test split is scored at the end of the run in any case.',
    },
  }),
  checkpoint: object('What is kept.', {
    everySteps: count('Steps between checkpoints; 0 writes one after each epoch.', 0, 0),
    keep: count('Newest checkpoints kept; 0 keeps all.', 2, 0),
  }),
  cluster: object('Who works.', {
    workers: count('Workers the run waits for; at most `train.lanes`.', 1, 1, 4096),
    device: {
      type: 'choice',
      of: ['auto', 'cpu', 'cuda'],
      default: 'auto',
      text: 'What workers compute on: one GPU each (cuda), or CPUs. auto: GPUs where the workers have usable ones; all have or none has.',
    },
    exchange: {
      type: 'choice',
      of: ['tree', 'allreduce'],
      default: 'tree',
      text: "How GPUs add gradients. tree: in one fixed order, the same bits for any number of workers. allreduce: in NCCL's own order, which depends on their number and wants `train.determinism: false`.",
    },
    joinTimeoutSeconds: count('Seconds the coordinator waits for all workers.', 60, 1, 86_400),
    heartbeatMs: count('Milliseconds between signs of life.', 1000, 50, 60_000),
    lostAfterMs: count('Silence, in milliseconds, after which a worker counts as lost; at least three heartbeats.', 6000, 200, 600_000),
  }),
})
