package abitest_test

import (
	"bufio"
	"bytes"
	"net"
	"net/http"
	"regexp"
	"strings"
)

// socketFaults are servers whose WebSockets are broken, by what is wrong with them.
func socketFaults() map[string]fault {
	upgrades := func(r *http.Request) bool { return r.Header.Get("Upgrade") == "websocket" }
	return map[string]fault{
		// The handshake.
		"has another key for WebSockets": {cases: "28_a_handshake_is_accepted", wrap: head(func(status int, h http.Header) int {
			if status == 101 {
				h.Set("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
			}
			return status
		})},
		"refuses WebSockets with one status": {cases: "28_the_guest_refuses_with_a_status", wrap: status(404, 403)},
		"accepts where the guest has failed": {cases: "28_another_result_is_a_500 28_a_fault_in_open_is_a_500", wrap: status(500, 200)},
		"mends handshakes": {cases: "28_a_malformed_handshake_does_not_reach_the_guest", wrap: request(func(r *http.Request) {
			r.Header.Set("Connection", "Upgrade")
			r.Header.Set("Sec-WebSocket-Version", "13")
			r.Header.Set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
		})},
		"lets every page in": {cases: "28_a_foreign_origin_does_not_reach_the_guest", wrap: request(func(r *http.Request) { r.Header.Del("Origin") })},
		"cuts handshakes short": {cases: "28_a_large_handshake_is_a_431", wrap: request(func(r *http.Request) {
			for name, values := range r.Header {
				r.Header[name] = []string{values[0][:min(len(values[0]), 100)]}
			}
		})},
		"chooses the subprotocol itself": {cases: "28_a_subprotocol_is_chosen_by_the_guest", wrap: head(func(status int, h http.Header) int {
			if status == 101 {
				h.Set("Sec-WebSocket-Protocol", "one")
			}
			return status
		})},
		"takes every upgrade": {cases: "28_other_requests_are_given_to_application", wrap: bytewise(func(r *http.Request) bool {
			return r.Header.Get("Upgrade") == "h2c"
		}, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n")},
		"takes WebSockets for every app": {cases: "28_an_app_without_the_export_is_given_the_request",
			wrap: bytewise(func(r *http.Request) bool { return r.URL.Path == "/guest" && upgrades(r) }, "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")},
		"loses what open sends": {cases: "28_what_open_sends_arrives_after_the_handshake", wrap: says("two", "2.0")},

		// Events.
		"takes text for binary":          {cases: "29_events_have_their_variables", wrap: says(`websocket\.typetext`, "websocket.typebina")},
		"forgets the handshake's cookie": {cases: "29_events_have_those_of_the_handshake", wrap: request(func(r *http.Request) { r.Header.Del("Cookie") })},
		"has one id for all events":      {cases: "29_each_event_has_a_request_id", wrap: says(`wasgi\.request_id[0-9a-f]{16}`, "wasgi.request_id0123456789abcdef")},
		"changes messages":               {cases: "29_messages_arrive_as_they_are", wrap: says("hello", "hullo")},
		"answers other pings":            {cases: "29_fragments_are_one_message 31_pings_are_answered", wrap: says("(?s)\x8a(.).", "\x8a${1}!")},
		"gives messages to their half":   {cases: "29_a_message_is_read_to_its_end", wrap: says("cde", "cd.")},
		"has messages in open":           {cases: "29_open_and_close_have_no_message", wrap: says("r\x00", "r\x01")},
		"swaps messages":                 {cases: "29_events_come_in_order", wrap: says("message 10", "message 11")},
		"logs events without their id": {cases: "29_errors_write_reaches_the_log",
			options: logs(func(log string) string { return regexp.MustCompile(`request_id=\w+`).ReplaceAllString(log, "") })},
		"takes no leave for a farewell": {cases: "29_close_comes_once_and_last", wrap: says(`websocket\.code1006`, "websocket.code1005")},

		// Calls.
		"takes any call": {cases: "29_an_event_has_no_response 30_a_connection_that_is_none_is_closed 30_bad_arguments_are_refused " +
			"30_close_takes_the_codes_of_close_frames 30_pointers_outside_memory_are_refused 30_accept_protocol_is_for_open_alone",
			wrap: says("[\xf8-\xff]\xff\xff\xff", "\x00\x00\x00\x00")},
		"sends to others something else":  {cases: "30_send_reaches_another_connection", wrap: says("there", "other")},
		"turns sent and published around": {cases: "30_messages_keep_their_order", wrap: says("(?s)\x81\x013", "\x81\x014")},
		"counts one subscriber more":      {cases: "30_a_subscription_ends_with_its_connection", wrap: says("p\x00", "p\x01")},
		"counts one subscriber less":      {cases: "30_topics_reach_their_subscribers", wrap: says("p\x02", "p\x01")},
		"counts none for requests":        {cases: "30_requests_publish", wrap: lies("p\x01", "p\x00")},

		// The end.
		"says no goodbye": {cases: "31_a_farewell_is_answered", wrap: wired(func(p []byte) []byte {
			if p[0] == 0x88 {
				return nil
			}
			return p
		})},
		"closes with 1000 whatever happens": {
			cases: "31_a_broken_protocol_is_closed_with_1002 31_text_that_is_not_utf8_is_closed_with_1007 " +
				"31_a_message_that_is_too_long_is_closed_with_1009 31_a_fault_is_closed_with_1011",
			wrap: says("(?s)^\x88(.)..", "\x88${1}\x03\xe8")},
	}
}

// says replaces bytes of what the server sends over WebSockets by as many others.
func says(pattern, replacement string) func(http.Handler) http.Handler {
	re := regexp.MustCompile(latin(pattern))
	return wired(func(p []byte) []byte { return bytewiseText(re.ReplaceAllString(latin(string(p)), latin(replacement))) })
}

// latin makes each byte a character, so that expressions see bytes.
func latin(s string) string {
	var out strings.Builder
	for i := range len(s) {
		out.WriteRune(rune(s[i]))
	}
	return out.String()
}

// bytewiseText undoes latin.
func bytewiseText(s string) []byte {
	var out bytes.Buffer
	for _, r := range s {
		out.WriteByte(byte(r))
	}
	return out.Bytes()
}

// wired changes what is written to connections that have become WebSockets.
func wired(change func([]byte) []byte) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(hijacker{w, change}, r) })
	}
}

type hijacker struct {
	http.ResponseWriter
	change func([]byte) []byte
}

func (h hijacker) Unwrap() http.ResponseWriter { return h.ResponseWriter }

func (h hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffers, err := http.NewResponseController(h.ResponseWriter).Hijack()
	return tampered{conn, h.change}, buffers, err
}

// tampered is a connection on which something else is sent.
type tampered struct {
	net.Conn
	change func([]byte) []byte
}

func (c tampered) Write(p []byte) (int, error) {
	if _, err := c.Conn.Write(c.change(bytes.Clone(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}
