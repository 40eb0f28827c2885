// Original file: proto/lossmith/v1/monitor.proto


export interface CheckpointNowRequest {
}

export interface CheckpointNowRequest__Output {
}
