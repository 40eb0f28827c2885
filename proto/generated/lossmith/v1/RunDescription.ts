// Original file: proto/lossmith/v1/monitor.proto

import type { Member as _lossmith_v1_Member, Member__Output as _lossmith_v1_Member__Output } from '../../lossmith/v1/Member.js';
import type { Ledger as _lossmith_v1_Ledger, Ledger__Output as _lossmith_v1_Ledger__Output } from '../../lossmith/v1/Ledger.js';
import type { Long } from '@grpc/proto-loader';

export interface RunDescription {
  'name'?: (string);
  'directory'?: (string);
  'version'?: (string);
  'phase'?: (string);
  'jobYaml'?: (string);
  'generation'?: (number | string | Long);
  'step'?: (number | string | Long);
  'epoch'?: (number | string | Long);
  'epochs'?: (number | string | Long);
  'members'?: (_lossmith_v1_Member)[];
  'ledger'?: (_lossmith_v1_Ledger | null);
  'rowsInEpoch'?: (number | string | Long);
  'error'?: (string);
}

export interface RunDescription__Output {
  'name': (string);
  'directory': (string);
  'version': (string);
  'phase': (string);
  'jobYaml': (string);
  'generation': (number);
  'step': (number);
  'epoch': (number);
  'epochs': (number);
  'members': (_lossmith_v1_Member__Output)[];
  'ledger': (_lossmith_v1_Ledger__Output | null);
  'rowsInEpoch': (number);
  'error': (string);
}
