// Original file: proto/lossmith/v1/monitor.proto


export interface PauseRequest {
  'reason'?: (string);
}

export interface PauseRequest__Output {
  'reason': (string);
}
