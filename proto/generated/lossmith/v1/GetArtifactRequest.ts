// Original file: proto/lossmith/v1/training.proto


export interface GetArtifactRequest {
  'member'?: (string);
  'name'?: (string);
}

export interface GetArtifactRequest__Output {
  'member': (string);
  'name': (string);
}
