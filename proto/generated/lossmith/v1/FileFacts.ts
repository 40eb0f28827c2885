// Original file: proto/lossmith/v1/training.proto

import type { Long } from '@grpc/proto-loader';

export interface FileFacts {
  'path'?: (string);
  'bytes'?: (number | string | Long);
  'digest'?: (Buffer | Uint8Array | string);
}

export interface FileFacts__Output {
  'path': (string);
  'bytes': (number);
  'digest': (Buffer);
}
