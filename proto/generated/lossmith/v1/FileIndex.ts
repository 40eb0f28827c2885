// Original file: proto/lossmith/v1/training.proto

import type { Block as _lossmith_v1_Block, Block__Output as _lossmith_v1_Block__Output } from '../../lossmith/v1/Block.js';
import type { Long } from '@grpc/proto-loader';

export interface FileIndex {
  'file'?: (number);
  'textBytes'?: (number | string | Long);
  'lines'?: (number | string | Long);
  'blocks'?: (_lossmith_v1_Block)[];
  'gzip'?: (boolean);
  'header'?: (string);
}

export interface FileIndex__Output {
  'file': (number);
  'textBytes': (number);
  'lines': (number);
  'blocks': (_lossmith_v1_Block__Output)[];
  'gzip': (boolean);
  'header': (string);
}
