// Original file: proto/lossmith/v1/training.proto

import type { PieceScore as _lossmith_v1_PieceScore, PieceScore__Output as _lossmith_v1_PieceScore__Output } from '../../lossmith/v1/PieceScore.js';

export interface EvaluateResult {
  'pieces'?: (_lossmith_v1_PieceScore)[];
}

export interface EvaluateResult__Output {
  'pieces': (_lossmith_v1_PieceScore__Output)[];
}
