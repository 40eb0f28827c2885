// Original file: proto/lossmith/v1/training.proto

import type { LaneEvidence as _lossmith_v1_LaneEvidence, LaneEvidence__Output as _lossmith_v1_LaneEvidence__Output } from '../../lossmith/v1/LaneEvidence.js';
import type { Long } from '@grpc/proto-loader';

export interface ControllerReport {
  'member'?: (string);
  'generation'?: (number | string | Long);
  'step'?: (number | string | Long);
  'version'?: (number | string | Long);
  'lanes'?: (_lossmith_v1_LaneEvidence)[];
}

export interface ControllerReport__Output {
  'member': (string);
  'generation': (number);
  'step': (number);
  'version': (number);
  'lanes': (_lossmith_v1_LaneEvidence__Output)[];
}
