// Original file: proto/lossmith/v1/monitor.proto

import type { Long } from '@grpc/proto-loader';

export interface FileProgress {
  'path'?: (string);
  'rows'?: (number | string | Long);
  'rowsDone'?: (number | string | Long);
  'read'?: (number | string)[];
  'heldOut'?: (number | string)[];
}

export interface FileProgress__Output {
  'path': (string);
  'rows': (number);
  'rowsDone': (number);
  'read': (number)[];
  'heldOut': (number)[];
}
