// Original file: proto/lossmith/v1/training.proto

import type { Long } from '@grpc/proto-loader';

export interface Cursor {
  'piece'?: (number | string | Long);
  'offset'?: (number | string | Long);
  'line'?: (number | string | Long);
  'emitted'?: (number | string | Long);
  'exhausted'?: (boolean);
  'pass'?: (number | string | Long);
}

export interface Cursor__Output {
  'piece': (number);
  'offset': (number);
  'line': (number);
  'emitted': (number);
  'exhausted': (boolean);
  'pass': (number);
}
