/**
 * One TrainEpoch on every rank: from the position to the end of the epoch, a step, or an order. Commits arrive meanwhile: the ledger, the
 * rejects and metrics.jsonl grow with each. Returns the position after it.
 */
import { brokenError, configError } from '../common/errors.js'
import type { Cursor__Output as Cursor } from '../proto/generated/lossmith/v1/Cursor.js'
import type { Piece__Output as Piece } from '../proto/generated/lossmith/v1/Piece.js'
import type { Reject__Output as Reject } from '../proto/generated/lossmith/v1/Reject.js'
import { ControllerExchange, stateMessage } from './controller/controller-exchange.js'
import type { RunController } from './controller/run-controller.js'
import { dealBlocks } from './deal-blocks.js'
import { addRows, balanceLedger, type HeldOut, type Ledger } from './ledger.js'
import type { Input } from './prepare-input.js'
import { enterPhase, onEveryMember, type RunContext } from './run-context.js'
import { type Commit, StepBook } from './step-book.js'

export interface Position {
  /** Last committed step. */
  step: number
  epoch: number
  epochDone: boolean
  /** By lane; empty at the start of an epoch. */
  cursors: Cursor[]
  /** Of the controller's validation examples, by lane; empty before the first. */
  validationCursors: Cursor[]
  /** One an epoch, the last of `epoch`. */
  ledger: Ledger[]
}

export interface TrainingRows {
  pieces: readonly Piece[]
  /** Lines of the training files by the index, and those of them in pieces of other splits (by time). */
  lines: number
  heldOut: HeldOut
}

/** `lastStep` 0: to the end of the epoch. The controller, where there is one, has learned from every step up to the position returned. */
export async function trainSegment(
  context: RunContext,
  from: Position,
  lastStep: number,
  { training: rows, paths, pieces }: Pick<Input, 'training' | 'paths' | 'pieces'>,
  controller: RunController | undefined,
): Promise<Position> {
  const { job, membership, control, status } = context
  const taken = rows.pieces.reduce((sum, { take }) => sum + take, 0)
  // Before the phase: who hears of it asks for them.
  status.rowsInEpoch = taken
  status.epoch = from.epoch
  enterPhase(context, 'training', `epoch ${from.epoch} from step ${from.step + 1}`)
  const dealt = dealBlocks(rows.pieces, job.train.lanes, job.seed, from.epoch)
  context.progress.begin({ paths, pieces }, { epoch: from.epoch, dealt, cursors: from.cursors })
  const ledger = [...from.ledger]
  context.pace.start()

  const record = (commit: Commit) => {
    const last = ledger.pop()!
    const sum = (of: 'rejected' | 'heldOut' | 'heldOutTest') => commit.lanes.reduce((total, lane) => total + lane[of], 0)
    const test = sum('heldOutTest')
    const rows = { trained: commit.examples, rejected: sum('rejected'), validation: sum('heldOut') - test, test, drawn: commit.validationExamples }
    ledger.push(addRows(last, rows))
    status.ledger = ledger.at(-1)!
    context.progress.commit(commit.lanes)
    const rejects = commit.lanes.flatMap((lane) => lane.rejects)
    const unlisted = sum('rejected') - rejects.length
    if (unlisted > 0) context.events.log('warn', `${unlisted} more malformed lines of step ${commit.step} are counted but not listed in rejects.tsv`)
    recordRejects(context, rejects, paths, status.ledger.rejected)
    if (commit.examples > 0) recordStep(context, commit)
    controller?.surfaces.committed(commit.step)
  }
  const exchange =
    controller &&
    new ControllerExchange(controller, membership.ranks.length, (step) => {
      controller.surfaces.learned(step)
      book.advance()
    })
  const book = new StepBook(membership.ranks.length, record, () => exchange?.learned ?? 0)
  book.begin(from.step + 1)
  context.steps = book
  context.controller = exchange
  try {
    const results = await onEveryMember(context, ({ lanes: { first, count } }) => ({
      trainEpoch: {
        epoch: from.epoch,
        firstStep: from.step + 1,
        lastStep,
        lanes: lanePlans(dealt, first, count, from.cursors),
        controller: controller === undefined ? null : stateMessage(controller.state, 0),
        validation: lanePlans(controller?.plan.search ? controller.validation : [], first, count, from.validationCursors),
      },
    }))
    const { step, reason } = results[0]!.train!
    const odd = results.find(({ train }) => train?.step !== step || train.reason !== reason)
    if (odd !== undefined)
      throw brokenError(
        'ranks-disagree',
        `[train] wanted every rank to end at step ${step} (${reason}), got ${odd.train?.step} (${odd.train?.reason}) from ${odd.member}`,
      )
    // Results and reports travel on streams of their own.
    const { lostAfterMs } = job.cluster
    await control.guard(book.until(() => book.reported >= step, `reports up to step ${step}`, lostAfterMs))
    const epochDone = reason === 'END_OF_EPOCH'
    const come = (of: 'cursors' | 'validation') => results.flatMap(({ train }) => train![of])
    const validationCursors = validationCursorsOf(come('validation'), job.train.lanes)
    const position: Position = { step: book.committed, epoch: from.epoch, epochDone, cursors: [], validationCursors, ledger }
    if (!epochDone) {
      await controller?.painter.settled()
      return { ...position, cursors: cursorsOf(come('cursors'), job.train.lanes) }
    }
    // The rows after the last example come as a report of their own. When they do not come, balanceLedger says what is missing.
    await control.guard(book.until(() => ledger.at(-1)!.read >= taken, 'all rows of the epoch', lostAfterMs).catch(() => undefined))
    ledger.push(balanceLedger(ledger.pop()!, rows.lines, rows.heldOut))
    status.ledger = ledger.at(-1)!
    context.progress.end()
    checkTrained(context, status.ledger)
    controller?.surfaces.finish(position.step)
    await controller?.painter.settled()
    return position
  } finally {
    context.steps = undefined
    context.controller = undefined
  }
}

