// Original file: proto/lossmith/v1/monitor.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { CheckpointNowReply as _lossmith_v1_CheckpointNowReply, CheckpointNowReply__Output as _lossmith_v1_CheckpointNowReply__Output } from '../../lossmith/v1/CheckpointNowReply.js';
import type { CheckpointNowRequest as _lossmith_v1_CheckpointNowRequest, CheckpointNowRequest__Output as _lossmith_v1_CheckpointNowRequest__Output } from '../../lossmith/v1/CheckpointNowRequest.js';
import type { DescribeRequest as _lossmith_v1_DescribeRequest, DescribeRequest__Output as _lossmith_v1_DescribeRequest__Output } from '../../lossmith/v1/DescribeRequest.js';
import type { MoveLanesReply as _lossmith_v1_MoveLanesReply, MoveLanesReply__Output as _lossmith_v1_MoveLanesReply__Output } from '../../lossmith/v1/MoveLanesReply.js';
import type { MoveLanesRequest as _lossmith_v1_MoveLanesRequest, MoveLanesRequest__Output as _lossmith_v1_MoveLanesRequest__Output } from '../../lossmith/v1/MoveLanesRequest.js';
import type { PauseReply as _lossmith_v1_PauseReply, PauseReply__Output as _lossmith_v1_PauseReply__Output } from '../../lossmith/v1/PauseReply.js';
import type { PauseRequest as _lossmith_v1_PauseRequest, PauseRequest__Output as _lossmith_v1_PauseRequest__Output } from '../../lossmith/v1/PauseRequest.js';
import type { ProgressReply as _lossmith_v1_ProgressReply, ProgressReply__Output as _lossmith_v1_ProgressReply__Output } from '../../lossmith/v1/ProgressReply.js';
import type { ProgressRequest as _lossmith_v1_ProgressRequest, ProgressRequest__Output as _lossmith_v1_ProgressRequest__Output } from '../../lossmith/v1/ProgressRequest.js';
import type { ResumeReply as _lossmith_v1_ResumeReply, ResumeReply__Output as _lossmith_v1_ResumeReply__Output } from '../../lossmith/v1/ResumeReply.js';
import type { ResumeRequest as _lossmith_v1_ResumeRequest, ResumeRequest__Output as _lossmith_v1_ResumeRequest__Output } from '../../lossmith/v1/ResumeRequest.js';
import type { RunDescription as _lossmith_v1_RunDescription, RunDescription__Output as _lossmith_v1_RunDescription__Output } from '../../lossmith/v1/RunDescription.js';
import type { RunEvent as _lossmith_v1_RunEvent, RunEvent__Output as _lossmith_v1_RunEvent__Output } from '../../lossmith/v1/RunEvent.js';
import type { StopReply as _lossmith_v1_StopReply, StopReply__Output as _lossmith_v1_StopReply__Output } from '../../lossmith/v1/StopReply.js';
import type { StopRequest as _lossmith_v1_StopRequest, StopRequest__Output as _lossmith_v1_StopRequest__Output } from '../../lossmith/v1/StopRequest.js';
import type { WatchRequest as _lossmith_v1_WatchRequest, WatchRequest__Output as _lossmith_v1_WatchRequest__Output } from '../../lossmith/v1/WatchRequest.js';

export interface MonitorClient extends grpc.Client {
  CheckpointNow(argument: _lossmith_v1_CheckpointNowRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_CheckpointNowReply__Output>): grpc.ClientUnaryCall;
  CheckpointNow(argument: _lossmith_v1_CheckpointNowRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_lossmith_v1_CheckpointNowReply__Output>): grpc.ClientUnaryCall;
  CheckpointNow(argument: _lossmith_v1_CheckpointNowRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_CheckpointNowReply__Output>): grpc.ClientUnaryCall;
  CheckpointNow(argument: _lossmith_v1_CheckpointNowRequest, callback: grpc.requestCallback<_lossmith_v1_CheckpointNowReply__Output>): grpc.ClientUnaryCall;
  checkpointNow(argument: _lossmith_v1_CheckpointNowRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_CheckpointNowReply__Output>): grpc.ClientUnaryCall;
  checkpointNow(argument: _lossmith_v1_CheckpointNowRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_lossmith_v1_CheckpointNowReply__Output>): grpc.ClientUnaryCall;
  checkpointNow(argument: _lossmith_v1_CheckpointNowRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_CheckpointNowReply__Output>): grpc.ClientUnaryCall;
  checkpointNow(argument: _lossmith_v1_CheckpointNowRequest, callback: grpc.requestCallback<_lossmith_v1_CheckpointNowReply__Output>): grpc.ClientUnaryCall;
  
