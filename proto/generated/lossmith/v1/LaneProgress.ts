// Original file: proto/lossmith/v1/monitor.proto

import type { Long } from '@grpc/proto-loader';

export interface LaneProgress {
  'lane'?: (number);
  'rank'?: (number);
  'rows'?: (number | string | Long);
  'rowsDone'?: (number | string | Long);
  'blocks'?: (number);
  'blocksDone'?: (number);
  'file'?: (string);
  'line'?: (number | string | Long);
}

export interface LaneProgress__Output {
  'lane': (number);
  'rank': (number);
  'rows': (number);
  'rowsDone': (number);
  'blocks': (number);
  'blocksDone': (number);
  'file': (string);
  'line': (number);
}
