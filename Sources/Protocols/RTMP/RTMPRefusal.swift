/// A "no" in the words of RTMP: a code for programs and a description that ffmpeg and OBS show to people.
public struct RTMPRefusal: Error, Hashable, Sendable {
    /// The code, such as `NetStream.Publish.BadName`.
    public let code: String
    /// The reason, in a sentence.
    public let description: String

    /// A refusal with that code and description.
    public init(code: String, description: String) {
        self.code = code
        self.description = description
    }

    /// There is no such stream, its key is wrong, or somebody else is publishing it: `NetStream.Publish.BadName`.
    public static func badName(_ description: String) -> RTMPRefusal {
        RTMPRefusal(code: "NetStream.Publish.BadName", description: description)
    }

    /// The publisher is not allowed to: `NetStream.Publish.Denied`.
    public static func denied(_ description: String) -> RTMPRefusal {
        RTMPRefusal(code: "NetStream.Publish.Denied", description: description)
    }

    /// What is published cannot be taken, or not any longer: `NetStream.Publish.Rejected`.
    ///
    /// librtmp, and with it OBS, closes the connection on this code and on `denied`.
    public static func rejected(_ description: String) -> RTMPRefusal {
        RTMPRefusal(code: "NetStream.Publish.Rejected", description: description)
    }

    /// A codec that is not taken, by the name that a packet gave it.
    public static func unsupportedCodec(_ codecName: String) -> RTMPRefusal {
        rejected(
            "\(codecName) is not supported here: publish H.264, H.265, AV1 or VP9 video and AAC, Opus, AC-3 or FLAC audio"
        )
    }

    static func invalidApp(_ app: String) -> RTMPRefusal {
        RTMPRefusal(
            code: "NetConnection.Connect.InvalidApp", description: "There is no application \"\(app)\" here")
    }

    static func connectRejected(_ description: String) -> RTMPRefusal {
        RTMPRefusal(code: "NetConnection.Connect.Rejected", description: description)
    }
}
