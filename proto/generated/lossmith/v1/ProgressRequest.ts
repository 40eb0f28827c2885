// Original file: proto/lossmith/v1/monitor.proto


export interface ProgressRequest {
  'cells'?: (number);
}

export interface ProgressRequest__Output {
  'cells': (number);
}
