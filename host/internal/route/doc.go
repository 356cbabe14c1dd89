// Package route says which mount answers a request. It is pure: a [Table] is made once and never changes.
//
// # Paths
//
// A mount is a path prefix, "/" or "/a/b", in decoded form. A request's path arrives escaped and is matched like this:
//
//   - The path is percent-decoded once, to bytes. A malformed escape or a NUL is refused, and so is a segment that is "." or
//     "..", literal or encoded, also one that only encoded slashes delimit: "/a%2f..%2fb". Nothing is ever cleaned up.
//   - A mount matches whole segments: "/a" matches "/a", "/a/" and "/a/b", never "/ab". "/" matches every path.
//   - Of the mounts that match, the longest wins.
//   - An encoded slash is data of its segment. A mount neither contains one nor runs past one: "/a%2fb" is matched by "/"
//     alone, not by "/a" nor by "/a/b"; "/a/b%2fc" is matched by "/a", not by "/a/b".
//   - Empty segments are kept: "//a" is not "/a", and "/a//b" is matched by "/a", with "//b" left.
//   - Case matters, and letters are compared as bytes.
//
// SCRIPT_NAME is the mount, but "" for "/". PATH_INFO is the rest of the decoded path. So SCRIPT_NAME followed by PATH_INFO
// is always the decoded path, and PATH_INFO is empty or begins with a slash.
//
// # Hosts
//
// A mount may name a host, or all hosts that have one label before a parent's name: "*.example.com" is matched by
// "a.example.com", not by "example.com" nor by "a.b.example.com". Hosts are compared as [CanonicalHost] writes them: lower
// case, without port and without one trailing dot, an IPv6 address without brackets. The mounts of the request's very host
// are tried first, the longest of them first; if none of them matches, those with a wildcard for its first label are, and
// then the mounts for any host.
package route
