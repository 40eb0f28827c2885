// Original file: proto/lossmith/v1/training.proto

import type { Piece as _lossmith_v1_Piece, Piece__Output as _lossmith_v1_Piece__Output } from '../../lossmith/v1/Piece.js';
import type { Cursor as _lossmith_v1_Cursor, Cursor__Output as _lossmith_v1_Cursor__Output } from '../../lossmith/v1/Cursor.js';

export interface LanePlan {
  'lane'?: (number);
  'pieces'?: (_lossmith_v1_Piece)[];
  'cursor'?: (_lossmith_v1_Cursor | null);
}

export interface LanePlan__Output {
  'lane': (number);
  'pieces': (_lossmith_v1_Piece__Output)[];
  'cursor': (_lossmith_v1_Cursor__Output | null);
}
