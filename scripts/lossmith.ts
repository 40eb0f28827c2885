#!/usr/bin/env -S node --initial-heap-size=64
/**
 * The command line. Says what there is, hands over to commands/, and turns the outcome into an exit code. The heap begins at 64 MiB: a
 * coordinator's small one would be collected every twenty steps of a search, for milliseconds in which all workers wait (docs/benchmarks.md).
 */
import { availableParallelism } from 'node:os'
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { configError } from '../common/errors.js'
import { logFormats, logLevels } from '../common/log.js'
import { version } from '../common/version.js'
import { bench } from './commands/bench.js'
import { build } from './commands/build.js'
import { compare } from './commands/compare.js'
import { control, requests } from './commands/control.js'
import { dashboard } from './commands/dashboard.js'
import { doctor } from './commands/doctor.js'
import { evaluate } from './commands/evaluate.js'
import { explain } from './commands/explain.js'
import { kinds, synth } from './commands/synth.js'
import { coordinator, train } from './commands/train.js'
import { watch } from './commands/watch.js'
import { worker } from './commands/worker.js'
import { addConnectOptions } from './connect-flags.js'
import { addListenOptions } from './listen-flags.js'
import { exitCode, type GlobalOptions, Terminal } from './terminal.js'

type Action = (terminal: Terminal) => number | Promise<number>

/** Set by the command that was asked for; run after parsing. */
let chosen: Action | null = null
const choose = (action: Action) => {
  chosen = action
}

const program = new Command('lossmith')
  .description('Distributed data-parallel trainer for deep recommender models: from a raw click log to a trained model over several workers.')
  .version(version)
  .option('--json', 'one JSON object on stdout at the end, progress as JSON lines on stderr')
  .option('--quiet', 'results and errors only')
  .addOption(new Option('--log <format>', 'what happens as structured lines on stderr instead (docs/monitoring.md)').choices(logFormats))
  .addOption(new Option('--log-level <level>', 'least level of those (default: info)').choices(logLevels))
  .configureHelp({ showGlobalOptions: true })
  .exitOverride()
  .configureOutput({ outputError: () => {} })
  .showSuggestionAfterError()
  .addHelpText('after', examples('lossmith synth --rows 300000 --out log.tsv.gz', 'lossmith train job.yaml --workers 2', 'lossmith doctor'))

const jobCommand = (name: string, description: string) =>
  command(name, description)
    .argument('[job]', 'job file (docs/job.md)')
    .option('--run <dir>', 'directory of the run (default: runs/<name>-<time>)')
    .option('--resume <dir>', 'go on with a run from its newest checkpoint; any number of workers gives the same result')
    .option(
      '--set <path=value>',
      'override a key of the job, relative paths from here; repeatable',
      (value: string, all: string[]) => [...all, value],
      [],
    )
    .option('--print-job', 'print the job with all defaults, and do nothing else')
    .option('--workers <n>', 'workers, as cluster.workers of the job', whole(1))
    .addOption(deviceOption('what the workers compute on, as cluster.device of the job: a GPU each, or CPUs'))
    .option('--metrics <host:port>', 'where Prometheus finds /metrics, under the same rule as --listen (default: nowhere)')
    .option('--dashboard', 'show the run as a page while it lasts, and open it where there is a browser')
    .option('--no-tensorboard', 'write no event files for TensorBoard into the directory of the run')

addListenOptions(jobCommand('train', 'Train on this machine: a coordinator in this process and workers as child processes.'))
  .option('--threads <n>', 'threads of each worker (default: cores / workers)', whole(1, 1024))
  .option('--listen <host:port>', 'where the coordinator listens', '127.0.0.1:0')
  .option('--tls-ca <file>', 'authority by which the workers know the certificate, PEM')
  .addHelpText(
    'after',
    examples(
      'lossmith train job.yaml --workers 2',
      'lossmith train job.yaml --device cuda --workers 8 --set train.precision=tf32',
      'lossmith train job.yaml --set train.epochs=2 --set model.hidden=[400,400,400]',
      'lossmith train job.yaml --dashboard',
      'lossmith train job.yaml --metrics 127.0.0.1:9464',
      'lossmith train job.yaml --print-job',
      'lossmith train --resume runs/ads-20260101-120000 --workers 4',
    ),
  )
  .action((file, options) => choose((terminal) => train(file, options, terminal)))

