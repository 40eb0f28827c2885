// Original file: proto/lossmith/v1/training.proto


export interface CompleteReply {
}

export interface CompleteReply__Output {
}
