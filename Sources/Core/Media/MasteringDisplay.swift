/// The display that pictures of high dynamic range were graded on, SMPTE ST 2086.
public struct MasteringDisplay: Sendable, Hashable {
    /// A colour by its CIE 1931 coordinates, in steps of 0.00002.
    public struct Chromaticity: Sendable, Hashable {
        /// The x coordinate.
        public let x: UInt16
        /// The y coordinate.
        public let y: UInt16

        /// That colour.
        public init(x: UInt16, y: UInt16) { (self.x, self.y) = (x, y) }
    }

    /// The red primary.
    public let red: Chromaticity
    /// The green primary.
    public let green: Chromaticity
    /// The blue primary.
    public let blue: Chromaticity
    /// The white point.
    public let white: Chromaticity
    /// The greatest luminance, in steps of 0.0001 cd/m².
    public let maximumLuminance: UInt32
    /// The least luminance, in steps of 0.0001 cd/m².
    public let minimumLuminance: UInt32

    /// A display of those colours and luminances.
    public init(
        red: Chromaticity, green: Chromaticity, blue: Chromaticity, white: Chromaticity, maximumLuminance: UInt32,
        minimumLuminance: UInt32
    ) {
        (self.red, self.green, self.blue, self.white) = (red, green, blue, white)
        (self.maximumLuminance, self.minimumLuminance) = (maximumLuminance, minimumLuminance)
    }
}

/// How bright pictures of high dynamic range become, CTA-861.3, in cd/m².
public struct ContentLight: Sendable, Hashable {
    /// The brightest pixel of all (MaxCLL).
    public let maximum: UInt16
    /// The greatest average of a picture (MaxFALL).
    public let maximumAverage: UInt16

    /// Those levels.
    public init(maximum: UInt16, maximumAverage: UInt16) {
        (self.maximum, self.maximumAverage) = (maximum, maximumAverage)
    }
}
