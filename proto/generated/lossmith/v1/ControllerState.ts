// Original file: proto/lossmith/v1/training.proto

import type { Long } from '@grpc/proto-loader';

export interface ControllerState {
  'version'?: (number | string | Long);
  'step'?: (number | string | Long);
  'phi'?: (Buffer | Uint8Array | string);
}

export interface ControllerState__Output {
  'version': (number);
  'step': (number);
  'phi': (Buffer);
}
