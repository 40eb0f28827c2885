// Original file: proto/lossmith/v1/training.proto

import type { Piece as _lossmith_v1_Piece, Piece__Output as _lossmith_v1_Piece__Output } from '../../lossmith/v1/Piece.js';

export interface Evaluate {
  'pieces'?: (_lossmith_v1_Piece)[];
  'scoresArtifact'?: (string);
}

export interface Evaluate__Output {
  'pieces': (_lossmith_v1_Piece__Output)[];
  'scoresArtifact': (string);
}
