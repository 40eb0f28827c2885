// Original file: proto/lossmith/v1/training.proto

import type { Long } from '@grpc/proto-loader';

export interface StateChunk {
  'member'?: (string);
  'checkpoint'?: (string);
  'tensor'?: (string);
  'offset'?: (number | string | Long);
  'data'?: (Buffer | Uint8Array | string);
}

export interface StateChunk__Output {
  'member': (string);
  'checkpoint': (string);
  'tensor': (string);
  'offset': (number);
  'data': (Buffer);
}
