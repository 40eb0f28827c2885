// Original file: proto/lossmith/v1/monitor.proto

import type { Long } from '@grpc/proto-loader';

export interface WatchRequest {
  'fromStep'?: (number | string | Long);
  'history'?: (number);
  'stepsPerSecond'?: (number | string);
}

export interface WatchRequest__Output {
  'fromStep': (number);
  'history': (number);
  'stepsPerSecond': (number);
}
