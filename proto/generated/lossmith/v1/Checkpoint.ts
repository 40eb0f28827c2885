// Original file: proto/lossmith/v1/monitor.proto

import type { Long } from '@grpc/proto-loader';

export interface Checkpoint {
  'name'?: (string);
  'step'?: (number | string | Long);
  'bytes'?: (number | string | Long);
  'unixMs'?: (number | string | Long);
}

export interface Checkpoint__Output {
  'name': (string);
  'step': (number);
  'bytes': (number);
  'unixMs': (number);
}