  Describe(argument: _lossmith_v1_DescribeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_RunDescription__Output>): grpc.ClientUnaryCall;
  Describe(argument: _lossmith_v1_DescribeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_lossmith_v1_RunDescription__Output>): grpc.ClientUnaryCall;
  Describe(argument: _lossmith_v1_DescribeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_RunDescription__Output>): grpc.ClientUnaryCall;
  Describe(argument: _lossmith_v1_DescribeRequest, callback: grpc.requestCallback<_lossmith_v1_RunDescription__Output>): grpc.ClientUnaryCall;
  describe(argument: _lossmith_v1_DescribeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_RunDescription__Output>): grpc.ClientUnaryCall;
  describe(argument: _lossmith_v1_DescribeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_lossmith_v1_RunDescription__Output>): grpc.ClientUnaryCall;
  describe(argument: _lossmith_v1_DescribeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_RunDescription__Output>): grpc.ClientUnaryCall;
  describe(argument: _lossmith_v1_DescribeRequest, callback: grpc.requestCallback<_lossmith_v1_RunDescription__Output>): grpc.ClientUnaryCall;
  
  MoveLanes(argument: _lossmith_v1_MoveLanesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_MoveLanesReply__Output>): grpc.ClientUnaryCall;
  MoveLanes(argument: _lossmith_v1_MoveLanesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_lossmith_v1_MoveLanesReply__Output>): grpc.ClientUnaryCall;
  MoveLanes(argument: _lossmith_v1_MoveLanesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_MoveLanesReply__Output>): grpc.ClientUnaryCall;
  MoveLanes(argument: _lossmith_v1_MoveLanesRequest, callback: grpc.requestCallback<_lossmith_v1_MoveLanesReply__Output>): grpc.ClientUnaryCall;
  moveLanes(argument: _lossmith_v1_MoveLanesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_MoveLanesReply__Output>): grpc.ClientUnaryCall;
  moveLanes(argument: _lossmith_v1_MoveLanesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_lossmith_v1_MoveLanesReply__Output>): grpc.ClientUnaryCall;
  moveLanes(argument: _lossmith_v1_MoveLanesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_MoveLanesReply__Output>): grpc.ClientUnaryCall;
  moveLanes(argument: _lossmith_v1_MoveLanesRequest, callback: grpc.requestCallback<_lossmith_v1_MoveLanesReply__Output>): grpc.ClientUnaryCall;
  
  Pause(argument: _lossmith_v1_PauseRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_PauseReply__Output>): grpc.ClientUnaryCall;
  Pause(argument: _lossmith_v1_PauseRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_lossmith_v1_PauseReply__Output>): grpc.ClientUnaryCall;
  Pause(argument: _lossmith_v1_PauseRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_PauseReply__Output>): grpc.ClientUnaryCall;
  Pause(argument: _lossmith_v1_PauseRequest, callback: grpc.requestCallback<_lossmith_v1_PauseReply__Output>): grpc.ClientUnaryCall;
  pause(argument: _lossmith_v1_PauseRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_PauseReply__Output>): grpc.ClientUnaryCall;
  pause(argument: _lossmith_v1_PauseRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_lossmith_v1_PauseReply__Output>): grpc.ClientUnaryCall;
  pause(argument: _lossmith_v1_PauseRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_PauseReply__Output>): grpc.ClientUnaryCall;
  pause(argument: _lossmith_v1_PauseRequest, callback: grpc.requestCallback<_lossmith_v1_PauseReply__Output>): grpc.ClientUnaryCall;
  
  Progress(argument: _lossmith_v1_ProgressRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_ProgressReply__Output>): grpc.ClientUnaryCall;
  Progress(argument: _lossmith_v1_ProgressRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_lossmith_v1_ProgressReply__Output>): grpc.ClientUnaryCall;
  Progress(argument: _lossmith_v1_ProgressRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_ProgressReply__Output>): grpc.ClientUnaryCall;
  Progress(argument: _lossmith_v1_ProgressRequest, callback: grpc.requestCallback<_lossmith_v1_ProgressReply__Output>): grpc.ClientUnaryCall;
  progress(argument: _lossmith_v1_ProgressRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_ProgressReply__Output>): grpc.ClientUnaryCall;
  progress(argument: _lossmith_v1_ProgressRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_lossmith_v1_ProgressReply__Output>): grpc.ClientUnaryCall;
  progress(argument: _lossmith_v1_ProgressRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_ProgressReply__Output>): grpc.ClientUnaryCall;
  progress(argument: _lossmith_v1_ProgressRequest, callback: grpc.requestCallback<_lossmith_v1_ProgressReply__Output>): grpc.ClientUnaryCall;
  
  Resume(argument: _lossmith_v1_ResumeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_ResumeReply__Output>): grpc.ClientUnaryCall;
  Resume(argument: _lossmith_v1_ResumeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_lossmith_v1_ResumeReply__Output>): grpc.ClientUnaryCall;
  Resume(argument: _lossmith_v1_ResumeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_ResumeReply__Output>): grpc.ClientUnaryCall;
  Resume(argument: _lossmith_v1_ResumeRequest, callback: grpc.requestCallback<_lossmith_v1_ResumeReply__Output>): grpc.ClientUnaryCall;
  resume(argument: _lossmith_v1_ResumeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_ResumeReply__Output>): grpc.ClientUnaryCall;
  resume(argument: _lossmith_v1_ResumeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_lossmith_v1_ResumeReply__Output>): grpc.ClientUnaryCall;
  resume(argument: _lossmith_v1_ResumeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_ResumeReply__Output>): grpc.ClientUnaryCall;
  resume(argument: _lossmith_v1_ResumeRequest, callback: grpc.requestCallback<_lossmith_v1_ResumeReply__Output>): grpc.ClientUnaryCall;
  
