// Original file: proto/lossmith/v1/monitor.proto

import type { StepEvent as _lossmith_v1_StepEvent, StepEvent__Output as _lossmith_v1_StepEvent__Output } from '../../lossmith/v1/StepEvent.js';
import type { MetricEvent as _lossmith_v1_MetricEvent, MetricEvent__Output as _lossmith_v1_MetricEvent__Output } from '../../lossmith/v1/MetricEvent.js';
import type { PhaseEvent as _lossmith_v1_PhaseEvent, PhaseEvent__Output as _lossmith_v1_PhaseEvent__Output } from '../../lossmith/v1/PhaseEvent.js';
import type { LogEvent as _lossmith_v1_LogEvent, LogEvent__Output as _lossmith_v1_LogEvent__Output } from '../../lossmith/v1/LogEvent.js';
import type { SurfaceEvent as _lossmith_v1_SurfaceEvent, SurfaceEvent__Output as _lossmith_v1_SurfaceEvent__Output } from '../../lossmith/v1/SurfaceEvent.js';
import type { RejectEvent as _lossmith_v1_RejectEvent, RejectEvent__Output as _lossmith_v1_RejectEvent__Output } from '../../lossmith/v1/RejectEvent.js';
import type { Checkpoint as _lossmith_v1_Checkpoint, Checkpoint__Output as _lossmith_v1_Checkpoint__Output } from '../../lossmith/v1/Checkpoint.js';
import type { MembersEvent as _lossmith_v1_MembersEvent, MembersEvent__Output as _lossmith_v1_MembersEvent__Output } from '../../lossmith/v1/MembersEvent.js';
import type { Long } from '@grpc/proto-loader';

export interface RunEvent {
  'unixMs'?: (number | string | Long);
  'step'?: (_lossmith_v1_StepEvent | null);
  'metric'?: (_lossmith_v1_MetricEvent | null);
  'phase'?: (_lossmith_v1_PhaseEvent | null);
  'log'?: (_lossmith_v1_LogEvent | null);
  'surface'?: (_lossmith_v1_SurfaceEvent | null);
  'reject'?: (_lossmith_v1_RejectEvent | null);
  'checkpoint'?: (_lossmith_v1_Checkpoint | null);
  'members'?: (_lossmith_v1_MembersEvent | null);
  'kind'?: "step"|"metric"|"phase"|"log"|"surface"|"reject"|"checkpoint"|"members";
}

export interface RunEvent__Output {
  'unixMs': (number);
  'step'?: (_lossmith_v1_StepEvent__Output | null);
  'metric'?: (_lossmith_v1_MetricEvent__Output | null);
  'phase'?: (_lossmith_v1_PhaseEvent__Output | null);
  'log'?: (_lossmith_v1_LogEvent__Output | null);
  'surface'?: (_lossmith_v1_SurfaceEvent__Output | null);
  'reject'?: (_lossmith_v1_RejectEvent__Output | null);
  'checkpoint'?: (_lossmith_v1_Checkpoint__Output | null);
  'members'?: (_lossmith_v1_MembersEvent__Output | null);
  'kind'?: "step"|"metric"|"phase"|"log"|"surface"|"reject"|"checkpoint"|"members";
}
