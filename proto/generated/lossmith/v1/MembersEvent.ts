// Original file: proto/lossmith/v1/monitor.proto

import type { Member as _lossmith_v1_Member, Member__Output as _lossmith_v1_Member__Output } from '../../lossmith/v1/Member.js';
import type { Long } from '@grpc/proto-loader';

export interface MembersEvent {
  'generation'?: (number | string | Long);
  'members'?: (_lossmith_v1_Member)[];
}

export interface MembersEvent__Output {
  'generation': (number);
  'members': (_lossmith_v1_Member__Output)[];
}
