// Original file: proto/lossmith/v1/training.proto


export interface ArtifactChunk {
  'member'?: (string);
  'name'?: (string);
  'data'?: (Buffer | Uint8Array | string);
}

export interface ArtifactChunk__Output {
  'member': (string);
  'name': (string);
  'data': (Buffer);
}
