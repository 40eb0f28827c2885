/**
 * NCCL for Node, by itself: `import { connectNccl, createUniqueId } from 'lossmith/nccl'`. Ranks on GPUs, in one process or in many, move and add
 * device memory. One rank makes the unique id, your program carries its 128 bytes to the others, all connect.
 *
 * Every promise settles: NCCL is watched for errors and for `timeoutMs`, and a communicator that failed is aborted and of no use afterwards
 * (kind `transient`, code `collective-broken` or `collective-timeout`). As NCCL has it, all ranks must make the same calls with the same counts
 * and types in the same order. Nothing runs on the JavaScript thread. docs/nccl.md has the whole.
 */
import { brokenError, configError } from '../../common/errors.js'
import { loadNative, type Native, type NcclBuffer, type NcclCall, type NcclPlace, type NcclRank } from './binding.js'

const bytesOfType = {
  int8: 1,
  uint8: 1,
  int32: 4,
  uint32: 4,
  int64: 8,
  uint64: 8,
  float16: 2,
  bfloat16: 2,
  float32: 4,
  float64: 8,
} as const

export type NcclType = keyof typeof bytesOfType
export type NcclOperation = 'sum' | 'product' | 'max' | 'min' | 'average'
type Plain =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array

/** Which libnccl is used, its version as NCCL writes it (23007 is 2.30.7). @throws config `library-missing`, `nccl-version` below 2.14 */
export function ncclLibrary(): { path: string; version: number } {
  return native().ncclLibrary()
}

/** Names one communicator; made by one rank and carried to all. 128 bytes. */
export function createUniqueId(): Uint8Array {
  return native().createNcclId()
}

/** The GPUs of this machine that can be used; `gpu` is what connectNccl takes. Empty where there is none. */
export function listGpus(): { gpu: number; name: string; uuid: string; memory: number }[] {
  return native()
    .describeCuda()
    .devices.map(({ ordinal, name, uuid, memory }) => ({ gpu: ordinal, name, uuid, memory }))
}

export interface ConnectOptions {
  uniqueId: Uint8Array
  /** 0 ≤ rank < world. */
  rank: number
  world: number
  /** Number of this rank's GPU; 0. NCCL wants a GPU of its own for each rank. */
  gpu?: number
  /** Deadline of connecting and of every call; 30 s. */
  timeoutMs?: number
}

/** Settles when all ranks have come. @throws config `no-gpu`; transient `collective-timeout` */
export async function connectNccl(options: ConnectOptions): Promise<Communicator> {
  const { uniqueId, rank, world, gpu = 0, timeoutMs = 30_000 } = options
  const handle = new (native().NcclRank)({ gpu })
  await handle.connect({ id: uniqueId, rank, world, timeoutMs })
  return new Communicator(handle, rank, world)
}

/** Bytes on the GPU of a communicator. New memory holds anything. */
export class DeviceBuffer {
  constructor(
    private readonly communicator: Communicator,
    private readonly handle: NcclBuffer,
    readonly bytes: number,
  ) {}

  /** A part, as a place of calls: `bytes` from byte `offset` on. */
  part(offset: number, bytes = this.bytes - offset): DevicePart {
    return new DevicePart(this.communicator, { buffer: this.handle, offset }, checked(offset, bytes, this.bytes))
  }

  /** Copies to the GPU; `values` must stay as they are until it settles. */
  write(values: Plain, offset = 0): Promise<void> {
    return this.part(offset, values.byteLength).write(values)
  }
  /** Copies from the GPU: `await buffer.read(Float32Array)`. */
  read<T extends Plain>(as: ArrayOf<T>): Promise<T> {
    return this.part(0).read(as)
  }
  /** Gives the memory back, once calls that use it have settled. */
  free(): void {
    this.handle.free()
  }
}

/** A part of a buffer. */
export class DevicePart {
  constructor(
    private readonly communicator: Communicator,
    readonly place: NcclPlace,
    readonly bytes: number,
  ) {}

  part(offset: number, bytes = this.bytes - offset): DevicePart {
    const place = { buffer: this.place.buffer, offset: this.place.offset + offset }
    return new DevicePart(this.communicator, place, checked(offset, bytes, this.bytes))
  }

  write(values: Plain): Promise<void> {
    checked(0, values.byteLength, this.bytes)
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    return this.communicator.inOrder((rank) => rank.write({ to: this.place, bytes }))
  }
  async read<T extends Plain>(as: ArrayOf<T>): Promise<T> {
    const bytes = await this.communicator.inOrder((rank) => rank.read({ from: this.place, bytes: this.bytes }))
    return new as(bytes.buffer, bytes.byteOffset, Math.floor(bytes.byteLength / as.BYTES_PER_ELEMENT))
  }
}

