// Original file: proto/lossmith/v1/training.proto

import type { Long } from '@grpc/proto-loader';

export interface Gpu {
  'ordinal'?: (number);
  'name'?: (string);
  'uuid'?: (string);
  'gpuClass'?: (string);
  'memoryBytes'?: (number | string | Long);
}

export interface Gpu__Output {
  'ordinal': (number);
  'name': (string);
  'uuid': (string);
  'gpuClass': (string);
  'memoryBytes': (number);
}
