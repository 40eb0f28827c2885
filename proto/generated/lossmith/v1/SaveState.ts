// Original file: proto/lossmith/v1/training.proto

import type { StateRange as _lossmith_v1_StateRange, StateRange__Output as _lossmith_v1_StateRange__Output } from '../../lossmith/v1/StateRange.js';

export interface SaveState {
  'checkpoint'?: (string);
  'ranges'?: (_lossmith_v1_StateRange)[];
}

export interface SaveState__Output {
  'checkpoint': (string);
  'ranges': (_lossmith_v1_StateRange__Output)[];
}
