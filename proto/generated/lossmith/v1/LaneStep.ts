// Original file: proto/lossmith/v1/training.proto

import type { Cursor as _lossmith_v1_Cursor, Cursor__Output as _lossmith_v1_Cursor__Output } from '../../lossmith/v1/Cursor.js';
import type { Reject as _lossmith_v1_Reject, Reject__Output as _lossmith_v1_Reject__Output } from '../../lossmith/v1/Reject.js';
import type { Long } from '@grpc/proto-loader';

export interface LaneStep {
  'lane'?: (number);
  'examples'?: (number | string | Long);
  'lossSum'?: (number | string);
  'cursor'?: (_lossmith_v1_Cursor | null);
  'rejects'?: (_lossmith_v1_Reject)[];
  'rejected'?: (number | string | Long);
  'heldOut'?: (number | string | Long);
  'candidates'?: (number | string)[];
  'heldOutTest'?: (number | string | Long);
}

export interface LaneStep__Output {
  'lane': (number);
  'examples': (number);
  'lossSum': (number);
  'cursor': (_lossmith_v1_Cursor__Output | null);
  'rejects': (_lossmith_v1_Reject__Output)[];
  'rejected': (number);
  'heldOut': (number);
  'candidates': (number)[];
  'heldOutTest': (number);
}
