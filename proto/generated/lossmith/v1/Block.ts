// Original file: proto/lossmith/v1/training.proto

import type { Long } from '@grpc/proto-loader';

export interface Block {
  'file'?: (number);
  'offset'?: (number | string | Long);
  'bytes'?: (number | string | Long);
  'firstLine'?: (number | string | Long);
  'lines'?: (number | string | Long);
}

export interface Block__Output {
  'file': (number);
  'offset': (number);
  'bytes': (number);
  'firstLine': (number);
  'lines': (number);
}
