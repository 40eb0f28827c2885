// Original file: proto/lossmith/v1/training.proto

import type { Long } from '@grpc/proto-loader';

export interface PutArtifactReply {
  'bytes'?: (number | string | Long);
}

export interface PutArtifactReply__Output {
  'bytes': (number);
}