type ArrayOf<T> = { new (buffer: ArrayBufferLike, offset: number, length: number): T; BYTES_PER_ELEMENT: number }
export type DevicePlace = DeviceBuffer | DevicePart

/** `count`: values that one rank gives or gets; absent: all that the smaller side holds of its share. */
interface Values {
  type: NcclType
  count?: number
}
export interface Moves extends Values {
  from: DevicePlace
  /** May be `from`, where both sides have the same size. */
  to: DevicePlace
}
export interface Reduces extends Moves {
  /** 'sum' */
  op?: NcclOperation
}

/**
 * The calls of NCCL. Alone each is a promise; in `group` they are made together. Promises settle in the order of their calls, when the device has
 * done the work: the results can then be read or used by the next call.
 */
export interface NcclCalls<Result> {
  /** to = op over all ranks of from, on every rank. */
  allReduce(options: Reduces): Result
  /** The same on rank `root` only; `to` is not used elsewhere. */
  reduce(options: Reduces & { root: number }): Result
  /** `from` holds `world` shares; rank r gets op over all ranks of share r. */
  reduceScatter(options: Reduces): Result
  /** `to` on every rank = `from` of rank `root`; `from` is not used elsewhere. */
  broadcast(options: Moves & { root: number }): Result
  /** `to` = from of all ranks, by rank. */
  allGather(options: Moves): Result
  /** One side of a pair; pairs that wait for each other belong into one group. */
  send(options: Values & { from: DevicePlace; peer: number }): Result
  receive(options: Values & { to: DevicePlace; peer: number }): Result
}

export class Communicator implements NcclCalls<Promise<void>> {
  private last: Promise<unknown> = Promise.resolve()
  private ending: Promise<void> | null = null

  constructor(
    private readonly handle: NcclRank,
    readonly rank: number,
    readonly world: number,
  ) {}

  /** Name of the GPU. */
  get device(): string {
    return this.handle.device
  }

  /** Memory on the GPU. @throws config `device-memory` */
  allocate(bytes: number): DeviceBuffer {
    return new DeviceBuffer(this, this.handle.allocate({ bytes }), bytes)
  }

  allReduce(options: Reduces): Promise<void> {
    return this.group((calls) => calls.allReduce(options))
  }
  reduce(options: Reduces & { root: number }): Promise<void> {
    return this.group((calls) => calls.reduce(options))
  }
  reduceScatter(options: Reduces): Promise<void> {
    return this.group((calls) => calls.reduceScatter(options))
  }
  broadcast(options: Moves & { root: number }): Promise<void> {
    return this.group((calls) => calls.broadcast(options))
  }
  allGather(options: Moves): Promise<void> {
    return this.group((calls) => calls.allGather(options))
  }
  send(options: Values & { from: DevicePlace; peer: number }): Promise<void> {
    return this.group((calls) => calls.send(options))
  }
  receive(options: Values & { to: DevicePlace; peer: number }): Promise<void> {
    return this.group((calls) => calls.receive(options))
  }

  /** All ranks' values of unequal counts, by rank, one behind the other; counts[r] is rank r's. */
  allGatherV(options: { from: DevicePlace; to: DevicePlace; type: NcclType; counts: readonly number[] }): Promise<void> {
    const { from, to, type, counts } = options
    return this.group((calls) => {
      this.wantRanks(counts)
      let offset = 0
      for (const [root, count] of counts.entries()) {
        const bytes = count * bytesOfType[type]
        const target = to.part(offset, bytes)
        if (count > 0) calls.broadcast({ from: root === this.rank ? from : target, to: target, type, count, root })
        offset += bytes
      }
    })
  }

  /** The r-th of `world` equal shares of `from` goes to rank r; `to` gets one share of each rank. The two must not overlap. */
  allToAll(options: { from: DevicePlace; to: DevicePlace; type: NcclType; count?: number }): Promise<void> {
    const { from, to, type, count = Math.floor(Math.min(from.bytes, to.bytes) / this.world / bytesOfType[options.type]) } = options
    const counts = Array<number>(this.world).fill(count)
    return this.allToAllV({ from, to, type, sendCounts: counts, receiveCounts: counts })
  }

