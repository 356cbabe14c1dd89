package wasgiws

import "github.com/wasgi/wasgi/abi"

// nowhere is what there is outside of an event and a request.
type nowhere struct{}

func (nowhere) Send(string, int32, string) int32    { return abi.CodeState.Errno() }
func (nowhere) Close(string, int32, string) int32   { return abi.CodeState.Errno() }
func (nowhere) Subscribe(_, _ string) int32         { return abi.CodeState.Errno() }
func (nowhere) Unsubscribe(_, _ string) int32       { return abi.CodeState.Errno() }
func (nowhere) Publish(string, int32, string) int32 { return abi.CodeState.Errno() }
func (nowhere) AcceptProtocol(string) int32         { return abi.CodeState.Errno() }
