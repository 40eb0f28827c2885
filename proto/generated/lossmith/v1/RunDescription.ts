// Original file: proto/lossmith/v1/monitor.proto

import type { Member as _lossmith_v1_Member, Member__Output as _lossmith_v1_Member__Output } from '../../lossmith/v1/Member.js';
import type { Ledger as _lossmith_v1_Ledger, Ledger__Output as _lossmith_v1_Ledger__Output } from '../../lossmith/v1/Ledger.js';
import type { Checkpoint as _lossmith_v1_Checkpoint, Checkpoint__Output as _lossmith_v1_Checkpoint__Output } from '../../lossmith/v1/Checkpoint.js';
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
  'startedUnixMs'?: (number | string | Long);
  'lanes'?: (number | string | Long);
  'batch'?: (number | string | Long);
  'rejects'?: (number | string | Long);
  'checkpoints'?: (_lossmith_v1_Checkpoint)[];
  'candidates'?: (string)[];
  'live'?: (boolean);
  'paused'?: (boolean);
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
  'startedUnixMs': (number);
  'lanes': (number);
  'batch': (number);
  'rejects': (number);
  'checkpoints': (_lossmith_v1_Checkpoint__Output)[];
  'candidates': (string)[];
  'live': (boolean);
  'paused': (boolean);
}
