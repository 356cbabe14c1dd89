package guest_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/host/internal/guest"
)

func TestAnswer(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		n    int
		err  error
		want int32
		ends error
	}{
		{0, nil, 0, nil},
		{7, nil, 7, nil},
		{7, abi.CodeClosed, -7, nil},
		{0, fmt.Errorf("wrapped: %w", abi.CodeFault), -1, nil},
		{7, guest.ErrShutdown, 0, guest.ErrShutdown},
	} {
		if got, err := guest.Answer(test.n, test.err); got != test.want || !errors.Is(err, test.ends) {
			t.Errorf("Answer(%d, %v) = %d, %v, want %d, %v", test.n, test.err, got, err, test.want, test.ends)
		}
	}
}
