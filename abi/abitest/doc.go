// Package abitest is the conformance kit of the contract in abi/SPEC.md: what wsgiref.validate is to WSGI, for both sides of it. It knows
// no host and no SDK, and serves those of other projects as well.
//
// A server is checked by [RunServer]. Load [Guest] into it, which does what a request tells it to, and give the kit its URL:
// it plays every item of what a gateway owes an application (PEP 3333, on bytes), over HTTP/1.1, HTTP/2 or h2c. What only the
// server's operator can see, such as the log, comes from [ServerOptions].
//
// Items 28 to 31 are WebSockets: how they are opened, what the guest is told, what it says, and how they end. For these the server
// has [WebSocketGuest] loaded as well, at ServerOptions.WebSocket; a server without WebSockets leaves that out.
//
// A guest is checked by [RunGuest], on a strict host of the kit's own that plays it usual and unusual requests, and the events of
// connections if it takes any, and judges every call and every byte by [Rules]. [Check] is the same without a test, and what
// `wasgi check` runs.
//
// Cases begin with the number of their item, rules are named G01 and so on; both names stay, so that a test can leave out what
// it must: see ServerOptions.Only and GuestOptions.Only. Files beside this one hold the reference guests (reference.wat, socket.wat)
// and, in testdata, for each rule a guest that breaks it.
package abitest
