// Original file: proto/lossmith/v1/monitor.proto


export interface ResumeReply {
  'accepted'?: (boolean);
  'reason'?: (string);
}

export interface ResumeReply__Output {
  'accepted': (boolean);
  'reason': (string);
}