function checkTrained({ directory }: RunContext, { epoch, read, trained, rejected, heldOut }: Ledger) {
  if (trained > 0) return
  const first = directory.firstRejects(5).map((line) => `\n${line}`)
  throw configError(
    'no-training-rows',
    `[data] wanted rows to train on, got none of ${read} in epoch ${epoch}: ${rejected} malformed, ${heldOut} in other splits${first.join('')}`,
  )
}

/** Config error too-many-rejects, with the first lines, when more than job.data.maxRejects were seen. */
export function recordRejects(context: RunContext, rejects: readonly Reject[], paths: readonly string[], counted: number): void {
  const { directory, job, events } = context
  const fresh = directory.addRejects(rejects, paths)
  for (const { file, line, reason } of fresh.slice(0, 3)) events.emit({ reject: { file: paths[file]!, line, reason } })
  if (fresh.length > 3) events.log('warn', `rejected ${fresh.length - 3} more lines, see rejects.tsv`)
  const seen = Math.max(directory.rejectCount, counted)
  if (seen > job.data.maxRejects)
    throw configError(
      'too-many-rejects',
      `[data] wanted at most ${job.data.maxRejects} malformed lines (data.maxRejects), got ${seen}; the first:\n${directory.firstRejects(5).join('\n')}`,
    )
}

function recordStep({ status, directory, events, pace }: RunContext, commit: Commit) {
  const { step, epoch, examples, lossSum, times, candidates, validationSum, validationExamples } = commit
  const loss = lossSum / examples
  // Sums of float32: more digits than theirs say nothing.
  const means = candidates.map((sum) => Number((sum / examples).toPrecision(7)))
  const [weights, losses] = [means.slice(0, means.length / 2), means.slice(means.length / 2)]
  const validationLoss = validationExamples > 0 ? validationSum / validationExamples : 0
  status.step = step
  directory.addStep({
    ...{ step, epoch, loss, examples },
    ...(weights.length > 0 ? { weights, losses } : {}),
    ...(validationExamples > 0 ? { validation: validationLoss } : {}),
  })
  const ranks = times.map((of, rank) => ({ ...of, rank }))
  events.emit({
    step: {
      ...{ step, epoch, loss, examples, examplesPerSecond: pace.add(examples), rowsDone: status.ledger.read, ranks },
      ...{ weights, losses, validationLoss, validationExamples },
    },
  })
}

const lanePlans = (dealt: readonly Piece[][], first: number, count: number, cursors: readonly Cursor[]) =>
  dealt.slice(first, first + count).map((pieces, i) => ({ lane: first + i, pieces, cursor: cursors[first + i] ?? null }))

/** A controller that has learned nothing yet has no cursors. */
function validationCursorsOf(come: { lane: number; cursor: Cursor | null }[], lanes: number): Cursor[] {
  return come.every(({ cursor }) => cursor == null) ? [] : cursorsOf(come, lanes)
}

function cursorsOf(come: { lane: number; cursor: Cursor | null }[], lanes: number): Cursor[] {
  const cursors = new Map(come.map(({ lane, cursor }) => [lane, cursor]))
  return Array.from({ length: lanes }, (_, lane) => {
    const cursor = cursors.get(lane)
    if (cursor == null) throw brokenError('cursor-missing', `[train] wanted a cursor of lane ${lane}, got none`)
    const { piece, offset, line, emitted, exhausted, pass } = cursor
    return { piece, offset, line, emitted, exhausted, pass }
  })
}
