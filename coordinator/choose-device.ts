/**
 * Which device each worker of a run computes on: the CPU, or one GPU. The job's word counts (`cluster.device`), then the worker's (`--device`),
 * then whether it has a GPU. CPUs and GPUs never work together; without `train.determinism` GPUs of different classes may.
 */
import type { Job } from '../common/job/job.js'
import type { Gpu__Output as Gpu } from '../proto/generated/lossmith/v1/Gpu.js'
import type { JoinRequest__Output as JoinRequest } from '../proto/generated/lossmith/v1/JoinRequest.js'

export type DeviceKind = 'cpu' | 'cuda'

export interface Placement {
  readonly device: DeviceKind
  /** Of which deal() chooses one; none on a CPU. */
  readonly gpus: readonly Gpu[]
}

/** What speaks against a worker: the code of the refusal, what was wanted and what was got. */
export interface Misfit {
  readonly code: string
  readonly wanted: string
  readonly got: string
}

/** `first`: that of the worker that joined first, by which the others must go. */
export function choosePlacement(job: Job, request: JoinRequest, first: { name: string; placement: Placement } | undefined): Placement | Misfit {
  const told = request.device === 'cpu' || request.device === 'cuda' ? request.device : 'auto'
  const { device: wanted } = job.cluster
  if (wanted !== 'auto' && told !== 'auto' && told !== wanted)
    return { code: 'device-mismatch', wanted: `device ${wanted} (cluster.device)`, got: `--device ${told}` }
  const asked = wanted === 'auto' ? told : wanted
  const noGpu = `none: ${request.noGpu}`
  if (asked === 'cuda' && request.gpus.length === 0) return { code: 'no-gpu', wanted: 'a usable GPU', got: noGpu }
  if (asked === 'cpu' || request.gpus.length === 0) return onCpu(job, asked === 'cpu' ? 'the CPU' : noGpu, first)
  return onGpu(job, request.gpus, first)
}

function onCpu({ train, cluster }: Job, got: string, first: { name: string; placement: Placement } | undefined): Placement | Misfit {
  if (train.precision !== 'float32') return { code: 'no-gpu', wanted: `a GPU, for train.precision ${train.precision} (float32 needs none)`, got }
  if (cluster.exchange !== 'tree') return { code: 'no-gpu', wanted: `a GPU, for cluster.exchange ${cluster.exchange} (tree needs none)`, got }
  if (first !== undefined && first.placement.device !== 'cpu') return mixed('a GPU', first.name, got)
  return { device: 'cpu', gpus: [] }
}

function onGpu({ train }: Job, gpus: readonly Gpu[], first: { name: string; placement: Placement } | undefined): Placement | Misfit {
  if (first !== undefined && first.placement.device !== 'cuda') return mixed('the CPU', first.name, `a GPU, ${gpus[0]!.name}`)
  if (!train.determinism) return { device: 'cuda', gpus }
  const wanted = (first?.placement.gpus ?? gpus)[0]!.gpuClass
  const alike = gpus.filter(({ gpuClass }) => gpuClass === wanted)
  if (alike.length > 0) return { device: 'cuda', gpus: alike }
  const why = 'results would depend on who computes; train.determinism: false allows it'
  return { code: 'gpu-class-mismatch', wanted: `GPU class "${wanted}" as ${first!.name} has (${why})`, got: `"${gpus[0]!.gpuClass}"` }
}

const mixed = (wanted: string, name: string, got: string): Misfit => ({
  code: 'device-mismatch',
  wanted: `${wanted} as ${name} has (cluster.device: cpu makes all of them use the CPU)`,
  got,
})

/** A GPU for each worker in the order of ranks: of its own ones the one that the fewest have so far, then the one it named first. */
export function dealGpus(candidates: readonly (readonly Gpu[])[]): (Gpu | null)[] {
  const workers = new Map<string, number>()
  return candidates.map((gpus) => {
    if (gpus.length === 0) return null
    const load = ({ uuid }: Gpu) => workers.get(uuid) ?? 0
    const gpu = gpus.reduce((best, other) => (load(other) < load(best) ? other : best))
    workers.set(gpu.uuid, load(gpu) + 1)
    return gpu
  })
}
