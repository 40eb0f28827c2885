// Original file: proto/lossmith/v1/monitor.proto


export interface StopRequest {
  'reason'?: (string);
}

export interface StopRequest__Output {
  'reason': (string);
}
