// Original file: proto/lossmith/v1/training.proto


export interface CheckFiles {
  'paths'?: (string)[];
}

export interface CheckFiles__Output {
  'paths': (string)[];
}
