// Original file: proto/lossmith/v1/training.proto

import type { Long } from '@grpc/proto-loader';

export interface IndexFile {
  'file'?: (number);
  'path'?: (string);
  'maxBlockBytes'?: (number | string | Long);
  'lanes'?: (number);
  'artifact'?: (string);
  'header'?: (boolean);
}

export interface IndexFile__Output {
  'file': (number);
  'path': (string);
  'maxBlockBytes': (number);
  'lanes': (number);
  'artifact': (string);
  'header': (boolean);
}
