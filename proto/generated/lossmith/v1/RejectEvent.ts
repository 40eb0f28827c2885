// Original file: proto/lossmith/v1/monitor.proto

import type { Long } from '@grpc/proto-loader';

export interface RejectEvent {
  'file'?: (string);
  'line'?: (number | string | Long);
  'reason'?: (string);
}

export interface RejectEvent__Output {
  'file': (string);
  'line': (number);
  'reason': (string);
}
