// Original file: proto/lossmith/v1/training.proto

import type { Block as _lossmith_v1_Block, Block__Output as _lossmith_v1_Block__Output } from '../../lossmith/v1/Block.js';
import type { Long } from '@grpc/proto-loader';

export interface Piece {
  'id'?: (number);
  'block'?: (_lossmith_v1_Block | null);
  'skip'?: (number | string | Long);
  'take'?: (number | string | Long);
  'split'?: (string);
}

export interface Piece__Output {
  'id': (number);
  'block': (_lossmith_v1_Block__Output | null);
  'skip': (number);
  'take': (number);
  'split': (string);
}
