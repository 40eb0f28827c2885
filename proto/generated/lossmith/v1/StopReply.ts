// Original file: proto/lossmith/v1/monitor.proto


export interface StopReply {
  'accepted'?: (boolean);
  'reason'?: (string);
}

export interface StopReply__Output {
  'accepted': (boolean);
  'reason': (string);
}
