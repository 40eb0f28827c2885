// Original file: proto/lossmith/v1/training.proto


export interface HeartbeatReply {
  'stop'?: (boolean);
  'reason'?: (string);
}

export interface HeartbeatReply__Output {
  'stop': (boolean);
  'reason': (string);
}
