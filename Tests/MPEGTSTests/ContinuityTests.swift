import Bytes
import MPEGTS
import Testing

/// What continuity counters and the flags of packets say about loss.
struct ContinuityTests {
    private static let payload = [UInt8](repeating: 3, count: 400)

    /// Audio units, between the second and the third of which `change` happens.
    private static func reading(_ change: (inout StreamWriter) -> Void) -> Reading {
        var writer = StreamWriter.begun()
        for index in 0..<5 {
            if index == 2 { change(&writer) }
            writer.writeAudio(payload + [UInt8(index)], at: Int64(index))
        }
        return Reading(writer.bytes)
    }

    @Test func packetsThatComeTwiceAreReadOnce() {
        let reading = Self.reading { $0.repeatPacket() }
        #expect(reading.packets.count == 5 && reading.health.packetsRepeated == 1)
        #expect(reading.health.continuityErrors == 0 && reading.health.packetsLost == 0)
        let early = Self.reading { writer in
            writer.writePacket(on: StreamWriter.audio, StreamWriter.elementaryPacket(0xC0, Self.payload), starts: true)
            writer.repeatPacket()
            writer.writePacket(on: StreamWriter.audio, Self.payload)
            writer.repeatPacket()
            writer.writePacket(on: StreamWriter.audio, Self.payload)
        }
        #expect(early.packets.count == 6 && early.health.packetsRepeated == 2)
        #expect(early.packets.allSatisfy { $0.payload.array.prefix(400) == Self.payload[...] })
    }

    @Test func packetsThatComeThreeTimesAreAnError() {
        let reading = Self.reading { writer in
            writer.repeatPacket()
            writer.repeatPacket()
        }
        #expect(reading.packets.count == 5 && reading.afterLoss.isEmpty)
        #expect(reading.health.packetsRepeated == 1 && reading.health.continuityErrors == 1)
    }

    @Test func theSameCounterWithOtherBytesIsALoss() {
        let reading = Self.reading { $0.lose(15, on: StreamWriter.audio) }
        #expect(reading.health.packetsLost == 15 && reading.health.continuityErrors == 1)
        #expect(reading.packets.count == 5 && reading.afterLoss == [2])
    }

    @Test(arguments: [1, 7, 14]) func aGapBetweenWholePacketsDropsNone(count: UInt8) {
        let reading = Self.reading { $0.lose(count, on: StreamWriter.audio) }
        #expect(reading.health.packetsLost == UInt64(count) && reading.health.elementaryPacketsDropped == 0)
        #expect(reading.afterLoss == [2])
    }

    @Test(arguments: [0x0F, 0x1B] as [UInt8]) func aHoleDropsThePacketThatItIsIn(type: UInt8) {
        let isVideo = type == 0x1B
        let pid = isVideo ? StreamWriter.video : StreamWriter.audio
        var writer = StreamWriter.begun()
        for index in 0..<4 {
            let payload = [UInt8](repeating: UInt8(index), count: 600)
            let unit = StreamWriter.elementaryPacket(0xE0, payload, at: 1, hasLength: !isVideo)
            var position = writer.writePacket(on: pid, unit, starts: true)
            while position < unit.count {
                if index == 1, position > 200 { writer.lose(2, on: pid) }
                position += writer.writePacket(on: pid, unit[position...])
            }
        }
        let reading = Reading(writer.bytes)
        #expect(reading.packets.map { $0.payload.array.first } == [0, 2, 3])
        #expect(reading.afterLoss == [1])
        #expect(reading.health.elementaryPacketsDropped == 1)
    }

    @Test func aGapBeforeTheNextPacketDropsWhatHasNoLength() {
        var writer = StreamWriter.begun()
        for index in 0..<4 {
            if index == 2 { writer.lose(1, on: StreamWriter.video) }
            writer.writeVideo([UInt8](repeating: UInt8(index), count: 600))
        }
        let reading = Reading(writer.bytes)
        #expect(reading.packets.map { $0.payload.array.first } == [0, 2, 3])
        #expect(reading.afterLoss == [1])
    }

    @Test func anAnnouncedBreakIsNoLoss() {
        let reading = Self.reading { writer in
            writer.lose(5, on: StreamWriter.audio)
            let unit = StreamWriter.elementaryPacket(0xC0, [1, 2])
            writer.writeUnit(on: StreamWriter.audio, unit, .init(isDiscontinuous: true))
        }
        #expect(reading.packets.count == 6 && reading.afterLoss.isEmpty)
        #expect(reading.health.continuityErrors == 0 && reading.health.packetsLost == 0)
    }

