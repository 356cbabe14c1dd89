package abitest_test

import (
	"context"
	"crypto/tls"
	"net/http"
	"regexp"
	"strings"

	"github.com/wasgi/wasgi/abi/abitest"
)

// faults are broken servers by what is wrong with them.
func faults() map[string]fault {
	return map[string]fault{
		// The call and the log.
		"logs everything twice": {cases: "01_one_call_a_request", options: logs(func(log string) string { return log + log })},
		"loads anything":        {cases: "01_the_signature_is_checked_when_the_module_is_loaded"},
		"has a 500 for late apps": {cases: "02_start_response_comes_as_late_as_the_first_byte",
			wrap: bytewise(plays("blate"), "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n")},
		"runs as many instances as it likes": {cases: "03_an_app_can_be_limited_to_one_instance",
			options: func(o *abitest.ServerOptions) { o.Single = strings.Replace(o.Single, "/single", "/guest", 1) }},
		"logs without the request's id": {cases: "13_errors_write_reaches_the_log 13_a_guest_cannot_forge_another_line",
			options: logs(func(log string) string { return regexp.MustCompile(`request_id=\w+`).ReplaceAllString(log, "") })},
		"logs what steers a terminal": {cases: "13_a_guest_cannot_forge_another_line",
			options: logs(func(log string) string { return strings.ReplaceAll(log, `\x1b`, "\x1b") })},
		"sends the log to the client": {cases: "13_errors_write_is_no_part_of_the_response", wrap: lies(`b$`, "c")},
		"logs no stack": {cases: "25_the_page_names_the_request_and_the_log_tells_the_rest",
			options: logs(func(log string) string { return strings.ReplaceAll(log, "application", "") })},

		// The environ.
		"leaks a header": {cases: "04_the_guest_owns_its_environ", wrap: leaky},
		"writes methods in lower case": {cases: "05_method_server_and_protocol_are_always_there",
			wrap: lies("REQUEST_METHODGET", "REQUEST_METHODget")},
		"forgets the query": {cases: "05_the_rest_is_there_unless_it_is_empty 09_path_info_is_decoded_bytes_and_raw_uri_is_not",
			wrap: request(func(r *http.Request) { r.URL.RawQuery = "" })},
		"names the mount wrong": {cases: "06_script_name_and_path_info",
			wrap: lies("SCRIPT_NAME/guest", "SCRIPT_NAME/Guest")},
		"matches half a segment": {cases: "06_a_longer_name_is_not_the_mount",
			wrap: request(func(r *http.Request) { r.URL.Path = strings.Replace(r.URL.Path, "/guestx", "/guest", 1) })},
		"decodes RAW_URI": {cases: "09_path_info_is_decoded_bytes_and_raw_uri_is_not",
			wrap: request(func(r *http.Request) { r.RequestURI = r.URL.Path })},
		"writes header names in lower case": {cases: "07_headers_become_http_variables",
			wrap: lies("HTTP_X_LOWER_9", "http_x_lower_9")},
		"gives Content-Type a prefix": {cases: "07_content_type_and_length_have_no_prefix", wrap: request(func(r *http.Request) {
			r.Header["Content-type"] = r.Header["Content-Type"]
		})},
		"keeps the first of repeated headers": {cases: "07_repeats_are_joined_with_commas 07_cookies_are_joined_with_semicolons",
			wrap: request(func(r *http.Request) {
				for name, values := range r.Header {
					r.Header[name] = values[:1]
				}
			})},
		"joins cookies with commas": {cases: "07_cookies_are_joined_with_semicolons", wrap: request(func(r *http.Request) {
			if cookies := r.Header["Cookie"]; len(cookies) > 0 {
				r.Header["Cookie"] = []string{strings.Join(cookies, ", ")}
			}
		})},
		"takes underscores for dashes": {cases: "07_names_with_underscores_are_dropped", wrap: request(func(r *http.Request) {
			for name, values := range r.Header {
				if dashed := strings.ReplaceAll(name, "_", "-"); dashed != name {
					r.Header[dashed] = append(r.Header[dashed], values...)
				}
			}
		})},
		"passes Proxy on": {cases: "07_proxy_is_dropped",
			wrap: request(func(r *http.Request) { r.Header["PROXY"] = r.Header["Proxy"] })},
		"has another version of WSGI": {cases: "08_wsgi_variables", wrap: lies(`wsgi\.version1\.0`, "wsgi.version1.1")},
		"lies about run_once": {manifest: "isolation = \"instance\"\n", cases: "08_run_once_is_the_truth",
			wrap: lies(`wsgi\.run_once0`, "wsgi.run_once1")},
		"answers one at a time": {cases: "08_multiprocess_is_the_truth", wrap: oneAtATime},
		"lies about multiprocess": {cases: "08_multiprocess_is_the_truth",
			wrap: lies(`wsgi\.multiprocess1`, "wsgi.multiprocess0")},
		"re-encodes values": {cases: "09_values_are_bytes", wrap: swaps("\xe9", "e")},
		"has empty variables": {cases: "10_a_missing_variable_is_left_out",
			wrap: request(func(r *http.Request) { r.Header["X-Other"] = []string{""} })},
		"has another's address": {cases: "10_remote_address",
			wrap: request(func(r *http.Request) { r.RemoteAddr = "127.0.0.2:1" })},
		"sees TLS where there is none": {cases: "10_https_under_tls",
			wrap: request(func(r *http.Request) { r.TLS = &tls.ConnectionState{} })},
		"has one id for all": {cases: "10_request_id",
			wrap: lies(`wasgi\.request_id[0-9a-f]{16}`, "wasgi.request_id0123456789abcdef")},
		"forgets what is granted": {cases: "10_what_the_operator_adds",
			wrap: lies("wasgi.env.GREETINGhi", "wasgi.env.GREETINGho")},
		"believes strangers": {cases: "10_strangers_speak_for_nobody_else", wrap: request(func(r *http.Request) {
			if forwarded := r.Header.Get("X-Forwarded-For"); forwarded != "" {
				r.RemoteAddr = forwarded + ":1"
			}
		})},

		// The request's body.
		"reads bodies whole": {cases: "11_the_first_byte_is_read_before_the_last_has_come 26_100_continue_is_not_sent_before",
			wrap: request(whole)},
		"loses a byte of bodies": {cases: "11_a_body_of_unknown_length_is_decoded 11_chunked_bodies_are_decoded 11_the_end_comes_again_and_again " +
			"11_a_read_takes_what_was_asked_for_at_most 11_a_large_body_comes_whole 11_nothing_past_content_length_is_read",
			wrap: request(func(r *http.Request) { _, _ = r.Body.Read(make([]byte, 1)) })},
		"takes an unread body for a request": {cases: "11_an_unread_body_is_no_request",
			wrap: bytewise(plays("bunread"), "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nunreadHTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsmuggled")},
		"passes cut bodies off as short": {cases: "12_a_body_that_is_cut_off_is_an_error 12_a_chunked_body_that_is_cut_off_is_an_error",
			wrap: request(func(r *http.Request) { *r = *r.WithContext(context.WithoutCancel(r.Context())); r.Body = short{r.Body} })},
		"asks for bodies at once": {cases: "26_100_continue_is_not_sent_before", wrap: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(http.StatusContinue)
				next.ServeHTTP(w, r)
			})
		}},
		"never asks for bodies": {cases: "26_100_continue_is_sent_when_the_app_first_reads 26_100_continue_comes_before_the_response",
			wrap: bytewise(func(r *http.Request) bool { return r.Header.Get("Expect") != "" }, "HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n")},

		// start_response.
		"takes anything": {cases: "14_a_bad_status_is_refused 14_a_bad_header_name_is_refused 14_a_bad_header_value_is_refused 14_a_malformed_list_is_refused " +
			"14_a_status_that_is_too_long_is_refused 14_pointers_outside_memory_are_refused 15_hop_by_hop_headers_are_refused 22_content_length_is_digits_and_comes_once " +
			"23_an_app_does_not_answer_with_1xx 17_a_second_call_without_exc_info_is_refused 20_write_before_start_response_is_refused",
			wrap: swaps(refusals()...)},
		"knows few statuses": {cases: "14_a_good_status_is_sent", wrap: status(599, 500)},
		"cuts values short": {cases: "14_good_values_arrive_as_they_are", wrap: head(func(status int, h http.Header) int {
			if v := h.Get("X-Value"); len(v) > 1000 {
				h.Set("X-Value", v[:1000])
			}
			return status
		})},
		"answers 200 for 500": {cases: "14_a_refusal_alone_is_a_500 20_a_body_without_start_response_is_a_500 25_a_trap_is_a_500_without_detail " +
			"17_exc_info_replaces_headers_that_are_not_sent 22_never_more_than_content_length_is_sent 22_less_than_content_length_cuts_the_connection",
			wrap: status(500, 200)},
		"answers 500 for 504": {cases: "25_a_call_without_end_is_ended", wrap: status(504, 500)},
		"answers 200 for 201": {cases: "14_a_refused_call_changes_nothing 16_headers_wait_for_the_first_bytes",
			wrap: status(201, 200)},
		"answers 500 for 503": {cases: "17_a_first_call_may_have_exc_info", wrap: status(503, 500)},
		"holds responses back": {cases: "16_an_empty_write_sends_them 18_a_block_is_sent_while_the_app_goes_on",
			wrap: response(func(w *writer) { w.noFlush = true })},
		"loses headers at the end": {cases: "16_the_end_sends_them", wrap: head(func(status int, h http.Header) int {
			delete(h, "X-Late")
			return status
		})},
		"ends what should be cut": {cases: "17_exc_info_after_the_headers_cuts_the_connection 22_less_than_content_length_cuts_the_connection " +
			"25_a_trap_after_the_headers_cuts_the_connection", wrap: hidden},

		// The response.
		"swaps blocks":          {cases: "18_what_is_written_precedes_what_is_returned", wrap: lies("one ", "two ")},
		"clears the eighth bit": {cases: "21_bytes_are_opaque 21_large_blocks_come_whole", wrap: swaps("\x80", "\x00")},
		"sends empty blocks": {cases: "21_empty_blocks_send_nothing",
			wrap: bytewise(plays("wa;w;w;wb"), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n1\r\nb\r\n0\r\n\r\n")},
		"has no clock": {cases: "19_date_and_server_are_added",
			wrap: head(func(status int, h http.Header) int { h["Date"] = nil; return status })},
		"guesses types": {cases: "19_date_and_server_are_added",
			wrap: head(func(status int, h http.Header) int { h.Set("Content-Type", "text/plain"); return status })},
		"advertises": {cases: "19_date_and_server_of_the_app_stay",
			wrap: head(func(status int, h http.Header) int { h.Set("Server", "best"); return status })},
		"drops the second cookie": {cases: "19_repeated_headers_stay_repeated_and_in_order",
			wrap: head(func(status int, h http.Header) int {
				for name, values := range h {
					if len(values) > 1 {
						h[name] = values[:1]
					}
				}
				return status
			})},
		"joins repeated headers": {cases: "19_repeated_headers_stay_repeated_and_in_order",
			wrap: head(func(status int, h http.Header) int {
				for name, values := range h {
					if len(values) > 1 {
						h[name] = []string{strings.Join(values, ", ")}
					}
				}
				return status
			})},
		"sends no length": {cases: "22_a_returned_body_gets_a_content_length 23_head_has_no_body",
			wrap: head(func(status int, h http.Header) int { h.Del("Content-Length"); return status })},
		"ends a stream with the connection": {cases: "22_a_streamed_body_is_chunked",
			wrap: bytewise(always, "HTTP/1.1 200 OK\r\n\r\nonetwothree")},
		"knows the length of a stream": {cases: "22_a_streamed_body_gets_none 22_a_streamed_body_is_chunked",
			wrap: bytewise(always, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab")},
		"chunks for HTTP/1.0": {cases: "22_http_1_0_gets_no_chunks",
			wrap: bytewise(always, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nonetwothree\r\n0\r\n\r\n")},
		"adds a body to HEAD": {cases: "23_no_bytes_follow_the_head",
			wrap: bytewise(func(r *http.Request) bool { return r.Method == "HEAD" },
				"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")},
		"has lengths for 204": {cases: "23_204_and_304_have_no_body",
			wrap: bytewise(plays("s204"), "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n")},
		"tells detail": {cases: "25_a_trap_is_a_500_without_detail",
			wrap: lies("500 Internal Server Error", "500 unreachable executed!")},
		"names no request": {cases: "25_the_page_names_the_request_and_the_log_tells_the_rest",
			wrap: lies(`request [0-9a-f]{16}`, "request unknown         ")},
		"does not see that clients go": {manifest: "cpu = \"0s\"\nmax_duration = \"4s\"\n", cases: "24_an_exchange_ends_when_the_client_of_a_stream_goes 24_an_exchange_ends_when_the_client_it_reads_from_goes",
			wrap: deaf},
	}
}
