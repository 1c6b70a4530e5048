internal import Telemetry

extension Logger {
    /// Tells of a publisher that was refused or cut off. Those who are held off for their wrong keys are many: it was told
    /// when that began.
    func refused(_ reason: String, _ fields: LogFields) {
        if reason == PublishRefusal.Reason.tooManyFailures.rawValue {
            debug("ingest.refused", fields)
        } else {
            warning("ingest.refused", fields)
        }
    }
}
