package host

import (
	"reflect"
	"testing"

	"github.com/wasgi/wasgi/host/config"
)

// Every setting that guests are held to comes from the manifest: one that were forgotten would be no limit at all.
func TestGuestSettingsAreWhole(t *testing.T) {
	t.Parallel()
	app := config.Default().Defaults
	app.Mount, app.Hosts, app.MaxDuration, app.MaxResponse, app.Env = "/x", []string{"x"}, 1, 1, []string{"A=1"}
	app.Middleware, app.Apps, app.Config = []string{"auth"}, []string{"users"}, "{}"
	app.Compress, app.Instances.MaxRequests, app.Instances.MaxLifetime = true, 1, 1
	settings := reflect.ValueOf(guestSettings(app))
	for field, value := range settings.Fields() {
		if value.IsZero() {
			t.Errorf("%s is not set", field.Name)
		}
	}
}

func TestMemoryBudget(t *testing.T) {
	t.Parallel()
	if got := memoryBudget(5 << 30); got != 5<<30 {
		t.Errorf("configured: %d", got)
	}
	if got := programBudget(5 << 20); got != 5<<20 {
		t.Errorf("configured for programs: %d", got)
	}
	if all, programs := memoryBudget(0), programBudget(0); programs < 0 || all+programs < 0 || all != 0 && programs >= all {
		t.Errorf("automatic: %d and %d for programs", all, programs)
	}
	if got := memoryBudget(0); got < 0 || got%3 != 0 {
		t.Errorf("automatic: %d", got)
	}
}
