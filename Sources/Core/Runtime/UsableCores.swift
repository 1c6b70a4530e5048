internal import CLinux

/// The cores that the process may run on, which may be fewer than the machine has.
public enum UsableCores {
    /// How many there are, at least one: more threads that compute would only take them from each other.
    public static var count: Int { max(1, Int(clinux_usable_cores())) }
}
