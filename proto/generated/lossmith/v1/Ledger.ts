// Original file: proto/lossmith/v1/monitor.proto

import type { Long } from '@grpc/proto-loader';

export interface Ledger {
  'epoch'?: (number | string | Long);
  'read'?: (number | string | Long);
  'trained'?: (number | string | Long);
  'rejected'?: (number | string | Long);
  'heldOut'?: (number | string | Long);
  'balanced'?: (boolean);
  'validation'?: (number | string | Long);
  'test'?: (number | string | Long);
  'drawn'?: (number | string | Long);
}

export interface Ledger__Output {
  'epoch': (number);
  'read': (number);
  'trained': (number);
  'rejected': (number);
  'heldOut': (number);
  'balanced': (boolean);
  'validation': (number);
  'test': (number);
  'drawn': (number);
}
