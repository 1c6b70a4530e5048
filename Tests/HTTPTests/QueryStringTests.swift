import Testing
@testable import HTTP
@Suite struct QueryStringTests {
    @Test func x() { #expect(QueryString.firstValue(of: "a", in: "a=1") == "1") }
}
