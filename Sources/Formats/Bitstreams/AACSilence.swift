public import Bytes
/// temporary until merge
public enum AACSilence { public static func frame(channelConfiguration: UInt8) -> ByteChunk? { channelConfiguration == 1 ? ByteChunk([0x00,0xc8,0x00,0x80,0x23,0x80]) : channelConfiguration == 2 ? ByteChunk([0x21,0x00,0x49,0x90,0x02,0x19,0x00,0x23,0x80]) : nil } }
