/**
 * Workers for tests: plain gRPC clients that do every task of the contract on small text logs (`label<TAB>number`), without an engine. Their
 * "collective" is an object in this process. The model is one tensor of weights that moves by a fixed rule of (step, sums over all lanes).
 */
import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { transientError } from '../common/errors.js'
import { download, unary, upload } from '../common/rpc/call.js'
import { clientOptions } from '../common/rpc/channel-options.js'
import { clientCredentials } from '../common/rpc/credentials.js'
import { asLossmithError } from '../common/rpc/status.js'
import { version } from '../common/version.js'
import type { TrainingPlan } from '../model/plan.js'
import type { ControllerState__Output as ControllerState } from '../proto/generated/lossmith/v1/ControllerState.js'
import type { Cursor__Output as Cursor } from '../proto/generated/lossmith/v1/Cursor.js'
import type { HeartbeatReply__Output as HeartbeatReply } from '../proto/generated/lossmith/v1/HeartbeatReply.js'
import type { JoinReply__Output as JoinReply } from '../proto/generated/lossmith/v1/JoinReply.js'
import type { JoinRequest } from '../proto/generated/lossmith/v1/JoinRequest.js'
import type { LaneCursor } from '../proto/generated/lossmith/v1/LaneCursor.js'
import type { LaneStep } from '../proto/generated/lossmith/v1/LaneStep.js'
import type { Piece__Output as Piece } from '../proto/generated/lossmith/v1/Piece.js'
import type { Prepare__Output as Prepare } from '../proto/generated/lossmith/v1/Prepare.js'
import type { StepOrder__Output as StepOrder } from '../proto/generated/lossmith/v1/StepOrder.js'
import type { Task__Output as Task } from '../proto/generated/lossmith/v1/Task.js'
import type { TaskResult } from '../proto/generated/lossmith/v1/TaskResult.js'
import { contracts } from '../proto/load.js'
import { stateTensors } from './state-tensors.js'

/** All ranks of one run: what one gives, everyone gets. */
export class SimulatedWorld {
  private readonly size: number
  private given: { lanes: LaneStep[]; order: boolean }[] = []
  private waiting: ((all: { lanes: LaneStep[]; order: boolean }[]) => void)[] = []
  private breaks: ((error: Error) => void)[] = []
  private broken: Error | undefined

  constructor(size: number) {
    this.size = size
  }

  exchange(lanes: LaneStep[], order: boolean): Promise<{ lanes: LaneStep[]; order: boolean }[]> {
    if (this.broken !== undefined) return Promise.reject(this.broken)
    return new Promise((resolve, reject) => {
      this.given.push({ lanes, order })
      this.waiting.push(resolve)
      this.breaks.push(reject)
      if (this.given.length < this.size) return
      const all = this.given.splice(0)
      this.breaks = []
      for (const wake of this.waiting.splice(0)) wake(all)
    })
  }

  break(): void {
    this.broken = transientError('collective-broken', '[collective] wanted bytes of another rank, got a closed connection')
    for (const reject of this.breaks.splice(0)) reject(this.broken)
  }
}

export interface SimulatedOptions {
  address: string
  name: string
  world?: SimulatedWorld
  cpuClass?: string
  version?: string
  host?: string
  /** What else it says when it joins. */
  request?: Partial<JoinRequest>
  /** Called before each step; may throw, kill, or wait. */
  onStep?: (step: number, worker: SimulatedWorker) => unknown
  /** Called before what a step taught the controller is sent; what it returns is sent instead of the version that was used. */
  onTeach?: (step: number, worker: SimulatedWorker) => unknown
  /** Called before each task. */
  onTask?: (task: Task, worker: SimulatedWorker) => unknown
}

export class SimulatedWorker {
  /** Resolves when the worker ends, with the reason. */
  readonly ended: Promise<string>
  readonly name: string
  member = ''
  private readonly options: SimulatedOptions
  private readonly client: InstanceType<typeof contracts.lossmith.v1.Training>
  private end: (reason: string) => void = () => undefined
  private beat: NodeJS.Timeout | undefined
  private streams: { cancel(): void }[] = []
  private over = false
  private spec: Prepare | undefined
  private tensors = new Map<string, Float32Array>()
  private plan: TrainingPlan | undefined
  /** The last controller that came, and at which step. */
  controller: ControllerState | undefined

