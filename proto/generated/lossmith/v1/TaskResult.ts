// Original file: proto/lossmith/v1/training.proto

import type { Failure as _lossmith_v1_Failure, Failure__Output as _lossmith_v1_Failure__Output } from '../../lossmith/v1/Failure.js';
import type { FileFacts as _lossmith_v1_FileFacts, FileFacts__Output as _lossmith_v1_FileFacts__Output } from '../../lossmith/v1/FileFacts.js';
import type { FileIndex as _lossmith_v1_FileIndex, FileIndex__Output as _lossmith_v1_FileIndex__Output } from '../../lossmith/v1/FileIndex.js';
import type { Prepared as _lossmith_v1_Prepared, Prepared__Output as _lossmith_v1_Prepared__Output } from '../../lossmith/v1/Prepared.js';
import type { TrainResult as _lossmith_v1_TrainResult, TrainResult__Output as _lossmith_v1_TrainResult__Output } from '../../lossmith/v1/TrainResult.js';
import type { EvaluateResult as _lossmith_v1_EvaluateResult, EvaluateResult__Output as _lossmith_v1_EvaluateResult__Output } from '../../lossmith/v1/EvaluateResult.js';
import type { SurveyResult as _lossmith_v1_SurveyResult, SurveyResult__Output as _lossmith_v1_SurveyResult__Output } from '../../lossmith/v1/SurveyResult.js';
import type { Long } from '@grpc/proto-loader';

export interface TaskResult {
  'member'?: (string);
  'task'?: (number | string | Long);
  'generation'?: (number | string | Long);
  'failure'?: (_lossmith_v1_Failure | null);
  'files'?: (_lossmith_v1_FileFacts)[];
  'index'?: (_lossmith_v1_FileIndex | null);
  'prepared'?: (_lossmith_v1_Prepared | null);
  'train'?: (_lossmith_v1_TrainResult | null);
  'evaluate'?: (_lossmith_v1_EvaluateResult | null);
  'survey'?: (_lossmith_v1_SurveyResult | null);
}

export interface TaskResult__Output {
  'member': (string);
  'task': (number);
  'generation': (number);
  'failure': (_lossmith_v1_Failure__Output | null);
  'files': (_lossmith_v1_FileFacts__Output)[];
  'index': (_lossmith_v1_FileIndex__Output | null);
  'prepared': (_lossmith_v1_Prepared__Output | null);
  'train': (_lossmith_v1_TrainResult__Output | null);
  'evaluate': (_lossmith_v1_EvaluateResult__Output | null);
  'survey': (_lossmith_v1_SurveyResult__Output | null);
}
