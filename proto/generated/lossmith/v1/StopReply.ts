// Original file: proto/lossmith/v1/monitor.proto


export interface StopReply {
  'accepted'?: (boolean);
}

export interface StopReply__Output {
  'accepted': (boolean);
}
