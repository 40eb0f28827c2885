// Original file: proto/lossmith/v1/training.proto

import type { FieldValues as _lossmith_v1_FieldValues, FieldValues__Output as _lossmith_v1_FieldValues__Output } from '../../lossmith/v1/FieldValues.js';
import type { Long } from '@grpc/proto-loader';

export interface SurveyResult {
  'examples'?: (number | string | Long);
  'classCounts'?: (number | string | Long)[];
  'fields'?: (_lossmith_v1_FieldValues)[];
}

export interface SurveyResult__Output {
  'examples': (number);
  'classCounts': (number)[];
  'fields': (_lossmith_v1_FieldValues__Output)[];
}
