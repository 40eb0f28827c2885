import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { Checkpoint as _lossmith_v1_Checkpoint, Checkpoint__Output as _lossmith_v1_Checkpoint__Output } from './lossmith/v1/Checkpoint.js';
import type { CheckpointNowReply as _lossmith_v1_CheckpointNowReply, CheckpointNowReply__Output as _lossmith_v1_CheckpointNowReply__Output } from './lossmith/v1/CheckpointNowReply.js';
import type { CheckpointNowRequest as _lossmith_v1_CheckpointNowRequest, CheckpointNowRequest__Output as _lossmith_v1_CheckpointNowRequest__Output } from './lossmith/v1/CheckpointNowRequest.js';
import type { DescribeRequest as _lossmith_v1_DescribeRequest, DescribeRequest__Output as _lossmith_v1_DescribeRequest__Output } from './lossmith/v1/DescribeRequest.js';
import type { FileProgress as _lossmith_v1_FileProgress, FileProgress__Output as _lossmith_v1_FileProgress__Output } from './lossmith/v1/FileProgress.js';
import type { LaneProgress as _lossmith_v1_LaneProgress, LaneProgress__Output as _lossmith_v1_LaneProgress__Output } from './lossmith/v1/LaneProgress.js';
import type { Ledger as _lossmith_v1_Ledger, Ledger__Output as _lossmith_v1_Ledger__Output } from './lossmith/v1/Ledger.js';
import type { LogEvent as _lossmith_v1_LogEvent, LogEvent__Output as _lossmith_v1_LogEvent__Output } from './lossmith/v1/LogEvent.js';
import type { Member as _lossmith_v1_Member, Member__Output as _lossmith_v1_Member__Output } from './lossmith/v1/Member.js';
import type { MembersEvent as _lossmith_v1_MembersEvent, MembersEvent__Output as _lossmith_v1_MembersEvent__Output } from './lossmith/v1/MembersEvent.js';
import type { MetricEvent as _lossmith_v1_MetricEvent, MetricEvent__Output as _lossmith_v1_MetricEvent__Output } from './lossmith/v1/MetricEvent.js';
import type { MonitorClient as _lossmith_v1_MonitorClient, MonitorDefinition as _lossmith_v1_MonitorDefinition } from './lossmith/v1/Monitor.js';
import type { MoveLanesReply as _lossmith_v1_MoveLanesReply, MoveLanesReply__Output as _lossmith_v1_MoveLanesReply__Output } from './lossmith/v1/MoveLanesReply.js';
import type { MoveLanesRequest as _lossmith_v1_MoveLanesRequest, MoveLanesRequest__Output as _lossmith_v1_MoveLanesRequest__Output } from './lossmith/v1/MoveLanesRequest.js';
import type { PauseReply as _lossmith_v1_PauseReply, PauseReply__Output as _lossmith_v1_PauseReply__Output } from './lossmith/v1/PauseReply.js';
import type { PauseRequest as _lossmith_v1_PauseRequest, PauseRequest__Output as _lossmith_v1_PauseRequest__Output } from './lossmith/v1/PauseRequest.js';
import type { PhaseEvent as _lossmith_v1_PhaseEvent, PhaseEvent__Output as _lossmith_v1_PhaseEvent__Output } from './lossmith/v1/PhaseEvent.js';
import type { ProgressReply as _lossmith_v1_ProgressReply, ProgressReply__Output as _lossmith_v1_ProgressReply__Output } from './lossmith/v1/ProgressReply.js';
import type { ProgressRequest as _lossmith_v1_ProgressRequest, ProgressRequest__Output as _lossmith_v1_ProgressRequest__Output } from './lossmith/v1/ProgressRequest.js';
import type { RankTimes as _lossmith_v1_RankTimes, RankTimes__Output as _lossmith_v1_RankTimes__Output } from './lossmith/v1/RankTimes.js';
import type { RejectEvent as _lossmith_v1_RejectEvent, RejectEvent__Output as _lossmith_v1_RejectEvent__Output } from './lossmith/v1/RejectEvent.js';
import type { ResumeReply as _lossmith_v1_ResumeReply, ResumeReply__Output as _lossmith_v1_ResumeReply__Output } from './lossmith/v1/ResumeReply.js';
import type { ResumeRequest as _lossmith_v1_ResumeRequest, ResumeRequest__Output as _lossmith_v1_ResumeRequest__Output } from './lossmith/v1/ResumeRequest.js';
import type { RunDescription as _lossmith_v1_RunDescription, RunDescription__Output as _lossmith_v1_RunDescription__Output } from './lossmith/v1/RunDescription.js';
import type { RunEvent as _lossmith_v1_RunEvent, RunEvent__Output as _lossmith_v1_RunEvent__Output } from './lossmith/v1/RunEvent.js';
import type { StepEvent as _lossmith_v1_StepEvent, StepEvent__Output as _lossmith_v1_StepEvent__Output } from './lossmith/v1/StepEvent.js';
import type { StopReply as _lossmith_v1_StopReply, StopReply__Output as _lossmith_v1_StopReply__Output } from './lossmith/v1/StopReply.js';
import type { StopRequest as _lossmith_v1_StopRequest, StopRequest__Output as _lossmith_v1_StopRequest__Output } from './lossmith/v1/StopRequest.js';
import type { SurfaceEvent as _lossmith_v1_SurfaceEvent, SurfaceEvent__Output as _lossmith_v1_SurfaceEvent__Output } from './lossmith/v1/SurfaceEvent.js';
import type { SurfaceRow as _lossmith_v1_SurfaceRow, SurfaceRow__Output as _lossmith_v1_SurfaceRow__Output } from './lossmith/v1/SurfaceRow.js';
import type { WatchRequest as _lossmith_v1_WatchRequest, WatchRequest__Output as _lossmith_v1_WatchRequest__Output } from './lossmith/v1/WatchRequest.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  lossmith: {
    v1: {
      Checkpoint: MessageTypeDefinition<_lossmith_v1_Checkpoint, _lossmith_v1_Checkpoint__Output>
      CheckpointNowReply: MessageTypeDefinition<_lossmith_v1_CheckpointNowReply, _lossmith_v1_CheckpointNowReply__Output>
      CheckpointNowRequest: MessageTypeDefinition<_lossmith_v1_CheckpointNowRequest, _lossmith_v1_CheckpointNowRequest__Output>
      DescribeRequest: MessageTypeDefinition<_lossmith_v1_DescribeRequest, _lossmith_v1_DescribeRequest__Output>
      FileProgress: MessageTypeDefinition<_lossmith_v1_FileProgress, _lossmith_v1_FileProgress__Output>
      LaneProgress: MessageTypeDefinition<_lossmith_v1_LaneProgress, _lossmith_v1_LaneProgress__Output>
      Ledger: MessageTypeDefinition<_lossmith_v1_Ledger, _lossmith_v1_Ledger__Output>
      LogEvent: MessageTypeDefinition<_lossmith_v1_LogEvent, _lossmith_v1_LogEvent__Output>
      Member: MessageTypeDefinition<_lossmith_v1_Member, _lossmith_v1_Member__Output>
      MembersEvent: MessageTypeDefinition<_lossmith_v1_MembersEvent, _lossmith_v1_MembersEvent__Output>
      MetricEvent: MessageTypeDefinition<_lossmith_v1_MetricEvent, _lossmith_v1_MetricEvent__Output>
      Monitor: SubtypeConstructor<typeof grpc.Client, _lossmith_v1_MonitorClient> & { service: _lossmith_v1_MonitorDefinition }
      MoveLanesReply: MessageTypeDefinition<_lossmith_v1_MoveLanesReply, _lossmith_v1_MoveLanesReply__Output>
      MoveLanesRequest: MessageTypeDefinition<_lossmith_v1_MoveLanesRequest, _lossmith_v1_MoveLanesRequest__Output>
      PauseReply: MessageTypeDefinition<_lossmith_v1_PauseReply, _lossmith_v1_PauseReply__Output>
      PauseRequest: MessageTypeDefinition<_lossmith_v1_PauseRequest, _lossmith_v1_PauseRequest__Output>
      PhaseEvent: MessageTypeDefinition<_lossmith_v1_PhaseEvent, _lossmith_v1_PhaseEvent__Output>
      ProgressReply: MessageTypeDefinition<_lossmith_v1_ProgressReply, _lossmith_v1_ProgressReply__Output>
      ProgressRequest: MessageTypeDefinition<_lossmith_v1_ProgressRequest, _lossmith_v1_ProgressRequest__Output>
      RankTimes: MessageTypeDefinition<_lossmith_v1_RankTimes, _lossmith_v1_RankTimes__Output>
      RejectEvent: MessageTypeDefinition<_lossmith_v1_RejectEvent, _lossmith_v1_RejectEvent__Output>
      ResumeReply: MessageTypeDefinition<_lossmith_v1_ResumeReply, _lossmith_v1_ResumeReply__Output>
      ResumeRequest: MessageTypeDefinition<_lossmith_v1_ResumeRequest, _lossmith_v1_ResumeRequest__Output>
      RunDescription: MessageTypeDefinition<_lossmith_v1_RunDescription, _lossmith_v1_RunDescription__Output>
      RunEvent: MessageTypeDefinition<_lossmith_v1_RunEvent, _lossmith_v1_RunEvent__Output>
      StepEvent: MessageTypeDefinition<_lossmith_v1_StepEvent, _lossmith_v1_StepEvent__Output>
      StopReply: MessageTypeDefinition<_lossmith_v1_StopReply, _lossmith_v1_StopReply__Output>
      StopRequest: MessageTypeDefinition<_lossmith_v1_StopRequest, _lossmith_v1_StopRequest__Output>
      SurfaceEvent: MessageTypeDefinition<_lossmith_v1_SurfaceEvent, _lossmith_v1_SurfaceEvent__Output>
      SurfaceRow: MessageTypeDefinition<_lossmith_v1_SurfaceRow, _lossmith_v1_SurfaceRow__Output>
      WatchRequest: MessageTypeDefinition<_lossmith_v1_WatchRequest, _lossmith_v1_WatchRequest__Output>
    }
  }
}

