// Original file: proto/lossmith/v1/training.proto

import type { Long } from '@grpc/proto-loader';

export interface PutStateReply {
  'bytes'?: (number | string | Long);
}

export interface PutStateReply__Output {
  'bytes': (number);
}