  constructor(options: SimulatedOptions) {
    this.options = options
    this.name = options.name
    this.client = new contracts.lossmith.v1.Training(options.address, clientCredentials({ address: options.address, insecure: true }), clientOptions)
    this.ended = new Promise((resolve) => (this.end = resolve))
  }

  /** Joins (rejects when refused) and goes on by itself. */
  async join(): Promise<this> {
    const request = {
      host: this.options.host ?? 'sim',
      pid: 100 + Number(this.name.replace(/\D/g, '') || 0),
      version: this.options.version ?? version,
      cpuClass: this.options.cpuClass ?? 'class a',
      threads: 1,
      device: 'cpu',
      name: this.name,
      ...this.options.request,
    }
    const limits = { timeoutMs: 5000, what: 'Join' }
    const reply = await unary<JoinReply>((o, done) => this.client.join(request, o, done), limits).catch((error) => {
      this.kill()
      throw error
    })
    this.member = reply.member
    this.beat = setInterval(() => void this.heartbeat(), reply.heartbeatMs)
    void this.work()
    return this
  }

  /** No word any more, connections closed: as kill -9. */
  kill(reason = 'killed'): void {
    if (this.over) return
    this.over = true
    clearInterval(this.beat)
    for (const stream of this.streams) stream.cancel()
    this.client.close()
    this.options.world?.break()
    this.end(reason)
  }

  /** Connections stay, nothing is said: as SIGSTOP. */
  freeze(): Promise<never> {
    clearInterval(this.beat)
    return new Promise(() => undefined)
  }

  private async heartbeat() {
    const limits = { timeoutMs: 2000, what: 'Heartbeat' }
    try {
      const reply = await unary<HeartbeatReply>((o, done) => this.client.heartbeat({ member: this.member, generation: 1, step: 0 }, o, done), limits)
      if (reply.stop) this.kill(`told to stop: ${reply.reason}`)
    } catch (error) {
      this.kill(asLossmithError(error).message)
    }
  }

  private async work() {
    const limits = { timeoutMs: 15_000, what: 'call' }
    while (!this.over) {
      try {
        const task = await unary<Task>((o, done) => this.client.nextTask({ member: this.member }, o, done), limits)
        if (task.kind === 'wait') continue
        const result: TaskResult = { member: this.member, task: task.id, generation: task.generation }
        try {
          await this.options.onTask?.(task, this)
          Object.assign(result, await this.perform(task))
        } catch (error) {
          const { kind, code, message } = asLossmithError(error)
          result.failure = { kind, code, message }
        }
        if (this.over) return
        await unary((o, done) => this.client.complete(result, o, done), limits)
        // The reply may be lost: the same completion again must change nothing.
        await unary((o, done) => this.client.complete(result, o, done), limits)
        if (task.kind === 'finish') this.kill(`finished: ${task.finish!.message}`)
      } catch (error) {
        this.kill(asLossmithError(error).message)
      }
    }
  }

  private async perform(task: Task): Promise<Partial<TaskResult>> {
    if (task.checkFiles) return { files: task.checkFiles.paths.map(fileFacts) }
    if (task.indexFile) return { index: indexFile(task.indexFile.file, task.indexFile.path) }
    if (task.countValues) await this.putArtifact(task.countValues.artifact, countValues(task.countValues.pieces, task.countValues.source!.paths!))
    if (task.survey) return { survey: survey(task.survey.pieces, task.survey.source!.paths!, task.survey.fields) }
    if (task.prepare) return this.prepare(task.prepare)
    if (task.loadState) await this.loadState(task.loadState.checkpoint)
    if (task.trainEpoch) return { train: await this.train(task.trainEpoch) }
    if (task.evaluate) return { evaluate: { pieces: await this.evaluate(task.evaluate) } }
    if (task.saveState) await this.saveState(task.saveState.checkpoint, task.saveState.ranges)
    return {}
  }

  private async prepare(spec: Prepare): Promise<Partial<TaskResult>> {
    this.spec = spec
    const json = await this.getArtifact(spec.planArtifact)
    if (createHash('sha256').update(json).digest('hex') !== spec.planSha256) throw new Error('plan hash')
    this.plan = JSON.parse(json.toString()) as TrainingPlan
    for (const { name, shape } of stateTensors(this.plan)) this.tensors.set(name, new Float32Array(shape.reduce((a, b) => a * b, 1)))
    return { prepared: { address: Buffer.from(this.name) } }
  }

