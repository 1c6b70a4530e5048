import Media
import Testing

@Suite struct PictureSizeTests {
    @Test(
        arguments: [
            ("1280x720", PictureSize(1280, 720)), ("0x0", PictureSize(0, 0)), ("1280", nil), ("1280x", nil),
            ("x720", nil),
            ("1280x720x1", nil), ("-1x2", nil), ("100000x2", nil), ("1280X720", nil), ("1280 x 720", nil),
        ] as [(String, PictureSize?)])
    func aSizeIsTwoNumbers(text: String, size: PictureSize?) {
        #expect(PictureSize(text) == size)
    }

    @Test func aSizeIsThatOfAFormatAndHasAnArea() {
        let size = PictureSize(VideoFormat(width: 720, height: 576, sampleAspectRatio: AspectRatio(64, 45)))
        #expect(size == PictureSize(720, 576) && size.area == 414_720 && "\(size)" == "720x576")
    }
}
