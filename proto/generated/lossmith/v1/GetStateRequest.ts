// Original file: proto/lossmith/v1/training.proto


export interface GetStateRequest {
  'member'?: (string);
  'checkpoint'?: (string);
}

export interface GetStateRequest__Output {
  'member': (string);
  'checkpoint': (string);
}
