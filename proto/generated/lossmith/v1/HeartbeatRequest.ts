// Original file: proto/lossmith/v1/training.proto

import type { Long } from '@grpc/proto-loader';

export interface HeartbeatRequest {
  'member'?: (string);
  'generation'?: (number | string | Long);
  'step'?: (number | string | Long);
}

export interface HeartbeatRequest__Output {
  'member': (string);
  'generation': (number);
  'step': (number);
}
