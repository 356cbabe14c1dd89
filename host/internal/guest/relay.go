package guest

// Relay is an Exchange whose guest may have others played. All of them are over when it is. Their methods are called from the guest's
// goroutine, and what plays them runs while these wait and at no other time: an Exchange is never used by two at once.
type Relay interface {
	Exchange
	// CallNext begins an exchange with what stands behind the guest. It is played with these variables, and a body that begins with
	// body and, with rest, goes on with what the guest has not read of its own.
	CallNext(environ, body []byte, rest bool) (handle int, err error)
	// CallApp is CallNext for the app of that name.
	CallApp(name string, environ, body []byte, rest bool) (handle int, err error)
	// Head returns status and headers of the response as a list.
	Head(handle int) ([]byte, error)
	// Body reads from the response's body as [Exchange.Read] does from the request's.
	Body(handle int, p []byte) (int, error)
	// CloseCall gives the exchange up, if it is not over.
	CloseCall(handle int) error
}
