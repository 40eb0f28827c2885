// Original file: proto/lossmith/v1/training.proto

import type { Cursor as _lossmith_v1_Cursor, Cursor__Output as _lossmith_v1_Cursor__Output } from '../../lossmith/v1/Cursor.js';

export interface LaneCursor {
  'lane'?: (number);
  'cursor'?: (_lossmith_v1_Cursor | null);
}

export interface LaneCursor__Output {
  'lane': (number);
  'cursor': (_lossmith_v1_Cursor__Output | null);
}
