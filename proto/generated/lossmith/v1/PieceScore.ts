// Original file: proto/lossmith/v1/training.proto

import type { Reject as _lossmith_v1_Reject, Reject__Output as _lossmith_v1_Reject__Output } from '../../lossmith/v1/Reject.js';
import type { Long } from '@grpc/proto-loader';

export interface PieceScore {
  'piece'?: (number);
  'count'?: (number | string | Long);
  'positives'?: (number | string | Long);
  'logloss'?: (number | string);
  'predicted'?: (number | string);
  'rejects'?: (_lossmith_v1_Reject)[];
  'correct'?: (number | string | Long);
}

export interface PieceScore__Output {
  'piece': (number);
  'count': (number);
  'positives': (number);
  'logloss': (number);
  'predicted': (number);
  'rejects': (_lossmith_v1_Reject__Output)[];
  'correct': (number);
}
