import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { ArtifactChunk as _lossmith_v1_ArtifactChunk, ArtifactChunk__Output as _lossmith_v1_ArtifactChunk__Output } from './lossmith/v1/ArtifactChunk.js';
import type { Block as _lossmith_v1_Block, Block__Output as _lossmith_v1_Block__Output } from './lossmith/v1/Block.js';
import type { CheckFiles as _lossmith_v1_CheckFiles, CheckFiles__Output as _lossmith_v1_CheckFiles__Output } from './lossmith/v1/CheckFiles.js';
import type { CompleteReply as _lossmith_v1_CompleteReply, CompleteReply__Output as _lossmith_v1_CompleteReply__Output } from './lossmith/v1/CompleteReply.js';
import type { Connect as _lossmith_v1_Connect, Connect__Output as _lossmith_v1_Connect__Output } from './lossmith/v1/Connect.js';
import type { ControllerReport as _lossmith_v1_ControllerReport, ControllerReport__Output as _lossmith_v1_ControllerReport__Output } from './lossmith/v1/ControllerReport.js';
import type { ControllerState as _lossmith_v1_ControllerState, ControllerState__Output as _lossmith_v1_ControllerState__Output } from './lossmith/v1/ControllerState.js';
import type { CountValues as _lossmith_v1_CountValues, CountValues__Output as _lossmith_v1_CountValues__Output } from './lossmith/v1/CountValues.js';
import type { Cursor as _lossmith_v1_Cursor, Cursor__Output as _lossmith_v1_Cursor__Output } from './lossmith/v1/Cursor.js';
import type { DataSource as _lossmith_v1_DataSource, DataSource__Output as _lossmith_v1_DataSource__Output } from './lossmith/v1/DataSource.js';
import type { Evaluate as _lossmith_v1_Evaluate, Evaluate__Output as _lossmith_v1_Evaluate__Output } from './lossmith/v1/Evaluate.js';
import type { EvaluateResult as _lossmith_v1_EvaluateResult, EvaluateResult__Output as _lossmith_v1_EvaluateResult__Output } from './lossmith/v1/EvaluateResult.js';
import type { Failure as _lossmith_v1_Failure, Failure__Output as _lossmith_v1_Failure__Output } from './lossmith/v1/Failure.js';
import type { FieldValue as _lossmith_v1_FieldValue, FieldValue__Output as _lossmith_v1_FieldValue__Output } from './lossmith/v1/FieldValue.js';
import type { FieldValues as _lossmith_v1_FieldValues, FieldValues__Output as _lossmith_v1_FieldValues__Output } from './lossmith/v1/FieldValues.js';
import type { FileFacts as _lossmith_v1_FileFacts, FileFacts__Output as _lossmith_v1_FileFacts__Output } from './lossmith/v1/FileFacts.js';
import type { FileIndex as _lossmith_v1_FileIndex, FileIndex__Output as _lossmith_v1_FileIndex__Output } from './lossmith/v1/FileIndex.js';
import type { Finish as _lossmith_v1_Finish, Finish__Output as _lossmith_v1_Finish__Output } from './lossmith/v1/Finish.js';
import type { Fraction as _lossmith_v1_Fraction, Fraction__Output as _lossmith_v1_Fraction__Output } from './lossmith/v1/Fraction.js';
import type { GetArtifactRequest as _lossmith_v1_GetArtifactRequest, GetArtifactRequest__Output as _lossmith_v1_GetArtifactRequest__Output } from './lossmith/v1/GetArtifactRequest.js';
import type { GetStateRequest as _lossmith_v1_GetStateRequest, GetStateRequest__Output as _lossmith_v1_GetStateRequest__Output } from './lossmith/v1/GetStateRequest.js';
import type { Gpu as _lossmith_v1_Gpu, Gpu__Output as _lossmith_v1_Gpu__Output } from './lossmith/v1/Gpu.js';
import type { HeartbeatReply as _lossmith_v1_HeartbeatReply, HeartbeatReply__Output as _lossmith_v1_HeartbeatReply__Output } from './lossmith/v1/HeartbeatReply.js';
import type { HeartbeatRequest as _lossmith_v1_HeartbeatRequest, HeartbeatRequest__Output as _lossmith_v1_HeartbeatRequest__Output } from './lossmith/v1/HeartbeatRequest.js';
import type { IndexFile as _lossmith_v1_IndexFile, IndexFile__Output as _lossmith_v1_IndexFile__Output } from './lossmith/v1/IndexFile.js';
import type { JoinReply as _lossmith_v1_JoinReply, JoinReply__Output as _lossmith_v1_JoinReply__Output } from './lossmith/v1/JoinReply.js';
import type { JoinRequest as _lossmith_v1_JoinRequest, JoinRequest__Output as _lossmith_v1_JoinRequest__Output } from './lossmith/v1/JoinRequest.js';
import type { LaneCursor as _lossmith_v1_LaneCursor, LaneCursor__Output as _lossmith_v1_LaneCursor__Output } from './lossmith/v1/LaneCursor.js';
import type { LaneEvidence as _lossmith_v1_LaneEvidence, LaneEvidence__Output as _lossmith_v1_LaneEvidence__Output } from './lossmith/v1/LaneEvidence.js';
import type { LanePlan as _lossmith_v1_LanePlan, LanePlan__Output as _lossmith_v1_LanePlan__Output } from './lossmith/v1/LanePlan.js';
import type { LaneStep as _lossmith_v1_LaneStep, LaneStep__Output as _lossmith_v1_LaneStep__Output } from './lossmith/v1/LaneStep.js';
import type { LeaveReply as _lossmith_v1_LeaveReply, LeaveReply__Output as _lossmith_v1_LeaveReply__Output } from './lossmith/v1/LeaveReply.js';
import type { LeaveRequest as _lossmith_v1_LeaveRequest, LeaveRequest__Output as _lossmith_v1_LeaveRequest__Output } from './lossmith/v1/LeaveRequest.js';
import type { LoadState as _lossmith_v1_LoadState, LoadState__Output as _lossmith_v1_LoadState__Output } from './lossmith/v1/LoadState.js';
import type { NextTaskRequest as _lossmith_v1_NextTaskRequest, NextTaskRequest__Output as _lossmith_v1_NextTaskRequest__Output } from './lossmith/v1/NextTaskRequest.js';
import type { Piece as _lossmith_v1_Piece, Piece__Output as _lossmith_v1_Piece__Output } from './lossmith/v1/Piece.js';
import type { PieceScore as _lossmith_v1_PieceScore, PieceScore__Output as _lossmith_v1_PieceScore__Output } from './lossmith/v1/PieceScore.js';
import type { Prepare as _lossmith_v1_Prepare, Prepare__Output as _lossmith_v1_Prepare__Output } from './lossmith/v1/Prepare.js';
import type { Prepared as _lossmith_v1_Prepared, Prepared__Output as _lossmith_v1_Prepared__Output } from './lossmith/v1/Prepared.js';
import type { PutArtifactReply as _lossmith_v1_PutArtifactReply, PutArtifactReply__Output as _lossmith_v1_PutArtifactReply__Output } from './lossmith/v1/PutArtifactReply.js';
import type { PutStateReply as _lossmith_v1_PutStateReply, PutStateReply__Output as _lossmith_v1_PutStateReply__Output } from './lossmith/v1/PutStateReply.js';
import type { Reject as _lossmith_v1_Reject, Reject__Output as _lossmith_v1_Reject__Output } from './lossmith/v1/Reject.js';
import type { SaveState as _lossmith_v1_SaveState, SaveState__Output as _lossmith_v1_SaveState__Output } from './lossmith/v1/SaveState.js';
import type { StateChunk as _lossmith_v1_StateChunk, StateChunk__Output as _lossmith_v1_StateChunk__Output } from './lossmith/v1/StateChunk.js';
import type { StateRange as _lossmith_v1_StateRange, StateRange__Output as _lossmith_v1_StateRange__Output } from './lossmith/v1/StateRange.js';
import type { StepOrder as _lossmith_v1_StepOrder, StepOrder__Output as _lossmith_v1_StepOrder__Output } from './lossmith/v1/StepOrder.js';
import type { StepReport as _lossmith_v1_StepReport, StepReport__Output as _lossmith_v1_StepReport__Output } from './lossmith/v1/StepReport.js';
import type { StepTimes as _lossmith_v1_StepTimes, StepTimes__Output as _lossmith_v1_StepTimes__Output } from './lossmith/v1/StepTimes.js';
import type { Survey as _lossmith_v1_Survey, Survey__Output as _lossmith_v1_Survey__Output } from './lossmith/v1/Survey.js';
import type { SurveyResult as _lossmith_v1_SurveyResult, SurveyResult__Output as _lossmith_v1_SurveyResult__Output } from './lossmith/v1/SurveyResult.js';
import type { Task as _lossmith_v1_Task, Task__Output as _lossmith_v1_Task__Output } from './lossmith/v1/Task.js';
import type { TaskResult as _lossmith_v1_TaskResult, TaskResult__Output as _lossmith_v1_TaskResult__Output } from './lossmith/v1/TaskResult.js';
import type { TrainEpoch as _lossmith_v1_TrainEpoch, TrainEpoch__Output as _lossmith_v1_TrainEpoch__Output } from './lossmith/v1/TrainEpoch.js';
import type { TrainResult as _lossmith_v1_TrainResult, TrainResult__Output as _lossmith_v1_TrainResult__Output } from './lossmith/v1/TrainResult.js';
import type { TrainingClient as _lossmith_v1_TrainingClient, TrainingDefinition as _lossmith_v1_TrainingDefinition } from './lossmith/v1/Training.js';
import type { Wait as _lossmith_v1_Wait, Wait__Output as _lossmith_v1_Wait__Output } from './lossmith/v1/Wait.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  lossmith: {
    v1: {
      ArtifactChunk: MessageTypeDefinition<_lossmith_v1_ArtifactChunk, _lossmith_v1_ArtifactChunk__Output>
      Block: MessageTypeDefinition<_lossmith_v1_Block, _lossmith_v1_Block__Output>
      CheckFiles: MessageTypeDefinition<_lossmith_v1_CheckFiles, _lossmith_v1_CheckFiles__Output>
      CompleteReply: MessageTypeDefinition<_lossmith_v1_CompleteReply, _lossmith_v1_CompleteReply__Output>
      Connect: MessageTypeDefinition<_lossmith_v1_Connect, _lossmith_v1_Connect__Output>
      ControllerReport: MessageTypeDefinition<_lossmith_v1_ControllerReport, _lossmith_v1_ControllerReport__Output>
      ControllerState: MessageTypeDefinition<_lossmith_v1_ControllerState, _lossmith_v1_ControllerState__Output>
      CountValues: MessageTypeDefinition<_lossmith_v1_CountValues, _lossmith_v1_CountValues__Output>
      Cursor: MessageTypeDefinition<_lossmith_v1_Cursor, _lossmith_v1_Cursor__Output>
      DataSource: MessageTypeDefinition<_lossmith_v1_DataSource, _lossmith_v1_DataSource__Output>
      Evaluate: MessageTypeDefinition<_lossmith_v1_Evaluate, _lossmith_v1_Evaluate__Output>
      EvaluateResult: MessageTypeDefinition<_lossmith_v1_EvaluateResult, _lossmith_v1_EvaluateResult__Output>
      Failure: MessageTypeDefinition<_lossmith_v1_Failure, _lossmith_v1_Failure__Output>
      FieldValue: MessageTypeDefinition<_lossmith_v1_FieldValue, _lossmith_v1_FieldValue__Output>
      FieldValues: MessageTypeDefinition<_lossmith_v1_FieldValues, _lossmith_v1_FieldValues__Output>
      FileFacts: MessageTypeDefinition<_lossmith_v1_FileFacts, _lossmith_v1_FileFacts__Output>
      FileIndex: MessageTypeDefinition<_lossmith_v1_FileIndex, _lossmith_v1_FileIndex__Output>
      Finish: MessageTypeDefinition<_lossmith_v1_Finish, _lossmith_v1_Finish__Output>
      Fraction: MessageTypeDefinition<_lossmith_v1_Fraction, _lossmith_v1_Fraction__Output>
      GetArtifactRequest: MessageTypeDefinition<_lossmith_v1_GetArtifactRequest, _lossmith_v1_GetArtifactRequest__Output>
      GetStateRequest: MessageTypeDefinition<_lossmith_v1_GetStateRequest, _lossmith_v1_GetStateRequest__Output>
      Gpu: MessageTypeDefinition<_lossmith_v1_Gpu, _lossmith_v1_Gpu__Output>
      HeartbeatReply: MessageTypeDefinition<_lossmith_v1_HeartbeatReply, _lossmith_v1_HeartbeatReply__Output>
      HeartbeatRequest: MessageTypeDefinition<_lossmith_v1_HeartbeatRequest, _lossmith_v1_HeartbeatRequest__Output>
      IndexFile: MessageTypeDefinition<_lossmith_v1_IndexFile, _lossmith_v1_IndexFile__Output>
      JoinReply: MessageTypeDefinition<_lossmith_v1_JoinReply, _lossmith_v1_JoinReply__Output>
      JoinRequest: MessageTypeDefinition<_lossmith_v1_JoinRequest, _lossmith_v1_JoinRequest__Output>
      LaneCursor: MessageTypeDefinition<_lossmith_v1_LaneCursor, _lossmith_v1_LaneCursor__Output>
      LaneEvidence: MessageTypeDefinition<_lossmith_v1_LaneEvidence, _lossmith_v1_LaneEvidence__Output>
      LanePlan: MessageTypeDefinition<_lossmith_v1_LanePlan, _lossmith_v1_LanePlan__Output>
      LaneStep: MessageTypeDefinition<_lossmith_v1_LaneStep, _lossmith_v1_LaneStep__Output>
      LeaveReply: MessageTypeDefinition<_lossmith_v1_LeaveReply, _lossmith_v1_LeaveReply__Output>
      LeaveRequest: MessageTypeDefinition<_lossmith_v1_LeaveRequest, _lossmith_v1_LeaveRequest__Output>
      LoadState: MessageTypeDefinition<_lossmith_v1_LoadState, _lossmith_v1_LoadState__Output>
      NextTaskRequest: MessageTypeDefinition<_lossmith_v1_NextTaskRequest, _lossmith_v1_NextTaskRequest__Output>
      Piece: MessageTypeDefinition<_lossmith_v1_Piece, _lossmith_v1_Piece__Output>
      PieceScore: MessageTypeDefinition<_lossmith_v1_PieceScore, _lossmith_v1_PieceScore__Output>
      Prepare: MessageTypeDefinition<_lossmith_v1_Prepare, _lossmith_v1_Prepare__Output>
      Prepared: MessageTypeDefinition<_lossmith_v1_Prepared, _lossmith_v1_Prepared__Output>
      PutArtifactReply: MessageTypeDefinition<_lossmith_v1_PutArtifactReply, _lossmith_v1_PutArtifactReply__Output>
      PutStateReply: MessageTypeDefinition<_lossmith_v1_PutStateReply, _lossmith_v1_PutStateReply__Output>
      Reject: MessageTypeDefinition<_lossmith_v1_Reject, _lossmith_v1_Reject__Output>
      SaveState: MessageTypeDefinition<_lossmith_v1_SaveState, _lossmith_v1_SaveState__Output>
      StateChunk: MessageTypeDefinition<_lossmith_v1_StateChunk, _lossmith_v1_StateChunk__Output>
      StateRange: MessageTypeDefinition<_lossmith_v1_StateRange, _lossmith_v1_StateRange__Output>
      StepOrder: MessageTypeDefinition<_lossmith_v1_StepOrder, _lossmith_v1_StepOrder__Output>
      StepReport: MessageTypeDefinition<_lossmith_v1_StepReport, _lossmith_v1_StepReport__Output>
      StepTimes: MessageTypeDefinition<_lossmith_v1_StepTimes, _lossmith_v1_StepTimes__Output>
      Survey: MessageTypeDefinition<_lossmith_v1_Survey, _lossmith_v1_Survey__Output>
      SurveyResult: MessageTypeDefinition<_lossmith_v1_SurveyResult, _lossmith_v1_SurveyResult__Output>
      Task: MessageTypeDefinition<_lossmith_v1_Task, _lossmith_v1_Task__Output>
      TaskResult: MessageTypeDefinition<_lossmith_v1_TaskResult, _lossmith_v1_TaskResult__Output>
      TrainEpoch: MessageTypeDefinition<_lossmith_v1_TrainEpoch, _lossmith_v1_TrainEpoch__Output>
      TrainResult: MessageTypeDefinition<_lossmith_v1_TrainResult, _lossmith_v1_TrainResult__Output>
      Training: SubtypeConstructor<typeof grpc.Client, _lossmith_v1_TrainingClient> & { service: _lossmith_v1_TrainingDefinition }
      Wait: MessageTypeDefinition<_lossmith_v1_Wait, _lossmith_v1_Wait__Output>
    }
  }
}

