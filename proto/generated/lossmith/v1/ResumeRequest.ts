// Original file: proto/lossmith/v1/monitor.proto


export interface ResumeRequest {
}

export interface ResumeRequest__Output {
}
