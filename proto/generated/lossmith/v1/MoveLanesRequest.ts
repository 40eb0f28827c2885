// Original file: proto/lossmith/v1/monitor.proto


export interface MoveLanesRequest {
  'from'?: (string);
  'to'?: (string);
  'count'?: (number);
}

export interface MoveLanesRequest__Output {
  'from': (string);
  'to': (string);
  'count': (number);
}
