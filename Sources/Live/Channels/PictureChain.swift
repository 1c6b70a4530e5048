internal import Media

/// Which of a source's pictures can be decoded where some of them are missing.
///
/// Whether others refer to a picture is not known of it, but of leading ones, to which none that are shown later do. So
/// after another one that is missing nothing can be shown before the next key frame; and of an open group that begins there,
/// no leading picture can.
struct PictureChain {
    private enum State {
        /// All pictures are there that others refer to.
        case whole
        /// They are from an open group's key frame on.
        case open
        /// They are not.
        case broken
    }

    private var state = State.whole

    /// A picture is missing.
    mutating func lose(_ access: SampleAccess) {
        if access != .leading { state = .broken }
    }

    /// True when a picture, the next one, can be decoded.
    mutating func admits(_ access: SampleAccess) -> Bool {
        switch access {
        case .sync: state = .whole
        case .openSync: state = state == .broken ? .open : .whole
        case .leading: return state == .whole
        case .dependent: return state != .broken
        }
        return true
    }
}
