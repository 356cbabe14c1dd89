//go:build !wasip1

package wasgiapps

import "github.com/wasgi/wasgi/guest-sdk/go/internal/relay"

var stage relay.Stage

// With runs f with host as what [Call] speaks to. It is for tests. It waits until no other one runs, so it must not be nested.
func With(host Host, f func()) { stage.With(host, f) }

func outside() Host { return stage.Host() }
