public import FFmpeg
public import Schema
public import Transcoding

extension ServerSettings {
    /// What the channels' outputs ask for and this machine cannot encode. Its encoders are only looked for where something
    /// is to be encoded: that loads 130 libraries.
    public func encodingFaults(
        lookingUp inventory: () throws(CodecError) -> EncoderInventory = { () throws(CodecError) in
            try EncoderInventory.installed()
        }
    ) -> [Fault] {
        guard channels.contains(where: \.output.profile.encodes) else { return [] }
        do throws(CodecError) {
            return faults(encodingWith: try inventory())
        } catch {
            return channels.indices.filter { channels[$0].output.profile.encodes }.map { index in
                Fault(path: Self.outputPath(index), message: #"\#(error), or let output be "passthrough""#)
            }
        }
    }

    /// What of the channels' outputs needs encoders that `inventory` has not.
    public func faults(encodingWith inventory: EncoderInventory) -> [Fault] {
        var faults = FaultList()
        for (index, channel) in channels.enumerated() {
            channel.output.check(inventory, at: Self.outputPath(index), into: &faults)
        }
        return faults.faults
    }

    private static func outputPath(_ channel: Int) -> FieldPath {
        FieldPath([.name("channels"), .index(channel), .name("output")])
    }
}
