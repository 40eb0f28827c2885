// Original file: proto/lossmith/v1/training.proto


export interface LeaveReply {
}

export interface LeaveReply__Output {
}
