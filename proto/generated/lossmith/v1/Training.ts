// Original file: proto/lossmith/v1/training.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { ArtifactChunk as _lossmith_v1_ArtifactChunk, ArtifactChunk__Output as _lossmith_v1_ArtifactChunk__Output } from '../../lossmith/v1/ArtifactChunk.js';
import type { CompleteReply as _lossmith_v1_CompleteReply, CompleteReply__Output as _lossmith_v1_CompleteReply__Output } from '../../lossmith/v1/CompleteReply.js';
import type { ControllerReport as _lossmith_v1_ControllerReport, ControllerReport__Output as _lossmith_v1_ControllerReport__Output } from '../../lossmith/v1/ControllerReport.js';
import type { ControllerState as _lossmith_v1_ControllerState, ControllerState__Output as _lossmith_v1_ControllerState__Output } from '../../lossmith/v1/ControllerState.js';
import type { GetArtifactRequest as _lossmith_v1_GetArtifactRequest, GetArtifactRequest__Output as _lossmith_v1_GetArtifactRequest__Output } from '../../lossmith/v1/GetArtifactRequest.js';
import type { GetStateRequest as _lossmith_v1_GetStateRequest, GetStateRequest__Output as _lossmith_v1_GetStateRequest__Output } from '../../lossmith/v1/GetStateRequest.js';
import type { HeartbeatReply as _lossmith_v1_HeartbeatReply, HeartbeatReply__Output as _lossmith_v1_HeartbeatReply__Output } from '../../lossmith/v1/HeartbeatReply.js';
import type { HeartbeatRequest as _lossmith_v1_HeartbeatRequest, HeartbeatRequest__Output as _lossmith_v1_HeartbeatRequest__Output } from '../../lossmith/v1/HeartbeatRequest.js';
import type { JoinReply as _lossmith_v1_JoinReply, JoinReply__Output as _lossmith_v1_JoinReply__Output } from '../../lossmith/v1/JoinReply.js';
import type { JoinRequest as _lossmith_v1_JoinRequest, JoinRequest__Output as _lossmith_v1_JoinRequest__Output } from '../../lossmith/v1/JoinRequest.js';
import type { LeaveReply as _lossmith_v1_LeaveReply, LeaveReply__Output as _lossmith_v1_LeaveReply__Output } from '../../lossmith/v1/LeaveReply.js';
import type { LeaveRequest as _lossmith_v1_LeaveRequest, LeaveRequest__Output as _lossmith_v1_LeaveRequest__Output } from '../../lossmith/v1/LeaveRequest.js';
import type { NextTaskRequest as _lossmith_v1_NextTaskRequest, NextTaskRequest__Output as _lossmith_v1_NextTaskRequest__Output } from '../../lossmith/v1/NextTaskRequest.js';
import type { PutArtifactReply as _lossmith_v1_PutArtifactReply, PutArtifactReply__Output as _lossmith_v1_PutArtifactReply__Output } from '../../lossmith/v1/PutArtifactReply.js';
import type { PutStateReply as _lossmith_v1_PutStateReply, PutStateReply__Output as _lossmith_v1_PutStateReply__Output } from '../../lossmith/v1/PutStateReply.js';
import type { StateChunk as _lossmith_v1_StateChunk, StateChunk__Output as _lossmith_v1_StateChunk__Output } from '../../lossmith/v1/StateChunk.js';
import type { StepOrder as _lossmith_v1_StepOrder, StepOrder__Output as _lossmith_v1_StepOrder__Output } from '../../lossmith/v1/StepOrder.js';
import type { StepReport as _lossmith_v1_StepReport, StepReport__Output as _lossmith_v1_StepReport__Output } from '../../lossmith/v1/StepReport.js';
import type { Task as _lossmith_v1_Task, Task__Output as _lossmith_v1_Task__Output } from '../../lossmith/v1/Task.js';
import type { TaskResult as _lossmith_v1_TaskResult, TaskResult__Output as _lossmith_v1_TaskResult__Output } from '../../lossmith/v1/TaskResult.js';

export interface TrainingClient extends grpc.Client {
  Complete(argument: _lossmith_v1_TaskResult, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_CompleteReply__Output>): grpc.ClientUnaryCall;
  Complete(argument: _lossmith_v1_TaskResult, metadata: grpc.Metadata, callback: grpc.requestCallback<_lossmith_v1_CompleteReply__Output>): grpc.ClientUnaryCall;
  Complete(argument: _lossmith_v1_TaskResult, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_CompleteReply__Output>): grpc.ClientUnaryCall;
  Complete(argument: _lossmith_v1_TaskResult, callback: grpc.requestCallback<_lossmith_v1_CompleteReply__Output>): grpc.ClientUnaryCall;
  complete(argument: _lossmith_v1_TaskResult, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_CompleteReply__Output>): grpc.ClientUnaryCall;
  complete(argument: _lossmith_v1_TaskResult, metadata: grpc.Metadata, callback: grpc.requestCallback<_lossmith_v1_CompleteReply__Output>): grpc.ClientUnaryCall;
  complete(argument: _lossmith_v1_TaskResult, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_CompleteReply__Output>): grpc.ClientUnaryCall;
  complete(argument: _lossmith_v1_TaskResult, callback: grpc.requestCallback<_lossmith_v1_CompleteReply__Output>): grpc.ClientUnaryCall;
  
