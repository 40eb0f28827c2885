// Original file: proto/lossmith/v1/training.proto


export interface Wait {
}

export interface Wait__Output {
}
