// Original file: proto/lossmith/v1/training.proto

import type { Long } from '@grpc/proto-loader';

export interface Reject {
  'file'?: (number);
  'line'?: (number | string | Long);
  'reason'?: (string);
  'text'?: (string);
}

export interface Reject__Output {
  'file': (number);
  'line': (number);
  'reason': (string);
  'text': (string);
}
