// Original file: proto/lossmith/v1/training.proto


export interface NextTaskRequest {
  'member'?: (string);
}

export interface NextTaskRequest__Output {
  'member': (string);
}
