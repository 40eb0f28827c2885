// Original file: proto/lossmith/v1/training.proto

import type { Long } from '@grpc/proto-loader';

export interface StateRange {
  'tensor'?: (string);
  'offset'?: (number | string | Long);
  'bytes'?: (number | string | Long);
}

export interface StateRange__Output {
  'tensor': (string);
  'offset': (number);
  'bytes': (number);
}
