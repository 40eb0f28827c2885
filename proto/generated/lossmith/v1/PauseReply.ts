// Original file: proto/lossmith/v1/monitor.proto


export interface PauseReply {
  'accepted'?: (boolean);
  'reason'?: (string);
}

export interface PauseReply__Output {
  'accepted': (boolean);
  'reason': (string);
}
