// Original file: proto/lossmith/v1/training.proto


export interface JoinReply {
  'member'?: (string);
  'heartbeatMs'?: (number);
  'lostAfterMs'?: (number);
  'run'?: (string);
}

export interface JoinReply__Output {
  'member': (string);
  'heartbeatMs': (number);
  'lostAfterMs': (number);
  'run': (string);
}
