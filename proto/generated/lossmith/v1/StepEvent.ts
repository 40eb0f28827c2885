// Original file: proto/lossmith/v1/monitor.proto

import type { RankTimes as _lossmith_v1_RankTimes, RankTimes__Output as _lossmith_v1_RankTimes__Output } from '../../lossmith/v1/RankTimes.js';
import type { Long } from '@grpc/proto-loader';

export interface StepEvent {
  'step'?: (number | string | Long);
  'epoch'?: (number | string | Long);
  'loss'?: (number | string);
  'examples'?: (number | string | Long);
  'examplesPerSecond'?: (number | string);
  'rowsDone'?: (number | string | Long);
  'ranks'?: (_lossmith_v1_RankTimes)[];
  'weights'?: (number | string)[];
  'losses'?: (number | string)[];
  'validationLoss'?: (number | string);
  'validationExamples'?: (number | string | Long);
}

export interface StepEvent__Output {
  'step': (number);
  'epoch': (number);
  'loss': (number);
  'examples': (number);
  'examplesPerSecond': (number);
  'rowsDone': (number);
  'ranks': (_lossmith_v1_RankTimes__Output)[];
  'weights': (number)[];
  'losses': (number)[];
  'validationLoss': (number);
  'validationExamples': (number);
}
