extension Server {
    /// The version of Headwater.
    public static let version = "0.1.0"
}
