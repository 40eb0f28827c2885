// Original file: proto/lossmith/v1/training.proto


export interface Failure {
  'kind'?: (string);
  'code'?: (string);
  'message'?: (string);
}

export interface Failure__Output {
  'kind': (string);
  'code': (string);
  'message': (string);
}
