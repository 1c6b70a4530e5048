/// What a `splice_info_section` says. ANSI/SCTE 35 2023 §9.7.
///
/// Times and durations are ticks of 90 kHz; times have 33 bits and are those of the section, before `pts_adjustment`.
public enum SpliceCommand: Sendable, Hashable {
    /// `splice_null`: that there are splices at all.
    case null
    /// `splice_schedule`, which is not read: its times are those of a wall clock.
    case schedule
    /// `splice_insert`.
    case insert(SpliceInsert)
    /// `splice_insert` that takes back one that was announced.
    case insertCancelled(eventID: UInt32)
    /// `time_signal`: the moment, or nothing for at once. The descriptors say of what.
    case timeSignal(Int64?)
    /// `bandwidth_reservation`, which says nothing.
    case bandwidthReservation
    /// `private_command` of whoever the identifier is registered to.
    case privateCommand(identifier: UInt32)
    /// A command with a reserved `splice_command_type`.
    case reserved(type: UInt8)
    /// One that only those with the key can read.
    case encrypted
}
