package abitest

// Rule is one thing that a guest must keep to.
type Rule struct {
	// ID names the rule for good: "G06".
	ID string `json:"id"`
	// Title is the rule in words.
	Title string `json:"title"`
	// Section is the anchor of the rule's text in SPEC.md.
	Section string `json:"section"`
	// Advice is what to look at when it is broken.
	Advice string `json:"advice"`
}

// The rules' names. A name is never used again for another rule.
const (
	ruleModule, ruleExports, ruleImports, ruleInit, ruleOutside = "G01", "G02", "G03", "G04", "G05"

	ruleAllocate, ruleAligned, ruleInside, ruleLarger, ruleGiven = "G06", "G07", "G08", "G09", "G10"

	rulePointers, ruleLimits, ruleList, ruleStatus, ruleHeaders = "G11", "G12", "G13", "G14", "G15"
	ruleHop, ruleLength, ruleSecond, ruleOrder, ruleErrors      = "G16", "G17", "G18", "G19", "G20"

	ruleStarted, ruleReturns, ruleTime, ruleBody, ruleAgrees, ruleHead = "G21", "G22", "G23", "G24", "G25", "G26"

	ruleShuffled, ruleUnknown, ruleMissing, ruleBytes, ruleRepeats, ruleMany = "G27", "G28", "G29", "G30", "G31", "G32"

	ruleNext, ruleWarm                                                       = "G33", "G34"
	ruleShort, ruleEnd, ruleTruncated, ruleTooLarge, ruleRefusal, ruleClosed = "G35", "G36", "G37", "G38", "G39", "G40"

	ruleEvent, ruleUnknownEvent = "G41", "G42"
)

// Rules lists all rules in order.
func Rules() []Rule {
	return []Rule{
		{ruleModule, "the file is a core module that defines its own memory", "the-module",
			"define a memory in the module, and build it for wasm32 without threads and without the component step"},
		{ruleExports, "memory, allocate and application are exported, and exports have their types", "exports",
			"export the functions under these names, with i32 parameters, and i64 for application's result"},
		{ruleImports, "every import is offered, with its type", "imports",
			"import nothing but functions of wasgi_v1, wasgi_websocket_v1 and WASI preview 1, as the tables have them"},
		{ruleInit, "the start function, _initialize and warm_up return", "exports",
			"do nothing there that can fail, or fail at the request that needs it"},
		{ruleOutside, "start_response, write and input_read are called within application only", "the-functions-of-wasgi_v1",
			"there is no request while the module starts, warms up or allocates: only errors_write does something then"},
		{ruleAllocate, "allocate gives memory", "exports", "return the address of as many bytes as are asked for; 0 says that there are none"},
		{ruleAligned, "an address that allocate gives is divisible by 8", "exports", "round the address up to a multiple of 8"},
		{ruleInside, "what allocate gives lies within memory, with all of its bytes", "exports", "grow the memory before the address is returned"},
		{ruleLarger, "an environ larger than the first buffer is taken", "ownership-and-lifetimes",
			"give as much as allocate is asked for, also at a second call, and read the environ where application's parameters say"},
		{ruleGiven, "the environ buffer is used for nothing else", "ownership-and-lifetimes",
			"keep nothing in memory that allocate has given away: the host writes over all of it"},
		{rulePointers, "pointers and lengths lie within memory", "the-functions-of-wasgi_v1", "the call returned CodeFault: look at its arguments"},
		{ruleLimits, "status and headers are within the limits", "limits", "the call returned CodeTooLarge: send fewer or shorter headers"},
		{ruleList, "the header list is encoded as lists are", "lists",
			"the call returned CodeInvalid: count, lengths and bytes must add up, and no headers are four zero bytes"},
		{ruleStatus, "a status is NNN Reason, from 200 to 999", "start_response", "write three digits and one space, also before an empty reason"},
		{ruleHeaders, "header names are tokens, and values have no control characters and no space at their ends", "start_response",
			"check what goes into a header: the host repairs nothing"},
		{ruleHop, "headers that belong to the connection are left to the host", "start_response", "leave the header out"},
		{ruleLength, "Content-Length is decimal digits, and given once", "start_response", "leave it out: the host knows the length of a returned body"},
		{ruleSecond, "a second start_response has exc_info", "start_response",
			"call it once, or pass exc_info to replace what the first call said"},
		{ruleOrder, "write comes after start_response", "write", "call start_response first, and look at what it returned"},
		{ruleErrors, "one errors_write is no longer than what is logged of it", "errors_write", "split long texts: the rest is dropped"},
		{ruleStarted, "application calls start_response", "the-returned-body", "call it on every path, and look at what it returned"},
		{ruleReturns, "application returns, and neither traps nor exits", "faults", "the message says what ended it"},
		{ruleTime, "calls return in time", "faults", "look for a loop that waits for something that does not come"},
		{ruleBody, "the returned body lies within memory", "the-returned-body", "return ptr << 32 | len, and keep the body until the next call"},
		{ruleAgrees, "the body is as long as its Content-Length says", "the-returned-body", "count bytes, not characters, or leave Content-Length out"},
		{ruleHead, "HEAD is answered", "the-returned-body", "answer as for GET: the host drops the body"},
		{ruleShuffled, "the order of variables carries no meaning", "the-environ", "look variables up by name"},
		{ruleUnknown, "unknown variables are ignored", "the-environ", "look variables up by name, and skip the others, however long they are"},
		{ruleMissing, "variables may be missing", "the-environ",
			"only REQUEST_METHOD, SERVER_NAME, SERVER_PORT and SERVER_PROTOCOL are always there; PATH_INFO is not"},
		{ruleBytes, "values are bytes, and not always UTF-8", "the-environ", "decode what you need as text, and expect that it fails"},
		{ruleRepeats, "keys may be repeated, and values empty", "lists", "take a length of 0 for what it is"},
		{ruleMany, "there may be more than a thousand variables", "the-environ", "count in 32 bits, and reserve nothing of a fixed size for them"},
		{ruleNext, "another request is answered after the first", "ownership-and-lifetimes",
			"keep no address of the environ beyond the call: the next request overwrites it"},
		{ruleWarm, "application works without warm_up", "what-a-request-sees-of-another", "do in warm_up only what a request can do without"},
		{ruleShort, "a body that comes in small pieces is the same body", "input_read",
			"go on reading until the result is 0: a read returns what is there, and rarely all"},
		{ruleEnd, "reading stops at the end of the body", "input_read", "take a result of 0 for the end: there is never more"},
		{ruleTruncated, "a body that breaks off is handled", "input_read", "expect -6 from input_read, and answer without the body"},
		{ruleTooLarge, "a body over the limit is handled", "input_read", "expect -5 from input_read, and answer without the body"},
		{ruleRefusal, "any negative result is taken for a refusal", "codes", "compare results with 0, and not with the codes that you know"},
		{ruleClosed, "application returns when the client is gone", "write", "look at write's result, and return at -7"},
		{ruleEvent, "a WebSocket event returns what it may", "the-export", "return 0, or at open a status from 400 to 599"},
		{ruleUnknownEvent, "a WebSocket event that is not known returns 0 and does nothing", "the-export", "look at websocket.event first"},
	}
}
