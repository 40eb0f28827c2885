// Original file: proto/lossmith/v1/monitor.proto


export interface CheckpointNowReply {
  'accepted'?: (boolean);
  'reason'?: (string);
}

export interface CheckpointNowReply__Output {
  'accepted': (boolean);
  'reason': (string);
}
