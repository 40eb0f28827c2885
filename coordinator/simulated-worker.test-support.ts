/**
 * Workers for tests: plain gRPC clients that do every task of the contract on small text logs (`label<TAB>number`), without an engine. Their
 * "collective" is an object in this process. The model is one tensor of weights that moves by a fixed rule of (step, sums over all lanes).
 */
import { createHash } from 'node:crypto'
import { download, unary, upload } from '../common/rpc/call.js'
import { clientOptions } from '../common/rpc/channel-options.js'
import { clientCredentials } from '../common/rpc/credentials.js'
import { asLossmithError } from '../common/rpc/status.js'
import { version } from '../common/version.js'
import type { TrainingPlan } from '../model/plan.js'
import type { ControllerState__Output as ControllerState } from '../proto/generated/lossmith/v1/ControllerState.js'
import type { HeartbeatReply__Output as HeartbeatReply } from '../proto/generated/lossmith/v1/HeartbeatReply.js'
import type { JoinReply__Output as JoinReply } from '../proto/generated/lossmith/v1/JoinReply.js'
import type { JoinRequest } from '../proto/generated/lossmith/v1/JoinRequest.js'
import type { LaneCursor } from '../proto/generated/lossmith/v1/LaneCursor.js'
import type { LaneStep } from '../proto/generated/lossmith/v1/LaneStep.js'
import type { Prepare__Output as Prepare } from '../proto/generated/lossmith/v1/Prepare.js'
import type { StepOrder__Output as StepOrder } from '../proto/generated/lossmith/v1/StepOrder.js'
import type { Task__Output as Task } from '../proto/generated/lossmith/v1/Task.js'
import type { TaskResult } from '../proto/generated/lossmith/v1/TaskResult.js'
import { contracts } from '../proto/load.js'
import { countValues, fileFacts, indexFile, LaneReader, readPiece, scoreBytes, survey } from './simulated-data.test-support.js'
import type { SimulatedWorld } from './simulated-world.test-support.js'
import { stateTensors } from './state-tensors.js'

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
