package httpwasm

// What the ABI numbers: of headers the request's, the response's and the trailers of both, of bodies the first two.
const (
	ofRequest = iota
	ofResponse
	ofRequestTrailers
	ofResponseTrailers
)

// list returns the header fields of that kind; nil are those of trailers, which there are none of.
func (c call) list(kind uint64) (*fields, error) {
	switch uint32(kind) {
	case ofRequest:
		return &c.turn.request.fields, nil
	case ofResponse:
		return &c.turn.response.fields, nil
	case ofRequestTrailers, ofResponseTrailers:
		return nil, nil
	}
	return nil, errKind
}

// changing is list for one that is to be changed.
func (c call) changing(kind uint64) (*fields, error) {
	list, err := c.list(kind)
	switch {
	case err != nil:
		return nil, err
	case list == nil:
		return nil, errNoTrailers
	case uint32(kind) == ofRequest && c.turn.afterNext:
		return nil, errAfterNext
	case uint32(kind) == ofResponse && !c.turn.changeable():
		return nil, errUnbuffered
	}
	return list, nil
}

func (c call) getHeaderNames(p []uint64) (uint64, error) {
	list, err := c.list(p[0])
	if err != nil || list == nil {
		return 0, err
	}
	return c.giveAll(list.names(), p[1], p[2])
}

func (c call) getHeaderValues(p []uint64) (uint64, error) {
	list, err := c.list(p[0])
	if err != nil || list == nil {
		return 0, err
	}
	name, err := c.text(p[1], p[2])
	if err == nil {
		err = checkField(name, "")
	}
	if err != nil {
		return 0, err
	}
	return c.giveAll(list.values(name), p[3], p[4])
}

func (c call) setHeaderValue(p []uint64) (uint64, error) { return c.change(p, (*fields).set) }
func (c call) addHeaderValue(p []uint64) (uint64, error) { return c.change(p, (*fields).add) }

func (c call) change(p []uint64, how func(list *fields, name, value string)) (uint64, error) {
	list, err := c.changing(p[0])
	if err != nil {
		return 0, err
	}
	name, err := c.text(p[1], p[2])
	if err != nil {
		return 0, err
	}
	value, err := c.text(p[3], p[4])
	if err == nil {
		err = checkField(name, value)
	}
	if err == nil {
		how(list, name, value)
	}
	return 0, err
}

func (c call) removeHeader(p []uint64) (uint64, error) {
	list, err := c.changing(p[0])
	if err != nil {
		return 0, err
	}
	name, err := c.text(p[1], p[2])
	if err == nil {
		err = checkField(name, "")
	}
	if err == nil {
		list.remove(name)
	}
	return 0, err
}

// readBody fills the guest's buffer, unless the body ends before that, and says whether it does.
func (c call) readBody(p []uint64) (uint64, error) {
	buffer, err := c.view(p[1], p[2])
	switch {
	case err != nil:
		return 0, err
	case len(buffer) == 0:
		return 0, errReadNothing
	}
	read, err := c.reader(p[0])
	if err != nil {
		return 0, err
	}
	c.memory.Note(uint32(p[1]), uint32(len(buffer)))
	total := 0
	for total < len(buffer) {
		n, err := read(buffer[total:])
		if err != nil {
			return 0, err
		}
		if n == 0 {
			return 1<<32 | uint64(total), nil
		}
		total += n
	}
	return uint64(total), nil
}

func (c call) reader(kind uint64) (func([]byte) (int, error), error) {
	t := c.turn
	switch uint32(kind) {
	case ofRequest:
		keep := t.features.has(bufferRequest)
		if t.afterNext && !keep {
			return nil, errUnkept
		}
		return func(p []byte) (int, error) { return t.request.body.next(p, &t.request.body.seen, keep) }, nil
	case ofResponse:
		if !t.changeable() {
			return nil, errUnbuffered
		}
		return func(p []byte) (int, error) { return t.response.body.next(p, &t.response.body.seen, false) }, nil
	}
	return nil, errKind
}

func (c call) writeBody(p []uint64) (uint64, error) {
	block, err := c.view(p[1], p[2])
	if err != nil {
		return 0, err
	}
	switch t := c.turn; uint32(p[0]) {
	case ofRequest:
		if t.afterNext {
			return 0, errAfterNext
		}
		return 0, t.request.body.write(block)
	case ofResponse:
		if !t.changeable() {
			return 0, errUnbuffered
		}
		return 0, t.response.body.write(block)
	}
	return 0, errKind
}