  private async loadState(checkpoint: string) {
    if (checkpoint === '') {
      for (const [name, values] of this.tensors) values.fill(name.length)
      return
    }
    const limits = { timeoutMs: 5000, what: 'GetState' }
    const chunks = download((o) => this.client.getState({ member: this.member, checkpoint }, o), limits)
    for await (const { tensor, offset, data } of chunks) new Uint8Array(this.tensors.get(tensor)!.buffer).set(data, offset)
  }

  private async train(task: NonNullable<Task['trainEpoch']>) {
    const { epoch, firstStep, lastStep, lanes } = task
    const { laneBatch, source } = this.spec!
    const { period = 1, warmupSteps = 0 } = this.plan!.controller ?? {}
    const readers = lanes.map(({ lane, pieces, cursor }) => new LaneReader(lane, pieces, cursor, source!.paths))
    const teacher = this.plan!.controller?.search ? this.teacher(task) : undefined
    let validation: LaneCursor[] = task.validation.map(({ lane, cursor }) => ({ lane, cursor }))
    let ordered = false
    const stream = this.client.steps()
    this.streams = [stream, ...(teacher === undefined ? [] : [teacher.stream])]
    stream.write({ member: this.member })
    stream.on('data', (order: StepOrder) => (ordered ||= order.yield)).on('error', () => undefined)
    try {
      for (let step = firstStep; ; step++) {
        await teacher?.answered()
        await this.options.onStep?.(step, this)
        const own = readers.map((reader) => reader.next(laneBatch)).map((lane) => ({ ...lane, candidates: this.candidatesOf(lane) }))
        const all = await this.options.world!.exchange(own, ordered)
        const every = all.flatMap(({ lanes }) => lanes).sort((a, b) => a.lane! - b.lane!)
        const examples = every.reduce((sum, lane) => sum + Number(lane.examples), 0)
        const lossSum = every.reduce((sum, lane) => sum + Number(lane.lossSum), 0)
        for (const values of this.tensors.values()) for (let i = 0; i < values.length; i++) values[i]! += (lossSum * (i + 1)) / (step + 10)
        const teaches = teacher !== undefined && step > warmupSteps && step % period === 0 && examples > 0
        if (teaches) validation = await teacher.teach(step, own)
        const times = { readMs: 1, computeMs: 2, exchangeMs: 3, updateMs: 4, totalMs: 10 }
        const lesson = teaches ? { validationSum: examples / 2, validationExamples: examples } : {}
        stream.write({ member: this.member, generation: 1, step, epoch, lossSum, examples, lanes: own, times, ...lesson })
        const exhausted = every.every(({ cursor }) => cursor!.exhausted)
        const reason = exhausted ? 'END_OF_EPOCH' : step === lastStep ? 'LAST_STEP' : all.some(({ order }) => order) ? 'ORDERED' : undefined
        if (reason === undefined) continue
        await teacher?.answered()
        return { reason, step, cursors: own.map(({ lane, cursor }) => ({ lane: lane!, cursor: cursor! })), validation } as const
      }
    } finally {
      teacher?.stream.end()
      stream.end()
    }
  }

  private candidatesOf({ examples }: LaneStep): number[] {
    const { candidates } = this.plan!
    return candidates.flatMap(() => Number(examples) / candidates.length).concat(candidates.map((_, k) => Number(examples) * (k + 1)))
  }

  /** What a lane finds is made of the step, the lane and phi: an answer that did not come, or came twice, changes everything after it. */
  private teacher({ controller, validation }: NonNullable<Task['trainEpoch']>) {
    const { evidence: layout } = this.plan!.controller!
    const stream = this.client.controller()
    let asked = 0
    let wake: () => void = () => undefined
    this.controller = { version: controller!.version, step: 0, phi: controller!.phi }
    stream.on('data', (state: ControllerState) => {
      this.controller = state
      wake()
    })
    stream.on('error', () => undefined)
    stream.write({ member: this.member })
    const turns = new Map(validation.map(({ lane, cursor }) => [lane, (cursor?.line ?? -1) + 1]))
    return {
      stream,
      answered: async () => {
        while (asked > this.controller!.step) await new Promise<void>((resolve) => (wake = resolve))
      },
      teach: async (step: number, lanes: LaneStep[]): Promise<LaneCursor[]> => {
        const version = ((await this.options.onTeach?.(step, this)) as number | undefined) ?? this.controller!.version
        const phi = floatsOf(this.controller!.phi)
        const found = lanes.map(({ lane, examples }) => {
          const turn = turns.get(lane!)!
          const evidence = Float32Array.from({ length: layout.length }, (_, i) => Math.sin(step + lane! + turn + i + (phi[i % phi.length] ?? 0)))
          evidence[layout.tangents] = 1
          return { lane: lane!, examples: examples!, evidence: Buffer.from(evidence.buffer) }
        })
        asked = step
        stream.write({ member: this.member, generation: 1, step, version, lanes: found })
        return lanes.map(({ lane }) => {
          const line = turns.get(lane!)!
          turns.set(lane!, line + 1)
          return { lane: lane!, cursor: { piece: 0, offset: 0, line, emitted: 0, exhausted: false, pass: line >> 2 } }
        })
      },
    }
  }