addListenOptions(jobCommand('coordinator', 'Lead a run whose workers join from other machines. Needs no compiler and no native engine.'))
  .option('--listen <host:port>', 'where to listen for workers', '127.0.0.1:7070')
  .addHelpText(
    'after',
    examples(
      'lossmith coordinator job.yaml --workers 4 --listen 10.0.0.1:7070 --insecure',
      'lossmith coordinator job.yaml --workers 4 --listen 0.0.0.0:7070 --tls-cert cert.pem --tls-key key.pem --token-file token',
    ),
  )
  .action((file, options) => choose((terminal) => coordinator(file, options, terminal)))

addConnectOptions(
  command('worker', 'Join a run as one worker, until the run ends.').requiredOption('--coordinator <host:port>', 'where the coordinator listens'),
)
  .option('--name <name>', 'name in the run (default: host:pid)')
  .option('--threads <n>', 'threads that compute (default: all cores)', whole(1, 1024), availableParallelism())
  .option(
    '--bind <address>',
    'own address for the exchange between workers, on a private interface (default: the one that reaches the coordinator)',
    '',
  )
  .addOption(deviceOption('what to compute on, unless the job says it').default('auto'))
  .option('--gpu <n>', 'the GPU to use, as CUDA counts them (default: the coordinator chooses, one for each worker)', whole(0))
  .addOption(new Option('--parent-pid <pid>', 'end with this process').argParser(whole(1)).hideHelp())
  .addHelpText(
    'after',
    examples(
      'lossmith worker --coordinator 10.0.0.1:7070 --threads 8 --insecure',
      'lossmith worker --coordinator 10.0.0.1:7070 --device cuda --gpu 1 --insecure',
      'lossmith worker --coordinator lead.internal:7070 --tls-ca cert.pem --token-file token',
    ),
  )
  .action((options) => choose((terminal) => worker(options, terminal)))

addConnectOptions(command('dashboard', 'Show runs as a web page, while they live and after they ended.'))
  .argument('[runs...]', 'directories of runs, or of several (default: ./runs)')
  .option('--coordinator <host:port>', 'a run by the address of its coordinator; repeatable', (value: string, all: string[]) => [...all, value], [])
  .option('--listen <host:port>', 'where the page is, beyond loopback with --insecure (default: 127.0.0.1:7077, or any port where that is taken)')
  .option('--read-only', 'looking only: no pause, checkpoint, stop')
  .option('--open', 'open the page in a browser')
  .addOption(new Option('--parent-pid <pid>', 'end with this process').argParser(whole(1)).hideHelp())
  .addHelpText(
    'after',
    examples(
      'lossmith dashboard',
      'lossmith dashboard runs/ads-20260101-120000 runs/ads-20260102-090000',
      'lossmith dashboard --coordinator 10.0.0.1:7070 --tls-ca ca.pem',
    ),
  )
  .action((directories, options) => choose((terminal) => dashboard(directories, options, terminal)))

addConnectOptions(
  command('watch', 'Show a run in the terminal until it ends; without a terminal, lines on stdout. q quits, the run goes on.').argument(
    '[place]',
    'HOST:PORT of a coordinator, or the directory of a run (default: the newest under way in ./runs)',
  ),
)
  .option('--patience <s>', 'how long a run that does not answer may take to come back (default: for ever on a terminal, else 60)', whole(0))
  .addHelpText(
    'after',
    examples(
      'lossmith watch',
      'lossmith watch runs/ads-20260101-120000',
      'lossmith watch 10.0.0.1:7070 --tls-ca ca.pem --token-file token',
      'lossmith watch 127.0.0.1:7070 --json',
    ),
  )
  .action((place, options) => choose((terminal) => watch(place, options, terminal)))

addConnectOptions(
  command('control', 'Ask something of a run that goes on. Exit code 0: it is taken; 3: the run refuses, and says why.')
    .argument('<host:port>', 'where its coordinator listens')
    .addArgument(new Argument('<request>', 'move: give lanes of one worker to another').choices(requests)),
)
  .option('--reason <text>', 'pause, stop: shown to everyone who watches')
  .option('--from <worker>', 'move: who gives lanes, by name')
  .option('--to <worker>', 'move: who takes them')
  .option('--lanes <n>', 'move: how many', whole(1))
  .addHelpText(
    'after',
    examples(
      "lossmith control 127.0.0.1:7070 pause --reason 'another job needs the machine'",
      'lossmith control 127.0.0.1:7070 resume',
      'lossmith control 10.0.0.1:7070 move --from slow --to fast --lanes 2 --insecure',
      'lossmith control 10.0.0.1:7070 checkpoint --tls-ca ca.pem --token-file token --json',
    ),
  )
  .action((address, request, options) => choose((terminal) => control(address, request, options, terminal)))