  /** The same with shares of unequal counts: sendCounts[r] values go to rank r, receiveCounts[r] come from it. */
  allToAllV(options: {
    from: DevicePlace
    to: DevicePlace
    type: NcclType
    sendCounts: readonly number[]
    receiveCounts: readonly number[]
  }): Promise<void> {
    const { from, to, type, sendCounts, receiveCounts } = options
    return this.group((calls) => {
      this.wantRanks(sendCounts)
      this.wantRanks(receiveCounts)
      for (let peer = 0, sent = 0, received = 0; peer < this.world; peer++) {
        const send = sendCounts[peer]!
        const receive = receiveCounts[peer]!
        if (send > 0) calls.send({ from: from.part(sent, send * bytesOfType[type]), type, count: send, peer })
        if (receive > 0) calls.receive({ to: to.part(received, receive * bytesOfType[type]), type, count: receive, peer })
        sent += send * bytesOfType[type]
        received += receive * bytesOfType[type]
      }
    })
  }

  /** Calls that are made together: `group((calls) => { calls.send(…); calls.receive(…) })`. Nothing is sent when `make` throws. */
  group(make: (calls: NcclCalls<void>) => void): Promise<void> {
    const calls: NcclCall[] = []
    try {
      make(collector(this, calls))
    } catch (error) {
      return Promise.reject(error)
    }
    return calls.length === 0 ? Promise.resolve() : this.inOrder((rank) => rank.run(calls))
  }

  /** Runs `work` after what was asked for before has settled, well or not. */
  inOrder<T>(work: (rank: NcclRank) => Promise<T>): Promise<T> {
    if (this.ending !== null) return Promise.reject(brokenError('closed', '[nccl] wanted an open communicator, got a closed one'))
    return this.append(work)
  }

  /** After all ranks' last call: ends together with them, or alone at the deadline. */
  close(): Promise<void> {
    this.ending ??= this.append((rank) => rank.close())
    return this.ending
  }

  /** Ends at once: promises that wait reject. Other ranks may notice only at their deadline. */
  abort(): void {
    this.handle.abort()
  }

  private append<T>(work: (rank: NcclRank) => Promise<T>): Promise<T> {
    const result = this.last.then(() => work(this.handle))
    this.last = result.catch(() => {})
    return result
  }

  private wantRanks(counts: readonly number[]): void {
    if (counts.length !== this.world) throw configError('nccl-range', `[nccl] wanted a count for each of ${this.world} ranks, got ${counts.length}`)
  }
}

/** Turns calls into what the engine runs as one group. */
function collector({ rank, world }: Communicator, calls: NcclCall[]): NcclCalls<void> {
  const moving = (call: NcclCall['call'], options: Moves & { op?: string; root?: number }, fromShares = 1, toShares = 1): void => {
    const { from, to, type, op, root } = options
    const uses = { from: call !== 'broadcast' || root === rank, to: call !== 'reduce' || root === rank }
    const most = Math.min(uses.from ? from.bytes / fromShares : Infinity, uses.to ? to.bytes / toShares : Infinity)
    calls.push({
      call,
      type,
      count: options.count ?? Math.floor(most / bytesOfType[type]),
      ...(op === undefined ? {} : { op }),
      ...(root === undefined ? {} : { peer: root }),
      ...(uses.from ? { from: placeOf(from) } : {}),
      ...(uses.to ? { to: placeOf(to) } : {}),
    })
  }
  return {
    allReduce: (options) => moving('allReduce', options),
    reduce: (options) => moving('reduce', options),
    reduceScatter: (options) => moving('reduceScatter', options, world),
    broadcast: (options) => moving('broadcast', options),
    allGather: (options) => moving('allGather', options, 1, world),
    send({ from, type, peer, count = Math.floor(from.bytes / bytesOfType[type]) }) {
      calls.push({ call: 'send', type, count, peer, from: placeOf(from) })
    },
    receive({ to, type, peer, count = Math.floor(to.bytes / bytesOfType[type]) }) {
      calls.push({ call: 'receive', type, count, peer, to: placeOf(to) })
    },
  }
}

function placeOf(place: DevicePlace): NcclPlace {
  return place instanceof DeviceBuffer ? place.part(0).place : place.place
}

function checked(offset: number, bytes: number, most: number): number {
  if (offset >= 0 && bytes >= 0 && offset + bytes <= most) return bytes
  throw configError('nccl-range', `[nccl] wanted ${bytes} bytes from byte ${offset}, got memory of ${most}`)
}

let loaded: Native | undefined

function native(): Native {
  loaded ??= loadNative()
  return loaded
}