  private async evaluate({ pieces, scoresArtifact }: NonNullable<Task['evaluate']>) {
    const byLogit = new Map<number, [bigint, bigint]>()
    const weight = [...this.tensors.values()][0]![0]!
    const scored = pieces.map((piece) => {
      const rows = readPiece(piece, this.spec!.source!.paths)
      const sums = {
        piece: piece.id,
        count: 0,
        positives: 0,
        logloss: 0,
        predicted: 0,
        correct: 0,
        rejects: rows.flatMap(({ reject }) => reject ?? []),
      }
      for (const { label, number, reject } of rows) {
        if (reject !== undefined) continue
        const logit = Math.sin(number) + label * 0.3 + weight * 0
        const p = 1 / (1 + Math.exp(-logit))
        sums.count++
        sums.positives += label
        if (logit > 0 === (label === 1)) sums.correct++
        sums.predicted += p
        sums.logloss -= Math.log(label ? p : 1 - p)
        const counts = byLogit.get(logit) ?? [0n, 0n]
        counts[label]!++
        byLogit.set(logit, counts)
      }
      return sums
    })
    await this.putArtifact(scoresArtifact, scoreBytes([...byLogit].map(([logit, [negatives, positives]]) => ({ logit, negatives, positives }))))
    return scored
  }

  private async saveState(checkpoint: string, ranges: { tensor: string; offset: number; bytes: number }[]) {
    const { member, tensors } = this
    async function* chunks() {
      yield { member, checkpoint, tensor: '', offset: 0, data: Buffer.alloc(0) }
      // The order of ranges must not matter.
      for (const { tensor, offset, bytes } of [...ranges].reverse())
        yield { member, checkpoint, tensor, offset, data: Buffer.from(tensors.get(tensor)!.buffer as ArrayBuffer, offset, bytes) }
    }
    await upload((o, done) => this.client.putState(o, done), chunks(), { timeoutMs: 5000, what: 'PutState' })
  }

  private async putArtifact(name: string, data: Buffer) {
    const { member } = this
    async function* chunks() {
      yield { member, name, data: data.subarray(0, 10) }
      yield { member, name, data: data.subarray(10) }
    }
    await upload((o, done) => this.client.putArtifact(o, done), chunks(), { timeoutMs: 5000, what: 'PutArtifact' })
  }

  private async getArtifact(name: string): Promise<Buffer> {
    const parts: Buffer[] = []
    const limits = { timeoutMs: 5000, what: 'GetArtifact' }
    for await (const { data } of download((o) => this.client.getArtifact({ member: this.member, name }, o), limits)) parts.push(data)
    return Buffer.concat(parts)
  }
}

/** Copied: what arrives may begin at any byte. */
const floatsOf = (bytes: Uint8Array) => new Float32Array(Uint8Array.from(bytes).buffer)

/** Sorted records of the scores artifact. */
export function scoreBytes(scores: { logit: number; negatives: bigint; positives: bigint }[]): Buffer {
  const bytes = Buffer.alloc(scores.length * 24)
  for (const [i, { logit, negatives, positives }] of scores.sort((a, b) => a.logit - b.logit).entries()) {
    bytes.writeDoubleLE(logit, i * 24)
    bytes.writeBigUInt64LE(negatives, i * 24 + 8)
    bytes.writeBigUInt64LE(positives, i * 24 + 16)
  }
  return bytes
}

class LaneReader {
  private readonly lane: number
  private readonly rows: { piece: number; at: number; row: Row }[]
  private at: number

