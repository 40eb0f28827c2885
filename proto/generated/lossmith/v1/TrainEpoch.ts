// Original file: proto/lossmith/v1/training.proto

import type { LanePlan as _lossmith_v1_LanePlan, LanePlan__Output as _lossmith_v1_LanePlan__Output } from '../../lossmith/v1/LanePlan.js';
import type { ControllerState as _lossmith_v1_ControllerState, ControllerState__Output as _lossmith_v1_ControllerState__Output } from '../../lossmith/v1/ControllerState.js';
import type { Long } from '@grpc/proto-loader';

export interface TrainEpoch {
  'epoch'?: (number | string | Long);
  'firstStep'?: (number | string | Long);
  'lastStep'?: (number | string | Long);
  'lanes'?: (_lossmith_v1_LanePlan)[];
  'controller'?: (_lossmith_v1_ControllerState | null);
  'validation'?: (_lossmith_v1_LanePlan)[];
}

export interface TrainEpoch__Output {
  'epoch': (number);
  'firstStep': (number);
  'lastStep': (number);
  'lanes': (_lossmith_v1_LanePlan__Output)[];
  'controller': (_lossmith_v1_ControllerState__Output | null);
  'validation': (_lossmith_v1_LanePlan__Output)[];
}
