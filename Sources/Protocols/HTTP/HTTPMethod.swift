/// The method of a request, RFC 9110 §9.
public enum HTTPMethod: Hashable, Sendable {
    /// `GET`
    case get
    /// `HEAD`: answered with the response to `GET`, of which the body is left out on the way.
    case head
    /// `OPTIONS`
    case options
    /// `POST`
    case post
    /// `PUT`
    case put
    /// `DELETE`
    case delete
    /// `PATCH`
    case patch
    /// Any other token, as it was sent. Methods are case-sensitive.
    case other(String)

    /// The method that `name` names.
    public init(_ name: String) {
        switch name {
        case "GET": self = .get
        case "HEAD": self = .head
        case "OPTIONS": self = .options
        case "POST": self = .post
        case "PUT": self = .put
        case "DELETE": self = .delete
        case "PATCH": self = .patch
        default: self = .other(name)
        }
    }

    /// The method as it stands in a request line.
    public var name: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .options: "OPTIONS"
        case .post: "POST"
        case .put: "PUT"
        case .delete: "DELETE"
        case .patch: "PATCH"
        case .other(let name): name
        }
    }
}
