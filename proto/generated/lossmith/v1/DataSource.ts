// Original file: proto/lossmith/v1/training.proto

import type { Fraction as _lossmith_v1_Fraction, Fraction__Output as _lossmith_v1_Fraction__Output } from '../../lossmith/v1/Fraction.js';

export interface DataSource {
  'paths'?: (string)[];
  'indexArtifacts'?: (string)[];
  'featuresJson'?: (string);
  'vocabularyArtifact'?: (string);
  'fraction'?: (_lossmith_v1_Fraction | null);
}

export interface DataSource__Output {
  'paths': (string)[];
  'indexArtifacts': (string)[];
  'featuresJson': (string);
  'vocabularyArtifact': (string);
  'fraction': (_lossmith_v1_Fraction__Output | null);
}