  constructor(lane: number, pieces: Piece[], cursor: Cursor | null, paths: string[]) {
    this.lane = lane
    this.rows = pieces.flatMap((piece, i) => readPiece(piece, paths).map((row, at) => ({ piece: i, at, row })))
    const from = cursor === null ? 0 : this.rows.findIndex(({ piece, at }) => piece === cursor.piece && at === cursor.line)
    this.at = cursor?.exhausted || from < 0 ? this.rows.length : from
  }

  next(batch: number): LaneStep {
    const step = { lane: this.lane, examples: 0, lossSum: 0, rejected: 0, heldOut: 0, heldOutTest: 0, rejects: [] as NonNullable<Row['reject']>[] }
    // Rejects right after the last example come with it, as the engine's reader does it.
    while (this.at < this.rows.length && (step.examples < batch || this.rows[this.at]!.row.reject !== undefined)) {
      const { reject, number, label } = this.rows[this.at++]!.row
      if (reject !== undefined) {
        step.rejected++
        step.rejects.push(reject)
      } else {
        step.examples++
        step.lossSum += Math.abs(Math.sin(number) - label)
      }
    }
    const next = this.rows[this.at]
    return { ...step, cursor: { piece: next?.piece ?? 0, offset: 0, line: next?.at ?? 0, emitted: 0, exhausted: next === undefined } }
  }
}

interface Row {
  label: 0 | 1
  number: number
  reject?: { file: number; line: number; reason: string; text: string }
}

function readPiece({ block, skip, take }: Piece, paths: string[]): Row[] {
  const { file, firstLine } = block!
  const lines = readFileSync(paths[file]!, 'utf8').split('\n')
  return lines.slice(firstLine + skip, firstLine + skip + take).map((text, i) => {
    const [label, number] = text.split('\t')
    if (label === '0' || label === '1') return { label: Number(label) as 0 | 1, number: Number(number) }
    return { label: 0, number: 0, reject: { file, line: firstLine + skip + i + 1, reason: `wanted a label 0 or 1, got "${label}"`, text } }
  })
}

function fileFacts(path: string) {
  return { path, bytes: statSync(path).size, digest: createHash('sha256').update(readFileSync(path)).digest() }
}

function indexFile(file: number, path: string) {
  const text = readFileSync(path, 'utf8')
  const lines = text.split('\n').slice(0, -1)
  const blocks = []
  let offset = 0
  for (let first = 0; first < lines.length; first += 7) {
    const own = lines.slice(first, first + 7)
    const bytes = own.reduce((sum, line) => sum + line.length + 1, 0)
    blocks.push({ file, offset, bytes, firstLine: first, lines: own.length })
    offset += bytes
  }
  return { file, textBytes: text.length, lines: lines.length, blocks, gzip: false }
}

/** Every field is the number of the row, in 20 rows. */
function survey(pieces: Piece[], paths: string[], fields: number[]) {
  const rows = pieces.flatMap((piece) => readPiece(piece, paths)).filter(({ reject }) => reject === undefined)
  const count = (label: number) => rows.filter((row) => row.label === label).length
  const texts = [...new Set(rows.map(({ number }) => number))]
  const values = texts.map((value) => ({ text: String(value), row: value % 20, count: rows.filter(({ number }) => number === value).length }))
  return { examples: rows.length, classCounts: [count(0), count(1)], fields: fields.map((field) => ({ field, values, more: false })) }
}

function countValues(pieces: Piece[], paths: string[]): Buffer {
  const counts = new Map<bigint, bigint>()
  const moments = { count: 0, sum: 0, squares: 0 }
  for (const piece of pieces)
    for (const { number, reject } of readPiece(piece, paths)) {
      if (reject !== undefined) continue
      const key = BigInt(number % 10)
      counts.set(key, (counts.get(key) ?? 0n) + 1n)
      moments.count++
      moments.sum += number
      moments.squares += number * number
    }
  const sorted = [...counts].sort(([a], [b]) => (a < b ? -1 : 1))
  const bytes = Buffer.alloc(8 + 24 + 8 + sorted.length * 16)
  bytes.writeBigUInt64LE(1n, 0)
  for (const [i, value] of [moments.count, moments.sum, moments.squares].entries()) bytes.writeDoubleLE(value, 8 + i * 8)
  bytes.writeBigUInt64LE(BigInt(sorted.length), 32)
  for (const [i, [key, count]] of sorted.entries()) {
    bytes.writeBigUInt64LE(key, 40 + i * 8)
    bytes.writeBigUInt64LE(count, 40 + (sorted.length + i) * 8)
  }
  return bytes
}