    @Test func anAnnouncedBreakInsideAPacketDropsIt() {
        let reading = Self.reading { writer in
            let unit = StreamWriter.elementaryPacket(0xC0, Self.payload)
            let position = writer.writePacket(on: StreamWriter.audio, unit, starts: true)
            writer.lose(5, on: StreamWriter.audio)
            writer.writePacket(on: StreamWriter.audio, unit[position...], .init(isDiscontinuous: true))
            writer.writePacket(on: StreamWriter.audio, unit[(unit.count - 100)...])
        }
        #expect(reading.packets.count == 5 && reading.health.elementaryPacketsDropped == 1)
        #expect(reading.afterLoss.count == 1 && reading.health.continuityErrors == 0)
    }

    @Test func packetsWithoutPayloadHaveNoCounterOfTheirOwn() {
        let reading = Self.reading { writer in
            writer.writePacket(on: StreamWriter.audio, [], .init(clock: 5))
            writer.writePacket(on: StreamWriter.audio, [], .init(clock: 6))
        }
        #expect(reading.packets.count == 5 && reading.health.continuityErrors == 0)
        let shifted = Self.reading { writer in
            writer.lose(3, on: StreamWriter.audio)
            writer.writePacket(on: StreamWriter.audio, [], .init(clock: 5))
        }
        #expect(shifted.health.continuityErrors == 1 && shifted.health.packetsLost == 3)
    }

    @Test func nullPacketsHaveNoCounter() {
        let reading = Self.reading { writer in
            for _ in 0..<3 {
                writer.writePacket(on: 0x1FFF, [1, 2, 3])
                writer.lose(5, on: 0x1FFF)
            }
        }
        #expect(reading.health.nullPackets == 3 && reading.health.continuityErrors == 0)
    }

    @Test func countersOfOtherStreamsAreWatchedToo() {
        let reading = Self.reading { writer in
            writer.writePacket(on: 0x500, [1])
            writer.lose(3, on: 0x500)
            writer.writePacket(on: 0x500, [2])
        }
        #expect(reading.health.continuityErrors == 1 && reading.health.packetsLost == 3)
        #expect(reading.afterLoss.isEmpty)
    }

    @Test func packetsThatSayTheyAreDamagedAreNotUsed() {
        var bytes = StreamWriter.begun()
        for index in 0..<4 { bytes.writeAudio(Self.payload + [UInt8(index)], at: 1) }
        var damaged = bytes.bytes
        // The second packet of the second unit.
        damaged[(2 + 3 + 1) * 188 + 1] |= 0x80
        let reading = Reading(damaged)
        #expect(reading.health.transportErrors == 1 && reading.health.continuityErrors == 0)
        #expect(reading.health.elementaryPacketsDropped == 1 && reading.health.packetsLost == 0)
        #expect(reading.packets.map { $0.payload.array.last } == [0, 2, 3])
        #expect(reading.afterLoss == [1])
    }

    @Test func scrambledPacketsAreNotUsed() {
        var bytes = StreamWriter.begun()
        for index in 0..<4 { bytes.writeAudio(Self.payload + [UInt8(index)], at: 1) }
        for control in [0x40, 0x80, 0xC0] as [UInt8] {
            var scrambled = bytes.bytes
            scrambled[(2 + 3 + 1) * 188 + 3] |= control
            let reading = Reading(scrambled)
            #expect(reading.health.packetsScrambled == 1 && reading.health.continuityErrors == 0)
            #expect(reading.packets.map { $0.payload.array.last } == [0, 2, 3])
        }
    }

    @Test func packetsThatCannotBeAreNotUsed() {
        var bytes = StreamWriter.begun()
        for index in 0..<4 { bytes.writeAudio(Self.payload + [UInt8(index)], at: 1) }
        // Neither payload nor adaptation field; an adaptation field longer than the packet.
        for (control, length) in [(0x00, 0), (0x30, 184), (0x20, 255)] as [(UInt8, UInt8)] {
            var wrong = bytes.bytes
            let start = (2 + 3 + 1) * 188
            wrong[start + 3] = wrong[start + 3] & 0x0F | control
            wrong[start + 4] = length
            let reading = Reading(wrong)
            #expect(reading.health.packetsMalformed == 1 && reading.health.packetsLost == 1)
            #expect(reading.packets.map { $0.payload.array.last } == [0, 2, 3])
        }
    }
}