  Controller(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_lossmith_v1_ControllerReport, _lossmith_v1_ControllerState__Output>;
  Controller(options?: grpc.CallOptions): grpc.ClientDuplexStream<_lossmith_v1_ControllerReport, _lossmith_v1_ControllerState__Output>;
  controller(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_lossmith_v1_ControllerReport, _lossmith_v1_ControllerState__Output>;
  controller(options?: grpc.CallOptions): grpc.ClientDuplexStream<_lossmith_v1_ControllerReport, _lossmith_v1_ControllerState__Output>;
  
  GetArtifact(argument: _lossmith_v1_GetArtifactRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_lossmith_v1_ArtifactChunk__Output>;
  GetArtifact(argument: _lossmith_v1_GetArtifactRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_lossmith_v1_ArtifactChunk__Output>;
  getArtifact(argument: _lossmith_v1_GetArtifactRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_lossmith_v1_ArtifactChunk__Output>;
  getArtifact(argument: _lossmith_v1_GetArtifactRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_lossmith_v1_ArtifactChunk__Output>;
  
  GetState(argument: _lossmith_v1_GetStateRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_lossmith_v1_StateChunk__Output>;
  GetState(argument: _lossmith_v1_GetStateRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_lossmith_v1_StateChunk__Output>;
  getState(argument: _lossmith_v1_GetStateRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_lossmith_v1_StateChunk__Output>;
  getState(argument: _lossmith_v1_GetStateRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_lossmith_v1_StateChunk__Output>;
  
  Heartbeat(argument: _lossmith_v1_HeartbeatRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_HeartbeatReply__Output>): grpc.ClientUnaryCall;
  Heartbeat(argument: _lossmith_v1_HeartbeatRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_lossmith_v1_HeartbeatReply__Output>): grpc.ClientUnaryCall;
  Heartbeat(argument: _lossmith_v1_HeartbeatRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_HeartbeatReply__Output>): grpc.ClientUnaryCall;
  Heartbeat(argument: _lossmith_v1_HeartbeatRequest, callback: grpc.requestCallback<_lossmith_v1_HeartbeatReply__Output>): grpc.ClientUnaryCall;
  heartbeat(argument: _lossmith_v1_HeartbeatRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_HeartbeatReply__Output>): grpc.ClientUnaryCall;
  heartbeat(argument: _lossmith_v1_HeartbeatRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_lossmith_v1_HeartbeatReply__Output>): grpc.ClientUnaryCall;
  heartbeat(argument: _lossmith_v1_HeartbeatRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_HeartbeatReply__Output>): grpc.ClientUnaryCall;
  heartbeat(argument: _lossmith_v1_HeartbeatRequest, callback: grpc.requestCallback<_lossmith_v1_HeartbeatReply__Output>): grpc.ClientUnaryCall;
  
  Join(argument: _lossmith_v1_JoinRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_JoinReply__Output>): grpc.ClientUnaryCall;
  Join(argument: _lossmith_v1_JoinRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_lossmith_v1_JoinReply__Output>): grpc.ClientUnaryCall;
  Join(argument: _lossmith_v1_JoinRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_JoinReply__Output>): grpc.ClientUnaryCall;
  Join(argument: _lossmith_v1_JoinRequest, callback: grpc.requestCallback<_lossmith_v1_JoinReply__Output>): grpc.ClientUnaryCall;
  join(argument: _lossmith_v1_JoinRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_JoinReply__Output>): grpc.ClientUnaryCall;
  join(argument: _lossmith_v1_JoinRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_lossmith_v1_JoinReply__Output>): grpc.ClientUnaryCall;
  join(argument: _lossmith_v1_JoinRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_JoinReply__Output>): grpc.ClientUnaryCall;
  join(argument: _lossmith_v1_JoinRequest, callback: grpc.requestCallback<_lossmith_v1_JoinReply__Output>): grpc.ClientUnaryCall;
  
  Leave(argument: _lossmith_v1_LeaveRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_LeaveReply__Output>): grpc.ClientUnaryCall;
  Leave(argument: _lossmith_v1_LeaveRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_lossmith_v1_LeaveReply__Output>): grpc.ClientUnaryCall;
  Leave(argument: _lossmith_v1_LeaveRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_LeaveReply__Output>): grpc.ClientUnaryCall;
  Leave(argument: _lossmith_v1_LeaveRequest, callback: grpc.requestCallback<_lossmith_v1_LeaveReply__Output>): grpc.ClientUnaryCall;
  leave(argument: _lossmith_v1_LeaveRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_LeaveReply__Output>): grpc.ClientUnaryCall;
  leave(argument: _lossmith_v1_LeaveRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_lossmith_v1_LeaveReply__Output>): grpc.ClientUnaryCall;
  leave(argument: _lossmith_v1_LeaveRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_LeaveReply__Output>): grpc.ClientUnaryCall;
  leave(argument: _lossmith_v1_LeaveRequest, callback: grpc.requestCallback<_lossmith_v1_LeaveReply__Output>): grpc.ClientUnaryCall;
  
  NextTask(argument: _lossmith_v1_NextTaskRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_Task__Output>): grpc.ClientUnaryCall;
  NextTask(argument: _lossmith_v1_NextTaskRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_lossmith_v1_Task__Output>): grpc.ClientUnaryCall;
  NextTask(argument: _lossmith_v1_NextTaskRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_Task__Output>): grpc.ClientUnaryCall;
  NextTask(argument: _lossmith_v1_NextTaskRequest, callback: grpc.requestCallback<_lossmith_v1_Task__Output>): grpc.ClientUnaryCall;
  nextTask(argument: _lossmith_v1_NextTaskRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_Task__Output>): grpc.ClientUnaryCall;
  nextTask(argument: _lossmith_v1_NextTaskRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_lossmith_v1_Task__Output>): grpc.ClientUnaryCall;
  nextTask(argument: _lossmith_v1_NextTaskRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_Task__Output>): grpc.ClientUnaryCall;
  nextTask(argument: _lossmith_v1_NextTaskRequest, callback: grpc.requestCallback<_lossmith_v1_Task__Output>): grpc.ClientUnaryCall;
  
  PutArtifact(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_PutArtifactReply__Output>): grpc.ClientWritableStream<_lossmith_v1_ArtifactChunk>;
  PutArtifact(metadata: grpc.Metadata, callback: grpc.requestCallback<_lossmith_v1_PutArtifactReply__Output>): grpc.ClientWritableStream<_lossmith_v1_ArtifactChunk>;
  PutArtifact(options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_PutArtifactReply__Output>): grpc.ClientWritableStream<_lossmith_v1_ArtifactChunk>;
  PutArtifact(callback: grpc.requestCallback<_lossmith_v1_PutArtifactReply__Output>): grpc.ClientWritableStream<_lossmith_v1_ArtifactChunk>;
  putArtifact(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_PutArtifactReply__Output>): grpc.ClientWritableStream<_lossmith_v1_ArtifactChunk>;
  putArtifact(metadata: grpc.Metadata, callback: grpc.requestCallback<_lossmith_v1_PutArtifactReply__Output>): grpc.ClientWritableStream<_lossmith_v1_ArtifactChunk>;
  putArtifact(options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_PutArtifactReply__Output>): grpc.ClientWritableStream<_lossmith_v1_ArtifactChunk>;
  putArtifact(callback: grpc.requestCallback<_lossmith_v1_PutArtifactReply__Output>): grpc.ClientWritableStream<_lossmith_v1_ArtifactChunk>;
  
  PutState(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_PutStateReply__Output>): grpc.ClientWritableStream<_lossmith_v1_StateChunk>;
  PutState(metadata: grpc.Metadata, callback: grpc.requestCallback<_lossmith_v1_PutStateReply__Output>): grpc.ClientWritableStream<_lossmith_v1_StateChunk>;
  PutState(options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_PutStateReply__Output>): grpc.ClientWritableStream<_lossmith_v1_StateChunk>;
  PutState(callback: grpc.requestCallback<_lossmith_v1_PutStateReply__Output>): grpc.ClientWritableStream<_lossmith_v1_StateChunk>;
  putState(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_PutStateReply__Output>): grpc.ClientWritableStream<_lossmith_v1_StateChunk>;
  putState(metadata: grpc.Metadata, callback: grpc.requestCallback<_lossmith_v1_PutStateReply__Output>): grpc.ClientWritableStream<_lossmith_v1_StateChunk>;
  putState(options: grpc.CallOptions, callback: grpc.requestCallback<_lossmith_v1_PutStateReply__Output>): grpc.ClientWritableStream<_lossmith_v1_StateChunk>;
  putState(callback: grpc.requestCallback<_lossmith_v1_PutStateReply__Output>): grpc.ClientWritableStream<_lossmith_v1_StateChunk>;
  
  Steps(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_lossmith_v1_StepReport, _lossmith_v1_StepOrder__Output>;
  Steps(options?: grpc.CallOptions): grpc.ClientDuplexStream<_lossmith_v1_StepReport, _lossmith_v1_StepOrder__Output>;
  steps(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_lossmith_v1_StepReport, _lossmith_v1_StepOrder__Output>;
  steps(options?: grpc.CallOptions): grpc.ClientDuplexStream<_lossmith_v1_StepReport, _lossmith_v1_StepOrder__Output>;
  
}

export interface TrainingHandlers extends grpc.UntypedServiceImplementation {
  Complete: grpc.handleUnaryCall<_lossmith_v1_TaskResult__Output, _lossmith_v1_CompleteReply>;
  
  Controller: grpc.handleBidiStreamingCall<_lossmith_v1_ControllerReport__Output, _lossmith_v1_ControllerState>;
  
  GetArtifact: grpc.handleServerStreamingCall<_lossmith_v1_GetArtifactRequest__Output, _lossmith_v1_ArtifactChunk>;
  
  GetState: grpc.handleServerStreamingCall<_lossmith_v1_GetStateRequest__Output, _lossmith_v1_StateChunk>;
  
  Heartbeat: grpc.handleUnaryCall<_lossmith_v1_HeartbeatRequest__Output, _lossmith_v1_HeartbeatReply>;
  
  Join: grpc.handleUnaryCall<_lossmith_v1_JoinRequest__Output, _lossmith_v1_JoinReply>;
  
  Leave: grpc.handleUnaryCall<_lossmith_v1_LeaveRequest__Output, _lossmith_v1_LeaveReply>;
  
  NextTask: grpc.handleUnaryCall<_lossmith_v1_NextTaskRequest__Output, _lossmith_v1_Task>;
  
  PutArtifact: grpc.handleClientStreamingCall<_lossmith_v1_ArtifactChunk__Output, _lossmith_v1_PutArtifactReply>;
  
  PutState: grpc.handleClientStreamingCall<_lossmith_v1_StateChunk__Output, _lossmith_v1_PutStateReply>;
  
  Steps: grpc.handleBidiStreamingCall<_lossmith_v1_StepReport__Output, _lossmith_v1_StepOrder>;
  
}

export interface TrainingDefinition extends grpc.ServiceDefinition {
  Complete: MethodDefinition<_lossmith_v1_TaskResult, _lossmith_v1_CompleteReply, _lossmith_v1_TaskResult__Output, _lossmith_v1_CompleteReply__Output>
  Controller: MethodDefinition<_lossmith_v1_ControllerReport, _lossmith_v1_ControllerState, _lossmith_v1_ControllerReport__Output, _lossmith_v1_ControllerState__Output>
  GetArtifact: MethodDefinition<_lossmith_v1_GetArtifactRequest, _lossmith_v1_ArtifactChunk, _lossmith_v1_GetArtifactRequest__Output, _lossmith_v1_ArtifactChunk__Output>
  GetState: MethodDefinition<_lossmith_v1_GetStateRequest, _lossmith_v1_StateChunk, _lossmith_v1_GetStateRequest__Output, _lossmith_v1_StateChunk__Output>
  Heartbeat: MethodDefinition<_lossmith_v1_HeartbeatRequest, _lossmith_v1_HeartbeatReply, _lossmith_v1_HeartbeatRequest__Output, _lossmith_v1_HeartbeatReply__Output>
  Join: MethodDefinition<_lossmith_v1_JoinRequest, _lossmith_v1_JoinReply, _lossmith_v1_JoinRequest__Output, _lossmith_v1_JoinReply__Output>
  Leave: MethodDefinition<_lossmith_v1_LeaveRequest, _lossmith_v1_LeaveReply, _lossmith_v1_LeaveRequest__Output, _lossmith_v1_LeaveReply__Output>
  NextTask: MethodDefinition<_lossmith_v1_NextTaskRequest, _lossmith_v1_Task, _lossmith_v1_NextTaskRequest__Output, _lossmith_v1_Task__Output>
  PutArtifact: MethodDefinition<_lossmith_v1_ArtifactChunk, _lossmith_v1_PutArtifactReply, _lossmith_v1_ArtifactChunk__Output, _lossmith_v1_PutArtifactReply__Output>
  PutState: MethodDefinition<_lossmith_v1_StateChunk, _lossmith_v1_PutStateReply, _lossmith_v1_StateChunk__Output, _lossmith_v1_PutStateReply__Output>
  Steps: MethodDefinition<_lossmith_v1_StepReport, _lossmith_v1_StepOrder, _lossmith_v1_StepReport__Output, _lossmith_v1_StepOrder__Output>
}
