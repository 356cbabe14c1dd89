package wasgihttp_test

import (
	"testing"

	"github.com/wasgi/wasgi/abi/wire"
)

// silentHost accepts everything and sends nothing, for environs that wasgitest would not make.
type silentHost struct{}

func (silentHost) StartResponse(_, _ []byte, _ bool) int32 { return 0 }
func (silentHost) Write(block []byte) int32                { return int32(len(block)) }
func (silentHost) InputRead([]byte) int32                  { return 0 }
func (silentHost) ErrorsWrite(p []byte) int32              { return int32(len(p)) }

// encode returns an environ of keys and values.
func encode(t testing.TB, list ...string) []byte {
	t.Helper()
	var encoder wire.Encoder
	for i := 0; i < len(list); i += 2 {
		encoder.Add(list[i], list[i+1])
	}
	encoded, err := encoder.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}
