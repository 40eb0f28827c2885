// Original file: proto/lossmith/v1/monitor.proto


export interface MoveLanesReply {
  'accepted'?: (boolean);
  'reason'?: (string);
}

export interface MoveLanesReply__Output {
  'accepted': (boolean);
  'reason': (string);
}
