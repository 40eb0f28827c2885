// Original file: proto/lossmith/v1/monitor.proto


export interface DescribeRequest {
}

export interface DescribeRequest__Output {
}
