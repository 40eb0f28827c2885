/** What the dashboard's server sends the page: the messages of monitor.proto as JSON. A number that is none (NaN) arrives as null. */
export type { Checkpoint__Output as Checkpoint } from '../../../proto/generated/lossmith/v1/Checkpoint.js'
export type { Member__Output as Member } from '../../../proto/generated/lossmith/v1/Member.js'
export type { MetricEvent__Output as MetricEvent } from '../../../proto/generated/lossmith/v1/MetricEvent.js'
export type { ProgressReply__Output as ProgressReply } from '../../../proto/generated/lossmith/v1/ProgressReply.js'
export type { RunDescription__Output as RunDescription } from '../../../proto/generated/lossmith/v1/RunDescription.js'
export type { RunEvent__Output as RunEvent } from '../../../proto/generated/lossmith/v1/RunEvent.js'
export type { StepEvent__Output as StepEvent } from '../../../proto/generated/lossmith/v1/StepEvent.js'
export type { SurfaceEvent__Output as SurfaceEvent } from '../../../proto/generated/lossmith/v1/SurfaceEvent.js'

/** GET /api/runs */
export interface RunInfo {
  id: string
  name: string
  label: string
  kind: 'coordinator' | 'directory'
  where: string
  live: boolean
  phase: string
  startedUnixMs: number
}

/** GET /api/settings */
export interface Settings {
  readOnly: boolean
  version: string
}

export type Request = 'pause' | 'resume' | 'checkpoint' | 'stop'

export interface Answer {
  accepted: boolean
  reason: string
}
