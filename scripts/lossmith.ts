#!/usr/bin/env node
/** The command line. Says what there is, hands over to commands/, and turns the outcome into an exit code. */
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { configError } from '../common/errors.js'
import { version } from '../common/version.js'
import { build } from './commands/build.js'
import { doctor } from './commands/doctor.js'
import { synth } from './commands/synth.js'
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
  .configureHelp({ showGlobalOptions: true })
  .exitOverride()
  .configureOutput({ outputError: () => {} })
  .showSuggestionAfterError()
  .addHelpText('after', examples('lossmith synth --rows 300000 --out log.tsv.gz', 'lossmith train job.yaml --workers 2', 'lossmith doctor'))

command('synth', 'Write a click log with power-law ids and a known truth; says the best AUC that any model can reach on it.')
  .requiredOption('--rows <n>', 'rows to write', whole(1))
  .requiredOption('--out <file>', 'where to; .gz is gzip')
  .option('--seed <n>', 'equal seeds write equal logs', whole(0), 1)
  .option('--fields <n>', 'category columns, of 26, that the label depends on', whole(1, 26), 10)
  .option('--values <n>', 'values of the largest category column', whole(4, 1 << 24), 20_000)
  .option('--positive-rate <p>', 'part of the labels that are 1', between(0.001, 0.999), 0.25)
  .option('--auc <x>', 'AUC that the true probabilities shall have', between(0.55, 0.95), 0.8)
  .option('--test <p>', 'last part of the log, for which the best AUC is told', between(0.001, 1), 0.1)
  .addHelpText(
    'after',
    examples('lossmith synth --rows 300000 --out log.tsv.gz', 'lossmith synth --rows 2000000 --out big.tsv --seed 7 --positive-rate 0.05'),
  )
  .action((options) => choose((terminal) => synth(options, terminal)))

command('doctor', 'Say what was found on this machine, what is missing and how to get it. Exit code 0: training is possible.')
  .addHelpText('after', examples('lossmith doctor', 'lossmith doctor --json'))
  .action(() => choose(doctor))

command('build', 'Build the native engine, which workers need (g++, make, python3, libdnnl-dev, libgloo-dev, zlib1g-dev).')
  .addHelpText('after', examples('lossmith build'))
  .action(() => choose(build))

await main()

async function main(): Promise<never> {
  const terminal = () => new Terminal(program.opts<GlobalOptions>())
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
