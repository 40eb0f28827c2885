// Original file: proto/lossmith/v1/training.proto

import type { Piece as _lossmith_v1_Piece, Piece__Output as _lossmith_v1_Piece__Output } from '../../lossmith/v1/Piece.js';
import type { DataSource as _lossmith_v1_DataSource, DataSource__Output as _lossmith_v1_DataSource__Output } from '../../lossmith/v1/DataSource.js';

export interface Survey {
  'pieces'?: (_lossmith_v1_Piece)[];
  'source'?: (_lossmith_v1_DataSource | null);
  'fields'?: (number)[];
  'limit'?: (number);
}

export interface Survey__Output {
  'pieces': (_lossmith_v1_Piece__Output)[];
  'source': (_lossmith_v1_DataSource__Output | null);
  'fields': (number)[];
  'limit': (number);
}
