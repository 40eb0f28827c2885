// Original file: proto/lossmith/v1/training.proto

import type { LaneCursor as _lossmith_v1_LaneCursor, LaneCursor__Output as _lossmith_v1_LaneCursor__Output } from '../../lossmith/v1/LaneCursor.js';
import type { Long } from '@grpc/proto-loader';

// Original file: proto/lossmith/v1/training.proto

export const _lossmith_v1_TrainResult_Reason = {
  END_OF_EPOCH: 'END_OF_EPOCH',
  LAST_STEP: 'LAST_STEP',
  ORDERED: 'ORDERED',
} as const;

export type _lossmith_v1_TrainResult_Reason =
  | 'END_OF_EPOCH'
  | 0
  | 'LAST_STEP'
  | 1
  | 'ORDERED'
  | 2

export type _lossmith_v1_TrainResult_Reason__Output = typeof _lossmith_v1_TrainResult_Reason[keyof typeof _lossmith_v1_TrainResult_Reason]

export interface TrainResult {
  'reason'?: (_lossmith_v1_TrainResult_Reason);
  'step'?: (number | string | Long);
  'cursors'?: (_lossmith_v1_LaneCursor)[];
  'validation'?: (_lossmith_v1_LaneCursor)[];
}

export interface TrainResult__Output {
  'reason': (_lossmith_v1_TrainResult_Reason__Output);
  'step': (number);
  'cursors': (_lossmith_v1_LaneCursor__Output)[];
  'validation': (_lossmith_v1_LaneCursor__Output)[];
}
