// Original file: proto/lossmith/v1/training.proto

import type { LanePlan as _lossmith_v1_LanePlan, LanePlan__Output as _lossmith_v1_LanePlan__Output } from '../../lossmith/v1/LanePlan.js';
import type { Long } from '@grpc/proto-loader';

export interface TrainEpoch {
  'epoch'?: (number | string | Long);
  'firstStep'?: (number | string | Long);
  'lastStep'?: (number | string | Long);
  'lanes'?: (_lossmith_v1_LanePlan)[];
}

export interface TrainEpoch__Output {
  'epoch': (number);
  'firstStep': (number);
  'lastStep': (number);
  'lanes': (_lossmith_v1_LanePlan__Output)[];
}
