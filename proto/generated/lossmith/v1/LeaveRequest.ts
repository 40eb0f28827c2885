// Original file: proto/lossmith/v1/training.proto

import type { Failure as _lossmith_v1_Failure, Failure__Output as _lossmith_v1_Failure__Output } from '../../lossmith/v1/Failure.js';
import type { Long } from '@grpc/proto-loader';

export interface LeaveRequest {
  'member'?: (string);
  'generation'?: (number | string | Long);
  'failure'?: (_lossmith_v1_Failure | null);
}

export interface LeaveRequest__Output {
  'member': (string);
  'generation': (number);
  'failure': (_lossmith_v1_Failure__Output | null);
}
