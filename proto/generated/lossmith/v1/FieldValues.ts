// Original file: proto/lossmith/v1/training.proto

import type { FieldValue as _lossmith_v1_FieldValue, FieldValue__Output as _lossmith_v1_FieldValue__Output } from '../../lossmith/v1/FieldValue.js';

export interface FieldValues {
  'field'?: (number);
  'values'?: (_lossmith_v1_FieldValue)[];
  'more'?: (boolean);
}

export interface FieldValues__Output {
  'field': (number);
  'values': (_lossmith_v1_FieldValue__Output)[];
  'more': (boolean);
}
