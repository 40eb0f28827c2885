// Original file: proto/lossmith/v1/monitor.proto

import type { Long } from '@grpc/proto-loader';

export interface MetricEvent {
  'step'?: (number | string | Long);
  'epoch'?: (number | string | Long);
  'split'?: (string);
  'auc'?: (number | string);
  'logloss'?: (number | string);
  'calibration'?: (number | string);
  'examples'?: (number | string | Long);
  'accuracy'?: (number | string);
  'recalibrated'?: (number | string);
}

export interface MetricEvent__Output {
  'step': (number);
  'epoch': (number);
  'split': (string);
  'auc': (number);
  'logloss': (number);
  'calibration': (number);
  'examples': (number);
  'accuracy': (number);
  'recalibrated': (number);
}
