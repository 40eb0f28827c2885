// Original file: proto/lossmith/v1/training.proto


export interface Finish {
  'message'?: (string);
}

export interface Finish__Output {
  'message': (string);
}
