internal import CFFmpeg
public import Media

/// A picture that stands still: an image, or a card with words on it.
///
///     let picture = StillPicture(.card(title: "News", line: "We will be right back"))
///     let frame = try picture.frame(VideoFormat(width: 1280, height: 720), pixelFormat: .yuv420)
public struct StillPicture: Sendable, Hashable {
    /// What is seen.
    public enum Content: Sendable, Hashable {
        /// An image in a file, PNG or JPEG, as large as fits in with black beside it.
        case image(path: String)
        /// A title, and a line below it.
        case card(title: String, line: String)
    }

    /// What is seen.
    public let content: Content

    /// A picture of that.
    public init(_ content: Content) { self.content = content }

    /// The fonts that words are written with. Where they are not there, nothing is written.
    package static let fonts = (
        bold: "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf",
        plain: "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
    )
    /// The picture as a frame of that size, shape and colour, shown at zero.
    public func frame(_ format: VideoFormat, pixelFormat: PixelFormat) throws(CodecError) -> Frame {
        let end = Self.conversion(to: format, pixelFormat)
        switch content {
        case .image(let path):
            let name = Self.escaped(path)
            return try Self.draw("movie=filename=\(name),\(Self.fitting(format)),\(end)", format)
        case .card(let title, let line):
            let words = Self.words(title, line, format)
            if let frame = try? Self.draw("\(Self.ground(format)),\(words),\(end)", format) { return frame }
            return try Self.draw("\(Self.ground(format)),\(end)", format)
        }
    }

    private static func draw(_ description: String, _ format: VideoFormat) throws(CodecError) -> Frame {
        let graph = try FilterGraph(.pictures, from: nil, description)
        guard let storage = try graph.pull() else { throw .refused("libavfilter") }
        let ratio = format.sampleAspectRatio
        storage.raw.pointee.sample_aspect_ratio = AVRational(
            num: Int32(clamping: ratio.width), den: Int32(clamping: ratio.height))
        return Frame(storage, at: .zero)
    }

    // MARK: In libavfilter's syntax

    /// The size in square samples: what is drawn in it looks right when its samples are not.
    private static func display(_ format: VideoFormat) -> (width: Int, height: Int) {
        let ratio = format.sampleAspectRatio
        guard ratio.width > 0, ratio.height > 0 else { return (format.width, format.height) }
        return (max(format.width * ratio.width / ratio.height, 2), format.height)
    }

    private static func fitting(_ format: VideoFormat) -> String {
        let (width, height) = display(format)
        return "scale=\(width):\(height):force_original_aspect_ratio=decrease:flags=bicubic,"
            + "pad=\(width):\(height):-1:-1:black,setsar=1"
    }

    /// The card without words: light from the upper left.
    private static func ground(_ format: VideoFormat) -> String {
        let (width, height) = display(format)
        // A point that lies outside it chooses by chance.
        return "gradients=s=\(width)x\(height):c0=0x16324f:c1=0x0a1420:x0=0:y0=0:x1=\(width / 2):y1=\(height - 1)"
            + ":nb_colors=2:seed=1:duration=1:rate=1:speed=0.00001"
    }

    private static func words(_ title: String, _ line: String, _ format: VideoFormat) -> String {
        let (width, height) = display(format)
        // Upright pictures are as wide as others are high.
        let unit = Double(min(height, width * 9 / 16))
        let left = Int(Double(width) * 0.08)
        let (top, indent) = (Double(height) * 0.44, Int(unit * 0.05))
        let room = Double(width - 2 * left - indent)
        let bar =
            "drawbox=x=\(left):y=\(Int(top)):w=\(max(Int(unit * 0.012), 1)):h=\(Int(unit * 0.17))"
            + ":color=0x4fb3d9:t=fill"
        let first = text(title, fonts.bold, min(unit * 0.085, room / span(title)), "0xf2f6fa", left + indent, Int(top))
        let second = text(
            line, fonts.plain, min(unit * 0.042, room / span(line)), "0xa9bccd", left + indent, Int(top + unit * 0.12))
        return [bar, first, second].joined(separator: ",")
    }

    /// About how wide words are in bold, at most, as a multiple of the size of the font.
    private static func span(_ words: String) -> Double {
        words.reduce(0.01) { span, letter in
            switch letter {
            case "M", "W", "@", "%": span + 1.12
            case _ where letter.isUppercase: span + 0.85
            case "m", "w": span + 1.05
            case _ where letter.isASCII: span + 0.72
            default: span + 1
            }
        }
    }

    private static func text(
        _ words: String, _ font: String, _ size: Double, _ colour: String, _ x: Int, _ y: Int
    ) -> String {
        "drawtext=fontfile=\(font):expansion=none:text=\(escaped(words)):fontcolor=\(colour)"
            + ":fontsize=\(max(Int(size), 4)):x=\(x):y=\(y)"
    }

    /// From what was drawn to the size, form and colour that are wanted. What a stream does not say players take for BT.709,
    /// or for BT.601 where the picture is small.
    private static func conversion(to format: VideoFormat, _ pixelFormat: PixelFormat) -> String {
        let isSmall = format.height <= 576 && format.width <= 1024
        let usual = ColourDescription(primaries: 1, transfer: 1, matrix: isSmall ? 6 : 1, isFullRange: false)
        let wanted = format.colour ?? usual
        func known(_ value: UInt8, or other: UInt8) -> UInt8 { value == 0 || value == 2 ? other : value }
        let matrix = known(wanted.matrix, or: usual.matrix)
        let transfer = known(wanted.transfer, or: usual.transfer)
        let primaries = known(wanted.primaries, or: usual.primaries)
        return "format=gbrp,zscale=w=\(format.width):h=\(format.height):filter=bicubic:min=0:tin=1:pin=1:rin=full"
            + ":m=\(matrix):t=\(transfer):p=\(primaries):r=\(wanted.isFullRange ? "full" : "limited"):npl=203"
            + ",format=pix_fmts=\(pixelFormat.name)"
    }

    /// As a value in the description of a graph: the filter takes one layer of backslashes off, the graph the other.
    private static func escaped(_ text: String) -> String {
        func escape(_ text: String, _ special: String) -> String {
            text.reduce(into: "") { $0 += special.contains($1) ? "\\\($1)" : String($1) }
        }
        return escape(escape(text, "\\':"), "\\'[],;")
    }
}
