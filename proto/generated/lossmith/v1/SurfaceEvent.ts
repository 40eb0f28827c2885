// Original file: proto/lossmith/v1/monitor.proto

import type { SurfaceRow as _lossmith_v1_SurfaceRow, SurfaceRow__Output as _lossmith_v1_SurfaceRow__Output } from '../../lossmith/v1/SurfaceRow.js';
import type { Long } from '@grpc/proto-loader';

export interface SurfaceEvent {
  'step'?: (number | string | Long);
  'version'?: (number | string | Long);
  'candidates'?: (string)[];
  'probabilities'?: (number | string)[];
  'rows'?: (_lossmith_v1_SurfaceRow)[];
  'field'?: (string);
}

export interface SurfaceEvent__Output {
  'step': (number);
  'version': (number);
  'candidates': (string)[];
  'probabilities': (number)[];
  'rows': (_lossmith_v1_SurfaceRow__Output)[];
  'field': (string);
}
