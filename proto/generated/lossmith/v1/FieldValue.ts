// Original file: proto/lossmith/v1/training.proto

import type { Long } from '@grpc/proto-loader';

export interface FieldValue {
  'text'?: (string);
  'row'?: (number | string | Long);
  'count'?: (number | string | Long);
}

export interface FieldValue__Output {
  'text': (string);
  'row': (number);
  'count': (number);
}