command('evaluate', 'Score a split of the input of a run, or other files, with a checkpoint of the run.')
  .argument('<run>', 'directory of the run')
  .addOption(new Option('--split <split>', 'which rows of the run').choices(['train', 'validation', 'test']).default('test'))
  .option('--files <file...>', 'other files in the format of the job, scored whole')
  .option('--checkpoint <name>', 'such as step-00000120 (default: the newest)')
  .option('--workers <n>', 'workers to start (default: as the run)', whole(1))
  .option('--threads <n>', 'threads of each worker (default: cores / workers)', whole(1, 1024))
  .addOption(deviceOption('what the workers compute on (default: as the run)'))
  .addHelpText(
    'after',
    examples('lossmith evaluate runs/ads-20260101-120000', 'lossmith evaluate runs/ads-20260101-120000 --files tomorrow.tsv.gz --json'),
  )
  .action((run, options) => choose((terminal) => evaluate(run, options, terminal)))

command('compare', 'Train a job that searches losses beside its baselines, seed by seed, and write a table of means, differences and times.')
  .argument('<job>', 'job file with loss: {search: [...]}')
  .option('--seeds <n>', "seeds, from the job's on", whole(1), 5)
  .option('--arms <names>', 'only these, separated by commas (default: all, and those of --arm)', (value: string) =>
    value.split(',').map((name) => name.trim()),
  )
  .option('--arm <name=loss>', 'another arm, its loss as YAML; repeatable', (value: string, all: string[]) => [...all, value], [])
  .option('--out <dir>', 'directory of the runs and the tables (default: runs/compare-<name>)')
  .option(
    '--set <path=value>',
    'override a key of the job, relative paths from here; repeatable',
    (value: string, all: string[]) => [...all, value],
    [],
  )
  .addOption(new Option('--epoch <choice>', 'whose test scores count').choices(['last', 'best-validation']).default('last'))
  .option('--workers <n>', 'workers of each run, as cluster.workers of the job', whole(1))
  .option('--threads <n>', 'threads of each worker (default: cores / workers)', whole(1, 1024))
  .addOption(deviceOption('what the workers of each run compute on, as cluster.device of the job'))
  .addHelpText(
    'after',
    `
Arms: each candidate alone; equal weights; static, one learned weight vector; search, as in the job; search-7 and search-1, with that period;
search-gumbel, with noise and temperature as in the paper. The command goes on where it was stopped.
${examples(
  'lossmith compare job.yaml --seeds 5',
  'lossmith compare job.yaml --arms bce,search --arm "oracle={assigned: {field: slice, losses: {a: {name: bce_noisy, rho: 0.3}}, others: bce}}"',
)}`,
  )
  .action((file, options) => choose((terminal) => compare(file, options, terminal)))

command('explain', 'Draw which weight the controller of a run gives each candidate loss, for which example, and how it moved.')
  .argument('<run>', 'directory of the run')
  .option('--out <file>', 'picture to write, SVG (default: explain.svg in the run)')
  .option('--field <name>', 'a row of panels for each value of this field, one of the inputs of the controller')
  .option('--step <n>', 'as it stood at this step (default: the last)', whole(0))
  .addHelpText(
    'after',
    examples('lossmith explain runs/ads-20260101-120000', 'lossmith explain runs/ads-20260101-120000 --field slice --out slices.svg'),
  )
  .action((run, options) => choose((terminal) => explain(run, options, terminal)))

command('synth', 'Write a log whose truth is known; says how good a model of it can be.')
  .addOption(
    new Option('--kind <kind>', 'clicks: Criteo format; noisy-slice: clicks with partly flipped labels; ratings: 0 to 4')
      .choices(kinds)
      .default('clicks'),
  )
  .option('--rows <n>', 'rows to write', whole(1))
  .requiredOption('--out <file>', 'where to; .gz is gzip. noisy-slice and ratings have a header and commas, or tabs for .tsv')
  .option('--seed <n>', 'equal seeds write equal logs', whole(0), 1)
  .option('--fields <n>', 'category columns, of 26, that the label depends on', whole(1, 26), 10)
  .option('--values <n>', 'values of the largest category column', whole(4, 1 << 24), 20_000)
  .option('--positive-rate <p>', 'part of the labels that are 1', between(0.001, 0.999), 0.25)
  .option('--auc <x>', 'AUC that the true probabilities shall have', between(0.55, 0.95), 0.8)
  .option('--test <p>', 'last part of the log, for which the best AUC is told', between(0.001, 1), 0.1)
  .option('--slice-share <p>', 'noisy-slice: part of the rows that are in the slice', between(0, 1), 0.5)
  .option('--flip-rate <p>', 'noisy-slice: part of the labels of the slice that are flipped', between(0, 0.5), 0.3)
  .option('--clean <p>', 'noisy-slice: last part of the log, without flips', between(0, 1), 0.2)
  .option('--from <file>', 'noisy-slice: add slice and flips to this log in Criteo format, in time order')
  .addHelpText(
    'after',
    examples(
      'lossmith synth --rows 300000 --out log.tsv.gz',
      'lossmith synth --rows 2000000 --out big.tsv --seed 7 --positive-rate 0.05',
      'lossmith synth --kind noisy-slice --rows 1000000 --out noisy.csv.gz',
      'lossmith synth --kind noisy-slice --from criteo.tsv.gz --out noisy-criteo.csv.gz',
      'lossmith synth --kind ratings --rows 300000 --values 2000 --out ratings.csv.gz',
    ),
  )
  .action((options, command: Command) => choose((terminal) => synth(options, (name) => command.getOptionValueSource(name) === 'cli', terminal)))