  Stop(argument: _lossmith_v1_StopRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_StopReply__Output>): grpc.ClientUnaryCall;
  Stop(argument: _lossmith_v1_StopRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_lossmith_v1_StopReply__Output>): grpc.ClientUnaryCall;
  Stop(argument: _lossmith_v1_StopRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_StopReply__Output>): grpc.ClientUnaryCall;
  Stop(argument: _lossmith_v1_StopRequest, callback: grpc.requestCallback<_lossmith_v1_StopReply__Output>): grpc.ClientUnaryCall;
  stop(argument: _lossmith_v1_StopRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_StopReply__Output>): grpc.ClientUnaryCall;
  stop(argument: _lossmith_v1_StopRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_lossmith_v1_StopReply__Output>): grpc.ClientUnaryCall;
  stop(argument: _lossmith_v1_StopRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_StopReply__Output>): grpc.ClientUnaryCall;
  stop(argument: _lossmith_v1_StopRequest, callback: grpc.requestCallback<_lossmith_v1_StopReply__Output>): grpc.ClientUnaryCall;
  
  Watch(argument: _lossmith_v1_WatchRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_lossmith_v1_RunEvent__Output>;
  Watch(argument: _lossmith_v1_WatchRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_lossmith_v1_RunEvent__Output>;
  watch(argument: _lossmith_v1_WatchRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_lossmith_v1_RunEvent__Output>;
  watch(argument: _lossmith_v1_WatchRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_lossmith_v1_RunEvent__Output>;
  
}

export interface MonitorHandlers extends grpc.UntypedServiceImplementation {
  CheckpointNow: grpc.handleUnaryCall<_lossmith_v1_CheckpointNowRequest__Output, _lossmith_v1_CheckpointNowReply>;
  
  Describe: grpc.handleUnaryCall<_lossmith_v1_DescribeRequest__Output, _lossmith_v1_RunDescription>;
  
  MoveLanes: grpc.handleUnaryCall<_lossmith_v1_MoveLanesRequest__Output, _lossmith_v1_MoveLanesReply>;
  
  Pause: grpc.handleUnaryCall<_lossmith_v1_PauseRequest__Output, _lossmith_v1_PauseReply>;
  
  Progress: grpc.handleUnaryCall<_lossmith_v1_ProgressRequest__Output, _lossmith_v1_ProgressReply>;
  
  Resume: grpc.handleUnaryCall<_lossmith_v1_ResumeRequest__Output, _lossmith_v1_ResumeReply>;
  
  Stop: grpc.handleUnaryCall<_lossmith_v1_StopRequest__Output, _lossmith_v1_StopReply>;
  
  Watch: grpc.handleServerStreamingCall<_lossmith_v1_WatchRequest__Output, _lossmith_v1_RunEvent>;
  
}

export interface MonitorDefinition extends grpc.ServiceDefinition {
  CheckpointNow: MethodDefinition<_lossmith_v1_CheckpointNowRequest, _lossmith_v1_CheckpointNowReply, _lossmith_v1_CheckpointNowRequest__Output, _lossmith_v1_CheckpointNowReply__Output>
  Describe: MethodDefinition<_lossmith_v1_DescribeRequest, _lossmith_v1_RunDescription, _lossmith_v1_DescribeRequest__Output, _lossmith_v1_RunDescription__Output>
  MoveLanes: MethodDefinition<_lossmith_v1_MoveLanesRequest, _lossmith_v1_MoveLanesReply, _lossmith_v1_MoveLanesRequest__Output, _lossmith_v1_MoveLanesReply__Output>
  Pause: MethodDefinition<_lossmith_v1_PauseRequest, _lossmith_v1_PauseReply, _lossmith_v1_PauseRequest__Output, _lossmith_v1_PauseReply__Output>
  Progress: MethodDefinition<_lossmith_v1_ProgressRequest, _lossmith_v1_ProgressReply, _lossmith_v1_ProgressRequest__Output, _lossmith_v1_ProgressReply__Output>
  Resume: MethodDefinition<_lossmith_v1_ResumeRequest, _lossmith_v1_ResumeReply, _lossmith_v1_ResumeRequest__Output, _lossmith_v1_ResumeReply__Output>
  Stop: MethodDefinition<_lossmith_v1_StopRequest, _lossmith_v1_StopReply, _lossmith_v1_StopRequest__Output, _lossmith_v1_StopReply__Output>
  Watch: MethodDefinition<_lossmith_v1_WatchRequest, _lossmith_v1_RunEvent, _lossmith_v1_WatchRequest__Output, _lossmith_v1_RunEvent__Output>
}
