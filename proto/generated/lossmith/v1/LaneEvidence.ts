// Original file: proto/lossmith/v1/training.proto

import type { Long } from '@grpc/proto-loader';

export interface LaneEvidence {
  'lane'?: (number);
  'examples'?: (number | string | Long);
  'evidence'?: (Buffer | Uint8Array | string);
}

export interface LaneEvidence__Output {
  'lane': (number);
  'examples': (number);
  'evidence': (Buffer);
}
