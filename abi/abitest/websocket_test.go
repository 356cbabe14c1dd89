package abitest_test

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/wasgi/wasgi/abi/abitest"
)

// served are frames of a server, and the message that they are, or what is wrong with them.
var served = []struct{ frames, message, wrong string }{
	{"\x81\x05hello", "hello", ""},
	{"\x81\x00", "", ""},
	{"\x82\x02\xff\x00", "\xff\x00", ""},
	{"\x01\x02ca\x89\x00\x00\x02f\xc3\x8a\x01p\x80\x01\xa9", "caf\u00e9", ""},
	{"\x82\x7e\x00\x7e" + strings.Repeat("x", 126), strings.Repeat("x", 126), ""},
	{"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00" + strings.Repeat("x", 1<<16), strings.Repeat("x", 1<<16), ""},
	{"\x88\x00", "", `closed with 1005 ""`},
	{"\x88\x05\x03\xe8bye", "", `closed with 1000 "bye"`},
	{"\x01\x01a\x88\x02\x0f\xa0", "", `closed with 4000 ""`},
	{"", "", "EOF"},
	{"\x81", "", "unexpected EOF"},
	{"\x81\x05hell", "", "unexpected EOF"},
	{"\x81\x7e\x00", "", "unexpected EOF"},
	{"\x01\x01a", "", "EOF"},
	{"\x81\x85\x00\x00\x00\x00hello", "", "a frame of the server is masked"},
	{"\xc1\x05hello", "", "a frame begins with c1: nobody has asked for an extension"},
	{"\x83\x00", "", "a frame has the opcode 3"},
	{"\x8b\x00", "", "a frame has the opcode b"},
	{"\x80\x00", "", "a message goes on that has not begun"},
	{"\x01\x01a\x81\x01b", "", "a message begins within another"},
	{"\x81\x01\xc3", "", "a text message is not UTF-8"},
	{"\x09\x00", "", "a frame of the opcode 9 has 0 bytes, last: false"},
	{"\x89\x7e\x00\x7e" + strings.Repeat("x", 126), "", "a frame of the opcode 9 has 126 bytes, last: true"},
	{"\x82\x7e\x00\x7d" + strings.Repeat("x", 125), "", "a length of 125 is written in 2 bytes"},
	{"\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff", "", "a length of 65535 is written in 8 bytes"},
	{"\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00", "", "a length of 9223372036854775808 is written in 8 bytes"},
	{"\x82\x7f\x00\x00\x00\x00\x7f\xff\xff\xff", "", "a frame of 2147483647 bytes"},
	{"\x88\x01\x03", "", "a close frame has one byte"},
	{"\x88\x02\x03\xed", "", `a close frame says 1005 ""`},
	{"\x88\x03\x03\xe8\xff", "", `a close frame says 1000 "\xff"`},
}

func TestReadMessage(t *testing.T) {
	t.Parallel()
	for _, s := range served {
		m, err := abitest.ReadMessage([]byte(s.frames))
		switch {
		case err == nil && (s.wrong != "" || string(m.Data) != s.message):
			t.Errorf("%.40q: got %.40q, want %.40q and the error %q", s.frames, m.Data, s.message, s.wrong)
		case err != nil && err.Error() != s.wrong:
			t.Errorf("%.40q: %v, want %q", s.frames, err, s.wrong)
		}
	}
}

// FuzzReadMessage: no frames of a server make the kit panic, and a text that it takes is UTF-8.
func FuzzReadMessage(f *testing.F) {
	for _, s := range served {
		if len(s.frames) < 1000 {
			f.Add([]byte(s.frames))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if m, err := abitest.ReadMessage(data); err == nil && (len(m.Data) > len(data) || !m.Binary && !utf8.Valid(m.Data)) {
			t.Fatalf("%q: %t %q", data, m.Binary, m.Data)
		}
	})
}

// FuzzAppendFrame: a frame says how long it is, and unmasked it is a server's frame, which is read as it was written.
func FuzzAppendFrame(f *testing.F) {
	for _, n := range []int{0, 1, 125, 126, 127, 65535, 65536} {
		f.Add(bytes.Repeat([]byte("\xfe"), n))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		sent := abitest.AppendFrame(nil, true, 2, payload)
		if sent[1]&0x80 == 0 {
			t.Fatalf("% x: no mask", sent[:2])
		}
		size := map[byte]int{126: 4, 127: 10}[sent[1]&0x7f]
		if size == 0 {
			size = 2
		}
		mask := binary.BigEndian.Uint32(sent[size:])
		unmasked := append([]byte{sent[0], sent[1] & 0x7f}, sent[2:size]...)
		for n, c := range sent[size+4:] {
			unmasked = append(unmasked, c^byte(mask>>(24-8*(n%4))))
		}
		if m, err := abitest.ReadMessage(unmasked); err != nil || !m.Binary || !bytes.Equal(m.Data, payload) {
			t.Fatalf("%q came back as %q, %v", payload, m.Data, err)
		}
	})
}

// FuzzStrictSockets: whatever a guest says to its connections, the strict host judges it by rules that exist, and does not break.
func FuzzStrictSockets(f *testing.F) {
	for _, script := range []string{"sone;Stwo;troom;+;pall;-;k", "!", "f", "=5;w", "g7;#99999;k;@x;s%ff", "W70000;c;R9;n;v;V;vt;Vt"} {
		f.Add(script, script, []byte("message"))
	}
	known := map[string]bool{}
	for _, rule := range abitest.Rules() {
		known[rule.ID] = true
	}
	f.Fuzz(func(t *testing.T, open, message string, data []byte) {
		report, err := abitest.Check(t.Context(), abitest.WebSocketGuest(), abitest.GuestOptions{
			Timeout: time.Second, Messages: []abitest.Message{{Binary: true, Data: data}},
			Requests: []abitest.Request{{Path: "/", Headers: [][2]string{{"HTTP_X_PLAY_OPEN", open}, {"HTTP_X_PLAY_MESSAGE", message}}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, finding := range report.Findings() {
			if !known[finding.Rule] || finding.Seen == "" {
				t.Errorf("%q, %q: the finding %+v", open, message, finding)
			}
		}
	})
}
