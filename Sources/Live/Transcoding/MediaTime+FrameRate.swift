public import Media

extension MediaTime {
    /// How far pictures are apart that are so many in a second; 23.976, 29.97, 59.94 and the like mean a thousandth less than a
    /// whole number, as in television.
    public init(framesPerSecond rate: Double) {
        let whole = (rate * 1.001).rounded()
        if rate != rate.rounded(), abs(whole / 1.001 - rate) < 0.005 {
            self.init(1001, Timescale(UInt32(whole) * 1000))
        } else {
            self.init(Int64((Double(Timescale.video.ticksPerSecond) / rate).rounded()), .video)
        }
    }
}