command('bench', "Measure the training step on Criteo's shapes (26 fields, 13 numbers, MLP 400×3), alone or against other programs.")
  .addOption(new Option('--model <model>', 'what to train').choices(['deepfm', 'dlrm']).default('deepfm'))
  .option('--width <n>', 'of the embeddings', whole(1, 4096), 16)
  .option('--workers <n>', 'worker processes on this machine', whole(1), 1)
  .option('--threads <n>', 'threads of each worker', whole(1, 1024), 2)
  .option('--batch <n>', 'global batch, in examples', whole(1), 4096)
  .option('--lanes <n>', 'lanes of the batch', whole(1), 8)
  .option('--rows <n>', 'rows of the embedding tables', whole(26), 1_000_012)
  .option('--steps <n>', 'measured steps', whole(1), 20)
  .option('--warm <n>', 'steps before those', whole(0), 5)
  .option('--rounds <n>', 'turns of each side, when there is a peer', whole(1), 3)
  .addOption(deviceOption('what the workers compute on').default('auto'))
  .addOption(new Option('--precision <precision>', 'in which numbers GPUs multiply matrices').choices(['float32', 'tf32', 'bf16']).default('float32'))
  .option('--peer <command>', 'a command that prints "median N ex/s"; repeatable', (value: string, all: string[]) => [...all, value], [])
  .addHelpText(
    'after',
    examples('lossmith bench --workers 2 --threads 1', "lossmith bench --rounds 5 --peer 'python3 docs/benchmarks/deepfm_torch.py --sparse'"),
  )
  .action((options) => choose((terminal) => bench(options, terminal)))

command('doctor', 'Say what was found on this machine, what is missing and how to get it. Exit code 0: training is possible.')
  .addHelpText('after', examples('lossmith doctor', 'lossmith doctor --json'))
  .action(() => choose(doctor))

command('build', 'Build the native engine, which workers need (g++, make, python3, libdnnl-dev, libgloo-dev, zlib1g-dev).')
  .addHelpText('after', examples('lossmith build'))
  .action(() => choose(build))

// Deprecations are for who maintains this program: gRPC's, with TLS to an address without a name, would stand between JSON lines.
process.noDeprecation = true
await main()

async function main(): Promise<never> {
  const terminal = () => new Terminal(program.opts<GlobalOptions>(), program.args[0])
  try {
    await program.parseAsync()
    // The process may hold native threads and sockets of a run that failed: it ends here whatever they do.
    process.exit(chosen === null ? 0 : await chosen(terminal()))
  } catch (error) {
    // Help and version have been printed.
    if (error instanceof CommanderError && (error.exitCode === 0 || error.code === 'commander.help')) process.exit(0)
    const shown = error instanceof CommanderError ? configError('usage', error.message.replace(/^error: /, '')) : error
    terminal().error(shown)
    process.exit(exitCode(shown))
  }
}

function command(name: string, description: string): Command {
  return program.command(name).description(description).copyInheritedSettings(program).allowExcessArguments(false)
}

function deviceOption(description: string): Option {
  return new Option('--device <device>', description).choices(['auto', 'cpu', 'cuda'])
}

function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}\n`).join('')}`
}

function whole(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text)
    const wanted = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`
    if (!/^\d+$/.test(text) || value < min || value > max) throw new InvalidArgumentError(`wanted a whole number ${wanted}.`)
    return value
  }
}

function between(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (text.trim() === '' || !(value >= min && value <= max)) throw new InvalidArgumentError(`wanted a number from ${min} to ${max}.`)
    return value
  }
}
