import Media

/// Tells at which pictures of an H.264 stream decoding can begin.
///
/// An IDR picture is such a place, always. A recovery point message says that decoding can begin at an I picture that is
/// no IDR picture: that is how an encoder writes an open group of pictures. But most sources that have them send IDR
/// pictures as well, and there the recovery points only divide a long closed group. Taking them for beginnings would cut
/// segments at which pictures that come before in presentation cannot be decoded, and some encoders announce a recovery
/// point at every I picture, also where later pictures refer beyond it. So as long as IDR pictures come, only those count.
/// Broadcasters, though, send streams with open groups in which an IDR picture never comes, and a viewer could never
/// begin. So when none came within the last ten seconds, or none at all within the first four, recovery points are taken
/// at their word, and pictures that follow one in decoding order and are shown before it are those to leave out.
///
/// Where each picture renews a part of the whole (periodic intra refresh), a recovery point says how many pictures it takes
/// until all is renewed. Decoding begins there too, as there is no better place: what is shown until then is damaged.
struct OpenGroupDetector: Sendable {
    private var lastDecode: Int64?
    /// Decode time since the last IDR picture, or since the first picture when there was none.
    private var elapsed: Int64 = 0
    private var hadInstantaneousRefresh = false
    /// When the recovery point is shown at which the group begins, if it does so at one.
    private var openingPresentation: Int64?

    /// Takes the next picture.
    mutating func access(isInstantaneousRefresh: Bool, isRecoveryPoint: Bool, at times: PacketTimes) -> SampleAccess {
        if let lastDecode {
            let step = SampleClock.distance(from: lastDecode, to: times.decode)
            if (1...SampleClock.longestPicture).contains(step) { elapsed = min(elapsed + step, Self.patience) }
        }
        lastDecode = times.decode
        if isInstantaneousRefresh {
            (elapsed, hadInstantaneousRefresh, openingPresentation) = (0, true, nil)
            return .sync
        }
        if isRecoveryPoint, elapsed >= (hadInstantaneousRefresh ? Self.patience : Self.patienceAtStart) {
            openingPresentation = times.presentation
            return .openSync
        }
        guard let openingPresentation else { return .dependent }
        let shown = SampleClock.distance(from: openingPresentation, to: times.presentation)
        return shown < 0 ? .leading : .dependent
    }

    /// 10 s and 4 s.
    private static let patience: Int64 = 900_000
    private static let patienceAtStart: Int64 = 360_000
}
