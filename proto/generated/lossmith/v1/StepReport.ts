// Original file: proto/lossmith/v1/training.proto

import type { LaneStep as _lossmith_v1_LaneStep, LaneStep__Output as _lossmith_v1_LaneStep__Output } from '../../lossmith/v1/LaneStep.js';
import type { StepTimes as _lossmith_v1_StepTimes, StepTimes__Output as _lossmith_v1_StepTimes__Output } from '../../lossmith/v1/StepTimes.js';
import type { Long } from '@grpc/proto-loader';

export interface StepReport {
  'member'?: (string);
  'generation'?: (number | string | Long);
  'step'?: (number | string | Long);
  'epoch'?: (number | string | Long);
  'lossSum'?: (number | string);
  'examples'?: (number | string | Long);
  'lanes'?: (_lossmith_v1_LaneStep)[];
  'times'?: (_lossmith_v1_StepTimes | null);
  'validationSum'?: (number | string);
  'validationExamples'?: (number | string | Long);
}

export interface StepReport__Output {
  'member': (string);
  'generation': (number);
  'step': (number);
  'epoch': (number);
  'lossSum': (number);
  'examples': (number);
  'lanes': (_lossmith_v1_LaneStep__Output)[];
  'times': (_lossmith_v1_StepTimes__Output | null);
  'validationSum': (number);
  'validationExamples': (number);
}
