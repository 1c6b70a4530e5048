import HLSRules
import Testing

/// A rule that cannot fail is no rule: each planted fault is found. The other suites say where nothing is found.
@Suite struct PlantedFaultTests {
    static let faults: [Fault] =
        PlaylistFaultTests.faults + DeltaFaultTests.faults + DateRangeFaultTests.faults + MultivariantFaultTests.faults
        + MediaFaultTests.faults + IFrameFaultTests.faults + AvailabilityFaultTests.faults + DeliveryFaultTests.faults
        + MapHintTests.faults + FreshnessFaultTests.faults + ClaimFaultTests.faults

    @Test(arguments: faults) func onlyThePlantedFaultIsFound(fault: Fault) {
        #expect(fault.found() == fault.consequences.union([fault.rule]))
    }

    @Test func aFaultIsPlantedForEveryRule() {
        let missing = Set(Rule.allCases).subtracting(Self.faults.map(\.rule))
        #expect(missing == [])
    }
}
