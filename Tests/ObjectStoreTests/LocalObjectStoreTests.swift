import Bytes
import Glibc
import ObjectStore
import TestFolder
import Testing

@Suite struct LocalObjectStoreTests {
    private let folder = TemporaryFolder()
    private var store: LocalObjectStore { LocalObjectStore(folder: folder.path) }

    @Test func anObjectIsWhatWasAppendedToIt() throws {
        let key = try #require(ObjectKey("live/news/video/s1.m4s"))
        let writer = try store.create(key)
        try writer.append([ByteChunk([1, 2]), ByteChunk([3])])
        try writer.append([ByteChunk([4, 5])])
        let object = try store.open(key)
        #expect(writer.length == 5 && object.length == 5)
        #expect(try object.read(1..<4).array == [2, 3, 4])
    }

    @Test func aKeyIsWrittenOnce() throws {
        let key = try #require(ObjectKey("a/b"))
        _ = try store.create(key)
        #expect(throws: StoreError.exists(key)) { _ = try store.create(key) }
    }

    @Test func whatFollowsTheLengthThatIsKnownIsGivenUp() throws {
        let key = try #require(ObjectKey("a"))
        try store.create(key).append([ByteChunk([1, 2, 3, 4])])
        let writer = try store.resume(key, at: 2)
        try writer.append([ByteChunk([9])])
        #expect(try store.open(key).read(0..<3).array == [1, 2, 9])
        #expect(throws: StoreError.failed(EINVAL)) { _ = try store.resume(key, at: 4) }
    }

    @Test func aRemovedObjectIsReadToItsEndByWhoHasOpenedIt() throws {
        let key = try #require(ObjectKey("a/b/c"))
        try store.create(key).append([ByteChunk([7])])
        let object = try store.open(key)
        try store.remove(#require(ObjectKey("a")))
        #expect(try object.read(0..<1).array == [7])
        #expect(throws: StoreError.missing(key)) { _ = try store.open(key) }
        #expect(try store.names(below: #require(ObjectKey("a"))) == [])
        try store.remove(key)
    }

    @Test func namesAreThoseDirectlyBelow() throws {
        for path in ["a/2", "a/10/x", "a/1", "b"] { _ = try store.create(#require(ObjectKey(path))) }
        #expect(try store.names(below: #require(ObjectKey("a"))) == ["1", "10", "2"])
    }

    @Test(arguments: [
        "", "/a", "a/", "a//b", "..", "a/../b", ".hidden", "a b", "ü", "a\0b", String(repeating: "a", count: 256),
    ])
    func noKeyLeadsOutOfTheStore(path: String) {
        #expect(ObjectKey(path) == nil)
    }
}
