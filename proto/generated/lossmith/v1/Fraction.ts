// Original file: proto/lossmith/v1/training.proto

import type { Long } from '@grpc/proto-loader';

export interface Fraction {
  'seed'?: (number | string | Long);
  'validation'?: (number | string);
  'test'?: (number | string);
}

export interface Fraction__Output {
  'seed': (number);
  'validation': (number);
  'test': (number);
}
