/// What is done to a source, as far as it can fail.
enum TranscodingStep: String {
    case decode
    case scale
    case encode
    case sound
}
