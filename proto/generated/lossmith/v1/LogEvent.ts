// Original file: proto/lossmith/v1/monitor.proto


export interface LogEvent {
  'level'?: (string);
  'message'?: (string);
}

export interface LogEvent__Output {
  'level': (string);
  'message': (string);
}
